"""What replay and capture print in the end: counts of each table, and what a person should know besides."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pxcap.cli.output import emit, notice

if TYPE_CHECKING:
    from pxcap.cli.options import Format
    from pxcap.core.pipeline import TableCount

MOST_NOTICES = 20  # lines of one kind on standard error; the rest are counted


def print_counts(tables: "Mapping[str, TableCount]", missing: Mapping[str, int], output: "Format") -> None:
    """Records, errors and bytes lost of each table; `missing` are records that were made and not stored."""
    rows = [
        (name, count.records - missing.get(name, 0), count.errors, count.bytes_lost) for name, count in tables.items()
    ]
    emit(("table", "records", "errors", "bytes_lost"), rows, output)


def print_notices(notices: Mapping[str, Mapping[str, int]], warnings: Iterable[str] = ()) -> None:
    """What a run came across besides its records, by kind and by what happened how often: a line each on standard error."""
    for kind, found in notices.items():
        _print_some(f"pxcap: {kind}: {name} ({count})" for name, count in found.items())
    _print_some(f"pxcap: warning: {warning}" for warning in warnings)


def counted(number: int, thing: str) -> str:
    """A number with what is counted: 1 packet, 2 packets."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _print_some(lines: Iterable[str]) -> None:
    every = list(lines)
    for line in every[:MOST_NOTICES]:
        notice(line)
    if len(every) > MOST_NOTICES:
        notice(f"pxcap: {len(every) - MOST_NOTICES} more like this")
