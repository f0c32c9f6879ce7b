"""A pipeline whose connections live in workers: totals while it goes on, and counts in the end."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.core.workers import streams
from tests.core.workers.outlets import FileOutlet, toys

from pxcap.core.columns import CONN_STATS, PROCESSES
from pxcap.core.pipeline import Options
from pxcap.core.sink import MemorySink
from pxcap.core.workers.pipeline import PooledPipeline
from pxcap.core.workers.plan import Plan
from pxcap.core.workers.pool import Pool
from pxcap.core.workers.remote import RemoteStreams

STREAMS = range(10, 30)
OPENED, CLOSED, ACTIVE, RECORDS = (
    [column.name for column in CONN_STATS.columns].index(name)
    for name in ("conn_open", "conn_close", "conn_active", "records")
)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    made = Pool(2, Plan(partial(FileOutlet, str(tmp_path)), Options(), (PROCESSES,), toys), lambda *_: None)
    made.ready()
    yield made
    made.kill()


def test_a_live_capture(pool: Pool) -> None:
    sink = MemorySink()
    pipeline = PooledPipeline(pool, toys(), sink, Options(), (PROCESSES,))
    table = RemoteStreams(pool)
    streams.converse(table, STREAMS, end=False)
    pipeline.emit(PROCESSES.name, [("a process",)])
    pipeline.write_totals(100, table.alive())
    while CONN_STATS.name not in sink.tables:
        time.sleep(0.01)
        pipeline.flush()
    [row] = sink.tables[CONN_STATS.name]
    assert (row[0], row[OPENED], row[CLOSED], row[ACTIVE]) == (100, 20, 0, 20)
    assert pipeline.records() == 100 + 1 + 1
    for stream in STREAMS:
        table.close(stream, streams.closing(5))
    table.finish()
    pipeline.write_totals(200, ())
    pipeline.flush()
    outcome = pipeline.close(time.monotonic() + 120)
    *_, last = sink.tables[CONN_STATS.name]
    assert (last[0], last[OPENED], last[CLOSED], last[ACTIVE], last[RECORDS]) == (200, 20, 20, 0, 100)
    assert sink.tables[PROCESSES.name] == [("a process",)]
    assert pipeline.tables["toy_events"].records == 100
    assert pipeline.tables[PROCESSES.name].records == 1
    assert (pipeline.connections, pipeline.unrecognised, pipeline.errors) == (20, 0, {})
    assert outcome.missing == {"toy_events": 2}


def test_without_one_of_its_workers(pool: Pool) -> None:
    sink = MemorySink()
    pipeline = PooledPipeline(pool, toys(), sink, Options())
    table = RemoteStreams(pool)
    os.kill(pool.pids[0], signal.SIGKILL)
    pool.receive(5.0)
    streams.converse(table, STREAMS)
    table.finish()
    pipeline.write_totals(200, ())
    pipeline.close(time.monotonic() + 120)
    [row] = sink.tables[CONN_STATS.name]
    assert 0 < row[OPENED] == pipeline.connections < 20
    assert pool.failure is not None
