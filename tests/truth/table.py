"""Runs the comparison of one capture, and prints what came of many."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from tests.truth import wire
from tests.truth.captures import Case
from tests.truth.check import Result, Want, compare, records_of
from tests.truth.found import PROTOCOLS


def wants(case: Case) -> list[Want]:
    """Everything the truth of a capture wants, of all protocols here."""
    return [want for protocol in PROTOCOLS.values() for want in protocol.wants(case)]


def bytes_wanted(case: Case) -> int:
    """How many payload bytes the capture lacks, as far as it can tell.

    A UDP datagram that was not captured leaves no trace, and nor does what was sent before the capture began.
    """
    if case.snapped:
        return wire.bytes_cut(case.path)
    if case.transform in ("to_server_only", "to_client_only"):
        streams = wire.variant(case.base, case.meta, case.meta["server_ports"]).values()
        return sum(end - start for stream in streams for side in stream.lost for start, end in side)
    if case.transform != "drop5" or case.meta["proto"] == "dns":
        return 0
    return sum(int(packet["payload"]) for packet in case.meta["transform_info"]["removed"])


def check(case: Case) -> Result:
    """Replay a capture and compare."""
    records, report = records_of(str(case.path))
    result = compare(case.name, wants(case), records)
    result.bytes_lost = sum(count.bytes_lost for count in report.tables.values())
    result.bytes_wanted = bytes_wanted(case)
    result.failed = [f"replay: {error}" for error in report.failed]
    result.failed += [f"plugin {name}: {count}" for name, count in report.plugin_failures.items()]
    return result


def show(results: Iterable[Result], console: Console, problems: int = 10) -> None:
    """Print the table, and under it at most `problems` problems of each capture."""
    table = Table("capture", *("wanted", "found", "missing", "wrong", "extra", "bytes lost"), title="Ground truth")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    ordered = sorted(results, key=lambda result: result.name)
    for result in ordered:
        counts = (result.wanted, result.found, len(result.missing), len(result.wrong), len(result.extra))
        lost = f"{result.bytes_lost}" + ("" if result.bytes_wanted is None else f" of {result.bytes_wanted}")
        table.add_row(result.name, *map(str, counts), lost, style="red" if result.problems else "")
    console.print(table)
    for result in ordered:
        for problem in result.problems[:problems]:
            console.print(f"{result.name}: {problem}", markup=False, highlight=False, soft_wrap=True)
