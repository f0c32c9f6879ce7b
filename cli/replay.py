"""`pxcap replay`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from pxcap.cli.errors import FAILED, INTERRUPTED, report
from pxcap.cli.options import DEFAULT_STORE, Format, OutputOption, StoreOption
from pxcap.cli.output import emit, notice
from pxcap.core.errors import UsageError
from pxcap.core.protocol import Settings

if TYPE_CHECKING:
    from pxcap.core.registry import Registry
    from pxcap.core.replay import ReplayOptions, ReplayReport
    from pxcap.store import StoreWriter

MOST_NOTICES = 20  # lines of one kind on standard error; the rest are counted


def replay(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="pcap or pcapng, also .gz and .zst; - is standard input.")
    ],
    store: StoreOption = DEFAULT_STORE,
    only: Annotated[
        str, typer.Option("--only", metavar="PROTOCOL[,...]", help="Record these protocols and no others.")
    ] = "",
    decode_as: Annotated[
        list[str] | None,
        typer.Option(
            "--decode-as", metavar="PORT=PROTOCOL", help="Take what a server port speaks as given; repeatable."
        ),
    ] = None,
    body_limit: Annotated[
        int, typer.Option("--body-limit", min=0, metavar="BYTES", help="Keep this much of a body; its size stays true.")
    ] = Settings().body_limit,
    give: Annotated[
        list[str] | None,
        typer.Option(
            "--give",
            metavar="PROTOCOL.NAME=FILE",
            help="Give a protocol a file it can use, such as http.descriptors (types of gRPC services); repeatable.",
        ),
    ] = None,
    no_redact: Annotated[
        bool, typer.Option("--no-redact", help="Keep passwords, tokens and cookies as they were sent.")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Read captures and store every request with its response. A store is appended to, never emptied.

    Prints records, errors and bytes lost of each table. A file that cannot be read is named; the others are replayed.

    Example: pxcap replay trace.pcap

    Example: zcat trace.pcap.gz | pxcap replay - --only http,dns -o json
    """
    from pxcap.cli.collection import settled
    from pxcap.cli.given import given_files
    from pxcap.cli.interrupt import catch_interrupt
    from pxcap.cli.progress import progress_line
    from pxcap.core.registry import load_registry
    from pxcap.core.replay import Progress
    from pxcap.core.replay import replay as replay_files
    from pxcap.store import open_store

    registry = load_registry()
    settings = Settings(body_limit, not no_redact, given_files(registry, give or ()))
    options = _options(registry, only, decode_as or (), settings)
    writer: StoreWriter | None = None
    try:
        with catch_interrupt() as interruption, open_store(store) as opened:
            opened.prepare(registry.tables())
            writer = opened.writer()
            with progress_line() as show, writer, settled():

                def step(now: Progress) -> None:
                    interruption.check()
                    if show is not None:
                        show(now)

                done = replay_files(files, registry, writer, options, step)
    except KeyboardInterrupt:
        stored = sum(writer.written.values()) if writer else 0
        notice(f"interrupted: {_counted(stored, 'record')} stored")
        raise typer.Exit(INTERRUPTED) from None
    if done.packets or not done.failed:
        _print_counts(done, writer, output)
        _print_notices(done, writer, opened.url)
    for error in done.failed:
        report(error)
    if done.failed or any(writer.rejected.values()):
        raise typer.Exit(FAILED)


def _options(registry: "Registry", only: str, decode_as: Iterable[str], settings: Settings) -> "ReplayOptions":
    """What was asked, checked before a store is touched.

    Raises:
        UsageError: An unknown protocol, or no port where one is expected.
    """
    from pxcap.core.replay import ReplayOptions

    names = frozenset(registry.protocol(name.strip()).name for name in only.split(",") if name.strip())
    forced: dict[int, str] = {}
    for item in decode_as:
        port, equals, name = item.partition("=")
        if not (equals and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise UsageError(f"--decode-as {item!r}: expected PORT=PROTOCOL", "such as --decode-as 8080=http")
        forced[int(port)] = registry.protocol(name).name
    return ReplayOptions(settings, names, forced)


def _print_counts(done: "ReplayReport", writer: "StoreWriter", output: Format) -> None:
    rows = [
        (name, count.records - writer.rejected.get(name, 0), count.errors, count.bytes_lost)
        for name, count in done.tables.items()
    ]
    emit(("table", "records", "errors", "bytes_lost"), rows, output)


def _print_notices(done: "ReplayReport", writer: "StoreWriter", url: str) -> None:
    """What a person should know besides the counts, a line each."""
    counted = [
        *(("not parsed", name, count) for name, count in done.errors.items()),
        *(("skipped", name, count) for name, count in done.skipped.items()),
        *(("plugin failed", name, count) for name, count in done.plugin_failures.items()),
        *(("not stored", name, count) for name, count in writer.reasons.items()),
    ]
    for kind in ("not parsed", "skipped", "plugin failed", "not stored"):
        _print_some(f"pxcap: {kind}: {name} ({count})" for what, name, count in counted if what == kind)
    _print_some(f"pxcap: warning: {warning}" for warning in done.warnings)
    if done.unrecognised:
        notice(f"pxcap: not recognised: {done.unrecognised} of {_counted(done.connections, 'connection')}")
    notice(f"{_counted(done.packets, 'packet')} of {_counted(done.connections, 'connection')} replayed into {url}")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _print_some(lines: Iterable[str]) -> None:
    every = list(lines)
    for line in every[:MOST_NOTICES]:
        notice(line)
    if len(every) > MOST_NOTICES:
        notice(f"pxcap: {len(every) - MOST_NOTICES} more like this")
