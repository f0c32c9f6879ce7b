"""`pxcap replay`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pxcap.cli.counts import counted, print_counts, print_notices
from pxcap.cli.errors import FAILED, INTERRUPTED, report
from pxcap.cli.options import (
    BODY_LIMIT,
    DEFAULT_STORE,
    BodyLimitOption,
    DecodeAsOption,
    Format,
    GiveOption,
    NoRedactOption,
    OnlyOption,
    OutputOption,
    StoreOption,
    WorkersOption,
    run_options,
)
from pxcap.cli.output import notice

if TYPE_CHECKING:
    from pxcap.core.workers.pool import Pool
    from pxcap.store.writer import StoreWriter


def replay(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="pcap or pcapng, also .gz and .zst; - is standard input.")
    ],
    store: StoreOption = DEFAULT_STORE,
    only: OnlyOption = "",
    decode_as: DecodeAsOption = None,
    body_limit: BodyLimitOption = BODY_LIMIT,
    give: GiveOption = None,
    no_redact: NoRedactOption = False,
    workers: WorkersOption = 1,
    output: OutputOption = Format.TABLE,
) -> None:
    """Read captures and store every request with its response. A store is appended to, never emptied.

    Prints records, errors and bytes lost of each table. A file that cannot be read is named; the others are replayed.

    Example: pxcap replay trace.pcap

    Example: zcat trace.pcap.gz | pxcap replay - --only http,dns -o json
    """
    from pxcap.cli.interrupt import catch_interrupt
    from pxcap.cli.outlet import start_workers
    from pxcap.cli.progress import progress_line
    from pxcap.core.collection import settled
    from pxcap.core.registry import load_registry
    from pxcap.core.replay import Progress
    from pxcap.core.replay import replay as replay_files
    from pxcap.store import open_store

    registry = load_registry()
    options = run_options(registry, only, decode_as, body_limit, give, no_redact)
    writer: StoreWriter | None = None
    pool: Pool | None = None
    try:
        with catch_interrupt() as interruption, open_store(store) as opened:
            opened.prepare(registry.tables())
            writer = opened.writer()
            pool = start_workers(workers, store, registry.tables(), options)
            with progress_line() as show, writer, settled():

                def step(now: Progress) -> None:
                    interruption.check()
                    if show is not None:
                        show(now)

                done = replay_files(files, registry, writer, options, step, pool)
    except KeyboardInterrupt:
        stored = (sum(writer.written.values()) if writer else 0) + (pool.stored if pool else 0)
        notice(f"interrupted: {counted(stored, 'record')} stored")
        raise typer.Exit(INTERRUPTED) from None
    if done.packets or not done.failed:
        missing = {table: count + done.missing.get(table, 0) for table, count in writer.rejected.items()}
        print_counts(done.tables, missing, output)
        kinds = {"not parsed": done.errors, "skipped": done.skipped, "plugin failed": done.plugin_failures}
        print_notices(kinds | {"not stored": writer.reasons | done.reasons}, done.warnings)
        if done.unrecognised:
            notice(f"pxcap: not recognised: {done.unrecognised} of {counted(done.connections, 'connection')}")
        what = f"{counted(done.packets, 'packet')} of {counted(done.connections, 'connection')}"
        notice(f"{what} replayed into {opened.url}")
    for error in done.failed:
        report(error)
    if done.failed or any(writer.rejected.values()) or any(done.missing.values()):
        raise typer.Exit(FAILED)
