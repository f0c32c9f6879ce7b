"""`python -m bench.workers`: replays with one process that parses, and with several, into SQLite, in turns.

A figure counts only when the store holds as many records as were sent. Where others use the processors, wall-clock time
says little; CPU time by process says how fast it can be where every process has one: as fast as the busiest of them.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from bench.__main__ import MB, PXCAP, stored
from bench.measure import Usage, interleaved, run
from bench.record import Capture, load_or_record
from bench.workloads import Workload, discover

WANTED = {2: 1.6}  # times as fast as one, by the number of workers
_LOADS = ("http", "redis")


def once(load: Workload, capture: Capture, workers: int, database: Path) -> Usage:
    """One replay into a fresh store.

    Raises:
        RuntimeError: It failed, or the store does not hold what was sent.
    """
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    command = [str(PXCAP), "replay", capture.path, "--store", f"sqlite:///{database}", "-o", "json"]
    usage = run([*command, "--workers", str(workers)])
    records, _ = stored(database, load)
    if records != capture.sent:
        raise RuntimeError(f"{workers} workers: {records - capture.sent:+d} records")
    return usage


def possible(usage: Usage, workers: int, processors: int) -> float:
    """Seconds it takes at least where nobody else uses the processors: the busiest process's, or all of them in turn."""
    busiest = max(usage.cpu - usage.children, usage.children / workers)
    return max(busiest, usage.cpu / min(processors, workers + 1))


def cells(found: Mapping[int, Usage], workers: int, processors: int) -> list[str]:
    """A line of the table, without the load's name."""
    usage, one = found[workers], found[1]
    own = f"{usage.cpu - usage.children:.2f}"
    line = [f"{workers}", f"{usage.wall:.2f}", f"{usage.cpu:.2f}", own, f"{usage.children:.2f}"]
    if workers == 1:
        return [*line, "", "", ""]
    by_cpu = possible(one, 1, 1) / possible(usage, workers, processors)
    return [*line, f"{one.wall / usage.wall:.2f}", f"{by_cpu:.2f}", f"{WANTED.get(workers, '-')}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    loads = discover()
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--workers", type=int, default=[2], nargs="+", help="besides one")
    parser.add_argument("--size", type=int, metavar="MB", help="of each capture, instead of its own")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--only", choices=sorted(loads), nargs="+", default=list(_LOADS))
    parser.add_argument("--folder", type=Path, default=Path("bench-data"), help="keeps the captures")
    chosen = parser.parse_args(arguments)
    processors = len(os.sched_getaffinity(0))
    console = Console(width=None if sys.stdout.isatty() else 150)
    shown = Shown(
        *("load", "workers", "wall s", "CPU s", "reading", "parsing", "times as fast", "by CPU", "wanted"),
        title=f"pxcap replay into SQLite, medians of {chosen.rounds} rounds, {processors} processors",
    )
    for column in shown.columns[1:]:
        column.justify = "right"
    counts = sorted({1, *chosen.workers})
    for name in chosen.only:
        load = loads[name]
        try:
            capture = load_or_record(load, chosen.folder, (chosen.size or load.megabytes) * MB)
            with tempfile.TemporaryDirectory(prefix="bench-", dir=chosen.folder) as work:
                database = Path(work) / "bench.db"
                runs = {str(count): partial(once, load, capture, count, database) for count in counts}
                found = {int(count): usage for count, usage in interleaved(runs, chosen.rounds).items()}
        except RuntimeError as error:
            console.print(f"{name}: not measured: {error}", markup=False)
            continue
        for count in counts:
            shown.add_row(name, *cells(found, count, processors))
    console.print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
