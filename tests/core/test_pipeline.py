"""What connections share: batches, counts, totals."""

import pytest
from tests.core.toy import TOY

from pxcap.core import pipeline as module
from pxcap.core.columns import CONN_STATS, CONNECTIONS, PROCESSES, Table
from pxcap.core.connection import Connection
from pxcap.core.pipeline import BATCH, Options, Pipeline
from pxcap.core.protocol import Row
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink
from pxcap.core.stream import Chunk
from pxcap.core.vantage import Vantage


def shared(sink: MemorySink) -> Pipeline:
    registry = Registry()
    registry.add(TOY, "tests")
    return Pipeline(registry, sink, Options())


def test_rows_go_on_in_batches_and_the_rest_at_the_end() -> None:
    sink = MemorySink()
    pipeline = shared(sink)
    pipeline.emit("toy_events", [(n,) for n in range(BATCH - 1)])
    assert sink.tables == {}
    assert pipeline.records() == BATCH - 1
    pipeline.emit("toy_events", [(BATCH,), (BATCH + 1,)])
    assert len(sink.tables["toy_events"]) == BATCH + 1
    pipeline.emit("toy_events", [(0,)])
    pipeline.flush()
    assert pipeline.tables["toy_events"].records == pipeline.records() == BATCH + 2


def test_names_of_plugin_failures_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ERROR_NAMES", 2)
    pipeline = shared(MemorySink())
    for n in range(5):
        pipeline.plugin_failed(TOY, ValueError(str(n)))
    pipeline.plugin_failed(TOY, ValueError("0"))
    assert pipeline.plugin_failures == {"toy: ValueError: 0": 2, "toy: ValueError: 1": 1}


def watched(sink: MemorySink) -> Pipeline:
    registry = Registry()
    registry.add(TOY, "tests")
    return Pipeline(registry, sink, Options(), (CONNECTIONS, PROCESSES))


def of(pipeline: Pipeline, port: int, peer: str = "192.0.2.2") -> Connection:
    """A client's connection of a process, with a question and its answer."""
    made = Connection(pipeline, "tcp", (("192.0.2.1", port), (peer, 7)), 0, False, Vantage("node:1:2", 77, opened=3))
    made.data(0, Chunk(b"Qone\n", 0, [0], [4]))
    made.data(1, Chunk(b"Aanswer\n", 0, [0], [6]))
    return made


def named(table: Table, row: Row) -> dict[str, object]:
    return dict(zip([column.name for column in table.columns], row, strict=True))


def test_more_tables_are_counted_and_connections_have_rows_when_they_are_among_them() -> None:
    sink, plain = MemorySink(), MemorySink()
    pipeline, without = watched(sink), shared(plain)
    for each in (pipeline, without):
        closed, open_still = of(each, 1000), of(each, 1001)
        closed.retransmits, closed.rtt = 2, 9000
        closed.finish(8, closed=True)
        open_still.finish(9, closed=False)
        each.flush()
    assert "connections" not in plain.tables
    assert "connections" not in without.tables
    assert pipeline.tables["connections"].records == 2
    assert pipeline.tables["processes"].records == 0
    first, second = (named(CONNECTIONS, row) for row in sink.tables["connections"])
    assert first == {
        "time_": 3,
        "upid": "node:1:2",
        "remote_addr": "192.0.2.2",
        "remote_port": 7,
        "local_addr": "192.0.2.1",
        "local_port": 1000,
        "trace_role": 1,
        "transport": "tcp",
        "protocol": "toy",
        "encrypted": 0,
        "opened": 1,
        "closed_time": 8,
        "bytes_sent": 5,
        "bytes_recv": 8,
        "bytes_lost": 0,
        "records": 1,
        "retransmits": 2,
        "rtt": 9000,
        "netns": 77,
    }
    assert (second["local_port"], second["closed_time"], second["rtt"]) == (1001, None, None)


def test_totals_go_on_while_connections_do() -> None:
    sink = MemorySink()
    pipeline = watched(sink)

    def totals(time: int, *alive: Connection) -> list[dict[str, object]]:
        before = len(sink.tables.get("conn_stats", ()))
        pipeline.write_totals(time, alive)
        pipeline.flush()
        return [named(CONN_STATS, row) for row in sink.tables.get("conn_stats", [])[before:]]

    def counts(row: dict[str, object]) -> tuple[object, ...]:
        return tuple(row[name] for name in ("time_", "conn_open", "conn_close", "conn_active", "bytes_sent", "records"))

    first, second = of(pipeline, 1000), of(pipeline, 1001)
    (row,) = totals(10, first, second)
    assert counts(row) == (10, 2, 0, 2, 10, 2)
    assert (row["remote_port"], row["local_port"], row["protocol"]) == (7, 0, "toy")
    assert totals(20, first, second) == []
    first.finish(21, closed=True)
    (row,) = totals(30, second)
    assert counts(row) == (30, 2, 1, 1, 10, 2)
    other = of(pipeline, 1002, "192.0.2.3")
    (row,) = totals(40, second, other)
    assert (row["remote_addr"], *counts(row)) == ("192.0.2.3", 40, 1, 0, 1, 5, 1)
    second.finish(50, closed=True)
    other.finish(50, closed=False)
    (row,) = totals(60)
    assert counts(row) == (60, 2, 2, 0, 10, 2)


def test_the_last_totals_tell_everything_once() -> None:
    sink = MemorySink()
    pipeline = watched(sink)
    of(pipeline, 1000).finish(8, closed=True)
    pipeline.write_totals(10)
    pipeline.write_totals(20)
    pipeline.flush()
    assert [row[0] for row in sink.tables["conn_stats"]] == [10]


def test_errors_stand_with_the_group_that_had_them() -> None:
    sink = MemorySink()
    pipeline = watched(sink)
    bad, good = of(pipeline, 1000), of(pipeline, 1001, "192.0.2.3")
    bad.data(0, Chunk(b"no line of ours\n", 5, [5], [7]))
    for each in (bad, good):
        each.finish(8, closed=True)
    pipeline.write_totals(10)
    pipeline.flush()
    rows = [named(CONN_STATS, row) for row in sink.tables["conn_stats"]]
    assert {row["remote_addr"]: row["parse_errors"] for row in rows} == {"192.0.2.2": 1, "192.0.2.3": 0}
    assert pipeline.tables["toy_events"].errors == 1


def test_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_GROUPS", 2)
    sink = MemorySink()
    pipeline = watched(sink)
    for number in range(5):
        of(pipeline, 1000, f"192.0.2.{number}").finish(8, closed=True)
    pipeline.write_totals(10)
    pipeline.flush()
    rows = [(row[0], row[2], row[11]) for row in sink.tables["conn_stats"]]
    assert rows == [(8, f"192.0.2.{number}", 1) for number in range(3)] + [(10, "192.0.2.3", 1), (10, "192.0.2.4", 1)]


def test_a_group_that_a_connection_left_is_told_empty_once() -> None:
    sink = MemorySink()
    pipeline = watched(sink)
    made = Connection(pipeline, "tcp", (("192.0.2.1", 9), ("192.0.2.2", 7)), 0, False, Vantage("node:1:2", opened=3))
    pipeline.write_totals(10, [made])
    made.data(0, Chunk(b"Qone\n", 0, [0], [14]))
    pipeline.write_totals(20, [made])
    pipeline.write_totals(30, [made])
    pipeline.flush()
    rows = [named(CONN_STATS, row) for row in sink.tables["conn_stats"]]
    found = [(row["time_"], row["protocol"], row["conn_active"], row["bytes_sent"]) for row in rows]
    assert found == [(10, "", 1, 0), (20, "toy", 1, 5), (20, "", 0, 0)]
