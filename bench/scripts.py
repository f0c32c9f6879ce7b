"""`python -m bench.scripts`: px/service_stats against the same outputs in SQL written by hand, on the same database.

Both run as whole processes, in turns, and read all that they give. A ratio is printed only when both give the same numbers.
"""

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Shown

from bench.by_hand import Answers
from bench.databases import PostgreSQL, postgresql_binaries
from bench.measure import Usage, interleaved, run
from bench.traffic import fill
from pxcap.scripts.run import run_script
from pxcap.scripts.shelf import find
from pxcap.store import open_store

SCRIPT = "px/service_stats"
ROWS = 1_000_000
KEYS = ("time_", "k8s", "resp_status", "request_latency", "requestor", "responder")
NEAR = 1e-6  # of a number; floats are added up in another order, and percentiles end in another digit
MOST = {"SQLite": 1.0, "PostgreSQL": 2.0}  # times what SQL by hand takes


@dataclass(frozen=True, slots=True)
class Line:
    """What was found on one database: the two ways, and what they differ in."""

    script: Usage
    by_hand: Usage
    differences: Sequence[str]

    @property
    def verdict(self) -> str:
        """The ratio of the times, or why there is none."""
        if self.differences:
            return f"none: {self.differences[0]}"
        return f"{self.script.wall / self.by_hand.wall:.2f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.scripts", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of http_events ({ROWS:,})")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--once", nargs=2, metavar=("URL", "FILE"), help="run the script only, and write what it gives")
    chosen = parser.parse_args(arguments)
    if chosen.once:
        url, file = chosen.once
        Path(file).write_text(json.dumps(answers(url)))
        return 0
    console = Console(width=None if sys.stdout.isatty() else 120)
    shown = Shown(
        *("database", "script s", "by hand s", "script CPU s", "by hand CPU s", "script peak MB", "ratio", "at most"),
        title=f"{SCRIPT} over {chosen.rows:,} rows, against SQL by hand, wall-clock time, median of {chosen.rounds}",
        caption="CPU is that of the process that asks; a PostgreSQL server's is not in it.",
    )
    for column in shown.columns[1:]:
        column.justify = "right"
    with tempfile.TemporaryDirectory(prefix="pxcap-bench-") as folder:
        shown.add_row(*_cells("SQLite", measure(f"sqlite:///{folder}/bench.db", chosen.rows, chosen.rounds)))
    if postgresql_binaries() is None:
        console.print("PostgreSQL is not installed: not measured")
    else:
        with PostgreSQL() as server:
            shown.add_row(*_cells("PostgreSQL", measure(server.url(), chosen.rows, chosen.rounds, server)))
    console.print(shown)
    return 0


def measure(url: str, rows: int, rounds: int, server: PostgreSQL | None = None) -> Line:
    """Fill a database, and run both in turns."""
    with open_store(url) as store:
        fill(store, rows)
    if server is not None:
        server.ask("VACUUM ANALYZE")  # as a server does by itself after a while
    with tempfile.TemporaryDirectory(prefix="pxcap-bench-") as folder:
        ours, theirs = Path(folder) / "script.json", Path(folder) / "hand.json"
        python = [sys.executable, "-m"]
        usage = interleaved(
            {
                "script": lambda: run([*python, "bench.scripts", "--once", url, str(ours)]),
                "by hand": lambda: run([*python, "bench.by_hand", url, str(theirs)]),
            },
            rounds,
        )
        found = differences(json.loads(ours.read_text()), json.loads(theirs.read_text()))
    return Line(usage["script"], usage["by hand"], found)


def answers(url: str) -> Answers:
    """What the script gives."""
    with open_store(url, create=False) as store:
        return {shown.name: shown.table.to_pydict() for shown in run_script(find(SCRIPT, ()), {}, store).outputs}


def differences(ours: Answers, theirs: Answers) -> list[str]:
    """What the two do not have in common, in words."""
    found = [f"no {name!r}" for name in theirs if name not in ours]
    for name in (name for name in theirs if name in ours):
        if theirs[name].keys() != ours[name].keys():
            found.append(f"columns of {name!r}: {', '.join(theirs[name])}, and {', '.join(ours[name])}")
            continue
        one, other = _by_key(ours[name]), _by_key(theirs[name])
        if one.keys() != other.keys():
            found.append(f"{name!r}: {len(one)} rows, and {len(other)}, {len(one.keys() & other.keys())} of them alike")
        for key in (key for key in one if key in other):
            if not all(math.isclose(a, b, rel_tol=NEAR) for a, b in zip(one[key], other[key], strict=True)):
                found.append(f"{name!r} at {key}: {one[key]}, and {other[key]}")
    return found


def _by_key(columns: Mapping[str, Sequence[Any]]) -> dict[tuple[Any, ...], list[float]]:
    """The numbers of each row by what the row is about."""
    keys = [name for name in columns if name in KEYS]
    rest = sorted(columns.keys() - set(keys))
    about = zip(*(columns[name] for name in sorted(keys)), strict=True)
    numbers = zip(*(columns[name] for name in rest), strict=True)
    return {key: list(values) for key, values in zip(about, numbers, strict=True)}


def _cells(name: str, line: Line) -> list[str]:
    times = [line.script.wall, line.by_hand.wall, line.script.cpu, line.by_hand.cpu]
    peak = f"{line.script.peak / 1_000_000:.0f}"
    return [name, *(f"{one:.2f}" for one in times), peak, line.verdict, f"{MOST[name]:g}"]


if __name__ == "__main__":
    sys.exit(main())
