"""`python -m bench`: pxcap with rows stored in SQLite, against tshark printing fields, on the same captures.

A ratio is printed only when the records in the store are as many as the load generator, or the server, counted. Where
tshark has no dissector it is pxcap's rate over that of the bare insert of the same rows.
"""

import argparse
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from bench import sink
from bench.amplify import amplify
from bench.measure import Usage, interleaved, run, tshark_command
from bench.record import Capture, load_or_record
from bench.servers import find
from bench.workloads import Workload, discover
from pxcap.core.registry import load_registry

MB = 1_000_000
PXCAP = Path(sys.executable).with_name("pxcap")
SINK_ROWS = 50_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    loads = discover()
    usual = loads["http"].megabytes
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, one round")
    parser.add_argument("--size", type=int, default=usual, metavar="MB", help="of HTTP; the others in proportion")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--only", choices=sorted(loads), nargs="+", default=list(loads))
    parser.add_argument("--folder", type=Path, default=Path("bench-data"), help="keeps the captures")
    chosen = parser.parse_args(arguments)
    scale = chosen.size / usual / (10 if chosen.quick else 1)
    rounds = 1 if chosen.quick else chosen.rounds
    console = Console(width=None if sys.stdout.isatty() else 150)
    shown = Shown(
        *("load", "sent", "records", "MB", "pxcap CPU s", "records/s", "MB/s", "peak MB"),
        *("peak, 2 x file", "tshark CPU s", "ratio", "least", "aim"),
        title=f"pxcap into SQLite against tshark -T fields, CPU time, median of {rounds}",
    )
    for column in shown.columns[1:]:
        column.justify = "right"
    for name in chosen.only:
        load = loads[name]
        try:
            capture = load_or_record(load, chosen.folder, int(load.megabytes * scale * MB))
        except RuntimeError as error:
            console.print(f"{name}: not measured: {error}", markup=False)
            continue
        shown.add_row(name, *measure(load, capture, chosen.folder, rounds, console))
    console.print(shown)
    return 0


def measure(load: Workload, capture: Capture, folder: Path, rounds: int, console: Console) -> list[str]:
    """The cells of a workload's line."""
    size = Path(capture.path).stat().st_size
    rows = f", {capture.rows} rows in answers" if capture.rows else ""
    by = (
        f"{capture.sent} {capture.counted_by}{rows}, {capture.packets} packets, {capture.dropped} dropped by the kernel"
    )
    console.print(f"{load.name}: {size / MB:.0f} MB of {capture.origin}: {by}", markup=False, highlight=False)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as name:
        database = Path(name) / "bench.db"
        runs = {"pxcap": lambda: replay(capture.path, database)}
        if load.tshark and find("tshark"):
            runs["tshark"] = lambda: run(tshark_command(load, capture))
        usage = interleaved(runs, rounds)
        records, answered = stored(database, load)
        raw = measure_sink(load.table, database, console)
        doubled = Path(name) / "double.pcap"
        amplify(Path(capture.path), doubled, 2)
        twice = replay(str(doubled), database)
    ours = usage["pxcap"]
    cells = [f"{capture.sent}", f"{records}", f"{size / MB:.0f}", f"{ours.cpu:.2f}", f"{records / ours.cpu:.0f}"]
    cells += [f"{size / MB / ours.cpu:.1f}", f"{ours.peak / MB:.0f}", f"{twice.peak / MB:.0f}"]
    theirs = usage.get("tshark")
    cells += [f"{theirs.cpu:.2f}" if theirs else "-"]
    cells += [verdict(load, capture, (records, answered), ours, theirs, raw)]
    return [*cells, f"{load.at_least or '-'}", f"{load.aim or '-'}"]


def verdict(
    load: Workload, capture: Capture, found: tuple[int, int], ours: Usage, theirs: Usage | None, raw: float
) -> str:
    """The ratio, or why there is none.

    Args:
        load: What was measured.
        capture: What was counted when it was recorded.
        found: Records in the store, and rows in their answers.
        ours: What pxcap took.
        theirs: What tshark took; None where it did not run.
        raw: Rows a second of the bare insert.
    """
    records, answered = found
    if capture.dropped:
        return f"none: tcpdump lost {capture.dropped} packets"
    if records != capture.sent:
        return f"none: {records - capture.sent:+d} records"
    if answered != capture.rows:
        return f"none: {answered - capture.rows:+d} rows in answers"
    bare = f"{records / ours.cpu / raw:.2f} of raw insert"
    if not load.tshark:
        return bare
    against = f"{theirs.cpu / ours.cpu:.2f}" if theirs else "tshark is not installed"
    return f"{against}, {bare}" if load.undecoded else against


def replay(path: str, database: Path) -> Usage:
    """One run of pxcap into a fresh store."""
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    return run([str(PXCAP), "replay", path, "--store", f"sqlite:///{database}", "-o", "json"])


def stored(database: Path, load: Workload) -> tuple[int, int]:
    """Records in the store, of those that the load counts, and rows in their answers."""
    figures = f"count(*), coalesce(sum({load.answered or 0}), 0)"
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(f"SELECT {figures} FROM {load.table} WHERE {load.counted or 'true'}").fetchone()
        return int(found[0]), int(found[1])


def measure_sink(table: str, database: Path, console: Console) -> float:
    """The store's writer against the bare driver, for the rows that were just stored; gives the latter's rows a second."""
    schema = next(found for found in load_registry().tables() if found.name == table)
    names = ", ".join(column.name for column in schema.columns)
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(f"SELECT {names} FROM {table} LIMIT {SINK_ROWS}").fetchall()
    rounds = [sink.sqlite_round(schema, rows) for _ in range(3)]
    middle = {way: sorted(seen[way][1] for seen in rounds)[1] for way in rounds[0]}
    raw, ours = middle["raw sqlite3 executemany"], middle["pxcap writer"]
    console.print(
        f"  sink, {len(rows)} rows of {len(schema.columns)} columns: {ours:.0f} rows a CPU second, raw sqlite3"
        f" executemany {raw:.0f}: {ours / raw:.2f}",
        highlight=False,
    )
    return raw


if __name__ == "__main__":
    sys.exit(main())
