"""`python -m bench.live`: servers under load with `pxcap capture` and without, in turns.

A figure counts only when the store holds exactly the requests that the server counted; else the line says what is wrong.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from bench.pressure import Pressure, pressures
from bench.servers import find, listeners
from bench.steady import steady
from bench.watching import Watched, cpu_seconds, watching

LOW, HIGH = 1_000, 20_000  # requests a second: where little must be taken, and where nothing may be lost
WARM_UP = 0.1  # seconds at LOW before it counts
REACHED = 0.97  # of a fixed rate, for it to have been reached
KEPT_AT_LEAST = 0.85  # of the throughput of a saturated server
CPU_AT_MOST = 5.0  # percent of a core at LOW


@dataclass(frozen=True, slots=True)
class Way:
    """How the server is captured.

    Attributes:
        name: As in the table.
        source: As for `--source`.
        filter: Options, `{port}` and `{pid}` being the server's.
        server: The server passes the filter: each request is recorded by it.
        clients: The clients do, being on this machine: each request is recorded at their end, too.
        aimed: The aims are set for it.
    """

    name: str
    source: str
    filter: str
    server: bool
    clients: bool
    aimed: bool

    def arguments(self, port: int, pid: int) -> list[str]:
        """Those of `pxcap capture`."""
        return ["--source", self.source, *self.filter.format(port=port, pid=pid).split()]


WAYS = {
    way.name: way
    for way in (
        Way("bpf --port", "bpf", "--port {port}", True, True, True),
        Way("bpf --pid", "bpf", "--pid {pid}", True, False, True),
        Way("bpf", "bpf", "", True, True, False),
        Way("packet --port", "packet", "--port {port}", True, False, False),
        Way("bpf, other port", "bpf", "--port 9", False, False, False),
        Way("bpf, other process", "bpf", "--command no-such", False, False, False),
    )
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a load.

    Attributes:
        rate: Requests a second.
        sent: Requests the server counted.
        server: Seconds of CPU time the server took for each.
        median, slow: Seconds within which half of the requests were answered, and 99 of 100; None when saturated.
        watched: The capture; None without.
        found: Records seen by the server, and by its clients.
    """

    rate: float
    sent: int
    server: float
    median: float | None = None
    slow: float | None = None
    watched: Watched | None = None
    found: tuple[int, int] = (0, 0)


Pair = tuple[Run, Run]
"""Without the capture, and with it right after."""


def once(pressure: Pressure, way: Way | None, rate: int, seconds: float) -> Run:
    """A server of its own under load, captured one way or (None) not at all; `rate` 0 saturates it."""
    load = pressure.load
    with tempfile.TemporaryDirectory(prefix="bench-live-") as name:
        work = Path(name)
        with load.serve(work) as port, ExitStack() as stack:
            pids = listeners(port)
            watched = stack.enter_context(watching(way.arguments(port, pids[0]), work)) if way else None
            steady(port, pressure.request, LOW, WARM_UP, 1)  # protocols are loaded when they are met
            before = sum(map(cpu_seconds, pids))
            if watched:
                watched.begin()
            times: tuple[float | None, float | None] = (None, None)
            if rate:
                done = steady(port, pressure.request, rate, seconds, pressure.connections[rate > LOW])
                reached, times = done.rate, (done.percentile(0.5), done.percentile(0.99))
            else:
                reached = pressure.saturate(port, work, seconds)
            taken = sum(map(cpu_seconds, pids)) - before
            stack.close()
            load.note(port, work)
        found = watched.records(load.table, port) if watched else (0, 0)
        sent = load.sent(work)[0]
        return Run(reached, sent, taken / sent, *times, watched, found)


def wrong(pairs: Sequence[Pair], way: Way) -> str:
    """What the store lacks or has too much, with what pxcap said about it; empty when it holds what was sent.

    Clients may have asked what the server never read (a generator that stops does not wait), never less than it did.
    """
    right = all(on.found[0] == on.sent * way.server for _, on in pairs)
    server = sum(on.found[0] - on.sent * way.server for _, on in pairs)
    clients = sum(min(0, on.found[1] - on.sent) for _, on in pairs) if way.clients else 0
    if right and not clients:
        return ""
    said = [line for _, on in pairs if on.watched for line in on.watched.complaints]
    said.sort(key=lambda line: not line.startswith("not seen"))  # the cause before what follows from it
    ends = f"{server:+d} records" + (f", {clients:+d} of clients" if clients else "")
    return f"none: {ends}" + (f" ({said[0]})" if said else "")


def cells(pairs: Sequence[Pair], way: Way, rate: int) -> list[str]:
    """A line of the table, without the names in front."""
    bad = wrong(pairs, way)
    watched = [on.watched for _, on in pairs if on.watched]
    line = [
        f"{rate}" if rate else "saturated",
        *(f"{_middle([run.rate for run in runs]):.0f}" for runs in _sides(pairs)),
    ]
    # What saturates the machine may be too much to record: what the server keeps is told then, too, and what was lost.
    line += [f"{kept(pairs):.2f}" if not bad or not rate else "-"]
    line += [f"{KEPT_AT_LEAST}" if way.aimed and not rate else "-"]
    for figure, digits in (("server", 1), ("median", 0), ("slow", 0)):
        for runs in _sides(pairs):
            times = [value for run in runs if (value := getattr(run, figure)) is not None]
            line.append(f"{_middle(times) * 1e6:.{digits}f}" if times else "-")
    taken = [each.cpu / (on.sent / on.rate) * 100 for (_, on), each in zip(pairs, watched, strict=True)]
    line += [f"{_middle(taken):.1f}" if not bad else "-"]
    line += [f"{CPU_AT_MOST:.0f}" if way.aimed and rate == LOW else "-"]
    events = sum(each.events for each in watched)
    line += [f"{sum(each.cpu for each in watched) / events * 1e6:.2f}" if events and not bad else "-", f"{events}"]
    line += [f"{sum(on.sent for _, on in pairs)}", bad.partition(" (")[0] or "all"]
    return line


def kept(pairs: Sequence[Pair]) -> float:
    """The share of the rate that was left with the capture: the median of the pairs' ratios."""
    return _middle([on.rate / off.rate for off, on in pairs])


def reached(pairs: Sequence[Pair], rate: int) -> bool:
    """Whether the server was asked `rate` times a second in every run with the capture."""
    return all(on.rate >= rate * REACHED for _, on in pairs)


def edge(line: Callable[[int], Sequence[Pair]], way: Way) -> str:
    """Double the rate, from HIGH on, until something is missing or the server cannot be asked so often; says which.

    Args:
        line: Measures a rate.
        way: How it captures.
    """
    whole, rate = "", HIGH
    while True:
        pairs = line(rate)
        if bad := wrong(pairs, way):
            return f"{whole}at {rate:,} requests a second {bad}"
        if not reached(pairs, rate):
            got = statistics.median(on.rate for _, on in pairs)
            return f"all was recorded up to {got:,.0f} requests a second, more the server was not brought to"
        whole = f"all was recorded up to {rate:,} requests a second; "
        rate *= 2


def _sides(pairs: Sequence[Pair]) -> tuple[list[Run], list[Run]]:
    return [off for off, _ in pairs], [on for _, on in pairs]


def _middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    known = pressures()
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument(
        "--pairs", type=int, default=4, help="runs without and with the capture, of which the median counts"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run")
    parser.add_argument("--only", choices=sorted(known), nargs="+", default=list(known))
    parser.add_argument("--ways", choices=list(WAYS), nargs="+", default=list(WAYS))
    parser.add_argument(
        "--rates", type=int, nargs="+", metavar="RATE", help="these (0: saturated), and no search for the edge"
    )
    chosen = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 210)
    shown = Shown(
        *("load", "captured by", "requests/s", "without", "with", "kept", "least"),
        *(
            "server CPU us",
            "with",
            "median us",
            "with",
            "p99 us",
            "with",
            "% of a core",
            "most",
            "CPU s/M events",
            "events",
            "sent",
            "recorded",
        ),
        title=f"pxcap capture into SQLite, medians of {chosen.pairs} pairs of runs without and with it",
    )
    for column in shown.columns[2:-1]:
        column.justify = "right"
    edges: list[str] = []
    for name in chosen.only:
        pressure = known[name]
        lacking = [
            f"{program} ({package})" for program, package in pressure.load.needs.items() if find(program) is None
        ]
        if lacking:
            console.print(f"{name}: not measured: not installed: {', '.join(lacking)}", markup=False)
            continue
        for way in (WAYS[way] for way in chosen.ways):
            try:
                edges += measure(pressure, way, chosen, shown, console)
            except RuntimeError as error:
                console.print(f"{name}, {way.name}: not measured: {error}", markup=False)
    console.print(shown)
    for edge in edges:
        console.print(edge, markup=False, highlight=False)
    return 0


def measure(pressure: Pressure, way: Way, chosen: argparse.Namespace, shown: Shown, console: Console) -> list[str]:
    """Add a load's lines, captured one way; gives what was found about the edge."""
    name = pressure.load.name

    def line(rate: int) -> list[Pair]:
        console.print(f"{name}, {way.name}, {rate or 'saturated'}", markup=False, highlight=False)
        pairs = [
            (once(pressure, None, rate, chosen.seconds), once(pressure, way, rate, chosen.seconds))
            for _ in range(chosen.pairs)
        ]
        shown.add_row(name, way.name, *cells(pairs, way, rate))
        if bad := wrong(pairs, way):
            console.print(f"  {bad}", markup=False, highlight=False)
        return pairs

    if chosen.rates:
        for rate in chosen.rates:
            line(rate)
        return []
    if not way.server:
        line(0)
        return []
    line(LOW)
    found = edge(line, way)
    saturated = wrong(line(0), way)
    return [f"{name}, {way.name}: {found}; saturated, {saturated or 'all was recorded'}"]


if __name__ == "__main__":
    sys.exit(main())
