"""Tables that live in workers, called like those that live here."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.core.workers import streams
from tests.core.workers.outlets import FileOutlet, stored, toys

import pxcap.core.workers.remote
from pxcap.core.columns import CONNECTIONS
from pxcap.core.errors import WorkerError
from pxcap.core.flows.streams import INSIDE
from pxcap.core.flows.table import SWEEP
from pxcap.core.pipeline import Options
from pxcap.core.replay import Progress, replay
from pxcap.core.sink import MemorySink
from pxcap.core.testing.craft import Conversation, write_pcap
from pxcap.core.vantage import Vantage
from pxcap.core.workers.plan import Plan
from pxcap.core.workers.pool import Pool
from pxcap.core.workers.remote import RemoteDatagrams, RemoteFlows, RemoteStreams

STREAMS = range(10, 30)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    (tmp_path / "rows").mkdir()
    plan = Plan(partial(FileOutlet, str(tmp_path / "rows")), Options(), (CONNECTIONS,), toys)
    made = Pool(2, plan, lambda *_: None, patient=True)
    made.ready()
    yield made
    made.kill()


def connections(folder: Path) -> list[list[object]]:
    return [row[1:] for row in stored(folder / "rows") if row[0] == "connections"]


def test_streams_that_are_watched(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    table = RemoteStreams(pool)
    streams.begin(table, STREAMS)
    seen = Vantage("1:2:3", 7, False, streams.START)
    assert list(table.watched()) == [(stream, streams.ends_of(stream), seen) for stream in STREAMS]
    assert list(table.alive()) == []
    table.close(10, streams.closing(0))
    table.close(10, streams.closing(0))
    table.close(99, streams.closing(0))
    assert [stream for stream, *_ in table.watched()] == list(STREAMS)[1:]
    monkeypatch.setattr(pxcap.core.workers.remote, "MAX_STREAMS", 9)
    streams.begin(table, range(30, 31))
    assert [stream for stream, *_ in table.watched()] == [*list(STREAMS)[2:], 30]
    table.finish()
    assert list(table.watched()) == []
    sums, _ = pool.close(None)
    assert sums.connections == len(STREAMS) + 1


def test_what_is_known_of_streams_besides_their_bytes(pool: Pool, tmp_path: Path) -> None:
    table = RemoteStreams(pool)
    streams.begin(table, STREAMS)
    table.measure(12, 5, 9000)
    table.give_up([13, 14])
    table.take(streams.window(0, STREAMS))
    dull: set[int] = set()
    while dull != {13, 14}:
        pool.receive(1.0)
        dull.update(table.dull())
    table.finish()
    pool.close(None)
    found = connections(tmp_path)
    assert sorted((row[-3], row[-2]) for row in found if row[-2] is not None) == [(5, 9000)]
    assert len(found) == len(STREAMS)
    assert len(stored(tmp_path / "rows")) == 2 * len(STREAMS) - 2


def test_streams_that_went_inside_tls(pool: Pool) -> None:
    table = RemoteStreams(pool)
    streams.begin(table, STREAMS)
    moved = streams.window(0, STREAMS)
    moved.kind[np.flatnonzero(moved.stream == 11)] = INSIDE
    table.take(moved)
    assert [table.is_inside(stream) for stream in (10, 11, 12)] == [False, True, False]
    table.close(11, streams.closing(1))
    assert not table.is_inside(11)


def test_datagrams(pool: Pool, tmp_path: Path) -> None:
    table = RemoteDatagrams(pool)
    window = streams.datagrams(10)
    table.take(window, lambda place: (streams.ends_of(place), Vantage("1:2:3", 7)))
    table.sweep(streams.START)
    table.sweep(streams.START + 100 * SWEEP)
    table.sweep(streams.START + 100 * SWEEP)  # nothing is due
    pool.flush()
    table.finish()
    assert list(table.alive()) == []
    sums, _ = pool.close(None)
    assert sums.connections == 10
    found = connections(tmp_path)
    assert sorted(str(row[5]) for row in found) == sorted(str(10_000 + number) for number in range(10))
    assert {row[1] for row in found} == {"1:2:3"}


def capture(path: Path, first: int, count: int = 30) -> str:
    talks = []
    for number in range(first, first + count):
        talk = Conversation(("192.0.2.1", 10_000 + number), ("192.0.2.2", 7)).open()
        for turn in range(3):
            talk.request(b"Q%d.%d\n" % (number, turn)).response(b"A%d\n" % turn)
        talks.append(talk.close() if number % 2 else talk)
    write_pcap(path, talks)
    return str(path)


def test_files(pool: Pool, tmp_path: Path) -> None:
    """Two, one after the other, as in one process: rows, counts and totals of each file."""
    sources = [capture(tmp_path / "a.pcap", 0), str(tmp_path / "none.pcap"), capture(tmp_path / "b.pcap", 20)]
    here, there = MemorySink(), MemorySink()
    wanted = replay(sources, toys(), here, Options())
    found = replay(sources, toys(), there, Options(), None, pool)
    rows = [row[1:] for row in stored(tmp_path / "rows") if row[0] == "toy_events"]
    assert rows == sorted(map(list, here.tables["toy_events"]), key=repr)
    assert there.tables["conn_stats"] == here.tables["conn_stats"]
    assert {name: found.tables[name] for name in wanted.tables} == wanted.tables
    assert (found.packets, found.bytes, found.connections) == (wanted.packets, wanted.bytes, wanted.connections)
    assert [str(error) for error in found.failed] == [str(error) for error in wanted.failed]
    assert found.missing == {"toy_events": 2}
    assert found.warnings == wanted.warnings


def test_a_worker_that_dies_within_a_file(pool: Pool, tmp_path: Path) -> None:
    sources = [capture(tmp_path / f"{number}.pcap", number) for number in range(3)]
    os.kill(pool.pids[0], signal.SIGKILL)
    pool.receive(5.0)
    sink = MemorySink()
    with pytest.raises(WorkerError, match="parse worker 1 of 2"):
        replay(sources, toys(), sink, Options(), None, pool)
    assert len([row for row in stored(tmp_path / "rows") if row[0] == "toy_events"]) > 0
    assert sink.tables["conn_stats"]


def test_a_worker_that_dies_at_the_very_end(pool: Pool, tmp_path: Path) -> None:
    def killed_last(progress: Progress) -> None:
        if pool.pids:
            os.kill(pool.pids[0], signal.SIGKILL)

    with pytest.raises(WorkerError, match="parse worker 1 of 2"):
        replay([capture(tmp_path / "a.pcap", 0)], toys(), MemorySink(), Options(), killed_last, pool)


def test_packets_of_a_live_capture(pool: Pool, tmp_path: Path) -> None:
    flows = RemoteFlows(pool)
    flows.shed(255)
    flows.forget(5)
    assert flows.now == 5
    assert flows.evicted == 0
    assert list(flows.alive()) == []
    flows.finish()
    assert pool.close(None)[0].connections == 0
