"""Captures as tests: what a capture becomes, as text that can be reviewed, compared and committed.

A fixture is `case.pcap` with `case.expect.jsonl` beside it. The expectation holds one record a line: a JSON object with
its table's name under "table" and every column, keys sorted. Times since the epoch are relative to the first packet, so
that a capture made again on another day gives the same lines. Rows come in the order of table, time and text, which no
change of the engine's inner order disturbs; the totals of `conn_stats` are among them, for counts are results too.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pxcap.core.capture import CaptureReader
from pxcap.core.columns import ColumnType, Table
from pxcap.core.protocol import Row
from pxcap.core.registry import Registry
from pxcap.core.replay import ReplayOptions, replay
from pxcap.core.sink import MemorySink

SUFFIXES = (".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz", ".pcap.zst", ".pcapng.zst")
"""How the name of a fixture's capture may end."""


def captures(folder: Path) -> list[Path]:
    """Every capture below a folder, sorted."""
    return sorted(path for path in folder.rglob("*.pcap*") if path.name.endswith(SUFFIXES))


def expectation_path(capture: Path) -> Path:
    """Where the expectation of a capture is: `case.expect.jsonl` beside `case.pcap`, whatever the suffix."""
    case = capture.name[: capture.name.index(".pcap")]
    return capture.with_name(f"{case}.expect.jsonl")


def expectation(capture: Path, registry: Registry) -> str:
    """What a capture becomes, in the form of an expectation file.

    Raises:
        CaptureError: The capture cannot be read.
    """
    sink = MemorySink()
    report = replay([str(capture)], registry, sink, ReplayOptions())
    if report.failed:
        raise report.failed[0]
    return render(sink.tables, registry, first_time(capture))


def first_time(capture: Path) -> int:
    """When the first TCP or UDP packet was captured, ns since the epoch; 0 when there is none."""
    with CaptureReader(str(capture)) as reader:
        for window in reader.windows():
            if len(window):
                return int(window.time[0])
    return 0


def render(rows: Mapping[str, list[Row]], registry: Registry, start: int) -> str:
    """Rows by table name as the lines of an expectation file, times relative to `start` (ns since the epoch)."""
    lines: list[tuple[str, int, str]] = []
    for table in registry.tables():
        for row in rows.get(table.name, ()):
            lines.append((table.name, row[0], _line(table, row, start)))
    return "".join(f"{line}\n" for _, _, line in sorted(lines))


def as_record(table: Table, row: Row) -> dict[str, Any]:
    """A row by column name, with its table's name under "table"; BOOL columns as bool, as a store gives them back."""
    record: dict[str, Any] = {"table": table.name}
    for column, value in zip(table.columns, row, strict=True):
        record[column.name] = bool(value) if column.type is ColumnType.BOOL and value is not None else value
    return record


def _line(table: Table, row: Row, start: int) -> str:
    record = as_record(table, row)
    for column in table.columns:
        if column.unit == "ns since epoch" and record[column.name] is not None:
            record[column.name] -= start
    return json.dumps(record, ensure_ascii=False, sort_keys=True)
