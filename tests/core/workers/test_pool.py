"""Workers together: what they make is the same however many they are, and nothing of theirs is lost in silence."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.core.workers import streams
from tests.core.workers.outlets import FileOutlet, failing, refusing, stored, toys

import pxcap.core.workers.pool
from pxcap.core.errors import StoreError, WorkerError
from pxcap.core.flows.streams import StreamTable
from pxcap.core.pipeline import Options, Pipeline, Totals
from pxcap.core.sink import MemorySink
from pxcap.core.workers.plan import Plan
from pxcap.core.workers.pool import Pool
from pxcap.core.workers.remote import RemoteStreams

STREAMS = range(10, 50)
told: list[tuple[str, str]] = []
died: list[None] = []


@pytest.fixture
def pools(tmp_path: Path) -> Iterator["Pools"]:
    told.clear()
    died.clear()
    made = Pools(tmp_path)
    yield made
    for pool in made.made:
        pool.kill()


class Pools:
    """Makes pools, ready to work, that store into a folder each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[Pool] = []

    def __call__(self, size: int, patient: bool = False) -> tuple[Pool, Path]:
        folder = self.folder / str(len(self.made))
        folder.mkdir()
        plan = Plan(partial(FileOutlet, str(folder)), Options(), (), toys)
        pool = Pool(size, plan, lambda *said: told.append(said), lambda: died.append(None), patient)
        self.made.append(pool)
        pool.ready()
        return pool, folder


def here() -> tuple[list[list[object]], dict[object, Totals]]:
    """What one process makes of the streams."""
    sink = MemorySink()
    pipeline = Pipeline(toys(), sink, Options())
    table = StreamTable(pipeline)
    streams.converse(table, STREAMS)
    totals = dict(pipeline.sums())
    pipeline.flush()
    rows = sink.tables["toy_events"]
    return sorted([["toy_events", *row] for row in rows], key=repr), totals


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_same_as_in_one_process(pools: Pools, size: int) -> None:
    pool, folder = pools(size)
    assert len(set(pool.pids)) == size
    streams.converse(RemoteStreams(pool), STREAMS)
    sums, totals = pool.close(None)
    rows, wanted = here()
    assert stored(folder) == rows
    assert {tuple(group): found for group, found in totals.items()} == wanted
    assert (sums.tables["toy_events"].records, sums.tables["toy_events"].errors) == (len(rows), 0)
    assert (sums.connections, sums.unrecognised) == (len(STREAMS), 0)
    assert sums.outcome.missing == {"toy_events": size}
    assert sums.outcome.reasons == {"one was too long": size}
    assert pool.stored == len(rows) - size
    assert (pool.failure, pool.losses(), pool.unknown, pool.evicted, died) == (None, {}, 0, 0, [])
    assert told == [("the store is closed", "by each")]  # once, though each said so


def test_totals_while_it_goes_on(pools: Pools) -> None:
    pool, _ = pools(2)
    table = RemoteStreams(pool)
    assert pool.totals(wait=False) is None
    streams.converse(table, STREAMS, end=False)
    pool.ask_totals(last=False)
    pool.ask_totals(last=False)  # while the first are on their way
    totals = pool.totals(wait=True)
    assert totals is not None
    [sums] = totals.values()
    assert (sums.opened, sums.closed, sums.active) == (40, 0, 40)
    assert pool.totals(wait=False) is None
    table.finish()
    pool.ask_totals(last=True)
    assert [sums.active for sums in (pool.totals(wait=True) or {}).values()] == [40]  # nobody saw their end
    pool.ask_totals(last=True)
    assert pool.totals(wait=True) == {}


def test_a_worker_that_is_killed(pools: Pools) -> None:
    pool, folder = pools(2)
    table = RemoteStreams(pool)
    streams.converse(table, STREAMS, end=False)
    pool.ask_totals(last=False)
    pool.totals(wait=True)  # now all events are parsed, and accounted for
    pid = pool.pids[0]
    os.kill(pid, signal.SIGKILL)
    while pool.failure is None:
        pool.receive(1.0)
    pattern = (
        rf"parse worker 1 of 2 \(pid {pid}\) was killed by SIGKILL: it had (\d+) connections, 0 events that it had not "
        r"parsed, and had made (\d+) records, the last of which may not be stored"
    )
    found = re.fullmatch(pattern, str(pool.failure))
    assert found, str(pool.failure)
    connections, records = int(found[1]), int(found[2])
    assert 0 < connections < 40
    assert records == 5 * connections
    assert isinstance(pool.failure, WorkerError)
    assert len(died) == 1
    streams.converse(table, range(60, 70))
    sums, _ = pool.close(None)
    [lost] = pool.losses().items()
    assert lost[0] == "events for a parse worker that had ended"
    assert 0 < lost[1] < 100
    assert sums.tables["toy_events"].records == 5 * (40 - connections) + (100 - lost[1]) // 2
    assert len(stored(folder)) >= sums.tables["toy_events"].records


def test_a_worker_that_is_slow_keeps_nobody_waiting(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, folder = pools(2)
    table = RemoteStreams(pool)
    monkeypatch.setattr(pxcap.core.workers.pool, "ROOM", 64 << 10)
    streams.begin(table, STREAMS)
    table.take(streams.window(0, STREAMS))
    os.kill(pool.pids[0], signal.SIGSTOP)
    rounds = 1
    while not pool.losses():
        table.take(streams.window(rounds, STREAMS))
        rounds += 1
    os.kill(pool.pids[0], signal.SIGCONT)
    monkeypatch.setattr(pxcap.core.workers.pool, "ROOM", 64 << 20)
    table.take(streams.window(rounds, STREAMS))
    for stream in STREAMS:
        table.close(stream, streams.closing(rounds + 1))
    sums, _ = pool.close(None)
    [lost] = pool.losses().items()
    assert lost[0] == "events that parse workers were too slow for"
    assert 0 < lost[1] <= len(STREAMS) * 2  # of one round; the other worker's share too, where it has no processor
    assert (pool.failure, sums.connections) == (None, len(STREAMS))
    assert sums.tables["toy_events"].bytes_lost == lost[1] // 2 * (streams.QUESTION + streams.ANSWER)
    assert len(stored(folder)) == (rounds + 1) * len(STREAMS) - lost[1] // 2


def test_a_file_waits_for_a_worker_that_is_slow(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, folder = pools(2, patient=True)
    monkeypatch.setattr(pxcap.core.workers.pool, "ROOM", 1)
    streams.converse(RemoteStreams(pool), STREAMS, rounds=9)
    pool.close(None)
    assert len(stored(folder)) == 9 * len(STREAMS)
    assert pool.losses() == {}


def test_a_file_does_not_wait_for_one_that_is_dead(pools: Pools) -> None:
    pool, folder = pools(2, patient=True)
    table = RemoteStreams(pool)
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match="was killed by SIGKILL"):
        talk_for_ever(pool, table)
    streams.converse(table, STREAMS)  # said once
    pool.ask_totals(last=True)
    assert pool.totals(wait=True) == {}
    pool.close(None)
    assert stored(folder) == []


def talk_for_ever(pool: Pool, table: RemoteStreams) -> None:
    while True:
        streams.converse(table, STREAMS)
        pool.receive()


def test_one_that_is_not_ready_in_time_is_killed(pools: Pools) -> None:
    pool, _ = pools(2)
    streams.converse(RemoteStreams(pool), STREAMS)
    os.kill(pool.pids[1], signal.SIGSTOP)
    sums, _ = pool.close(time.monotonic() + 2)
    assert "did not end in time: it had" in str(pool.failure)
    assert 0 < sums.connections < len(STREAMS)
    assert pool.pids == []


def test_one_that_has_no_processor_is_given_time(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, folder = pools(2)
    streams.converse(RemoteStreams(pool), STREAMS)
    pid = pool.pids[1]
    os.kill(pid, signal.SIGSTOP)

    def lacking(who: int) -> Callable[[], float]:
        """Who is stopped goes on once it was asked how long it had to wait."""
        return lambda: 20.0 if who != pid else (os.kill(pid, signal.SIGCONT), 20.0)[1]

    monkeypatch.setattr(pxcap.core.workers.pool, "since", lacking)
    sums, _ = pool.close(time.monotonic())
    assert (pool.failure, sums.connections) == (None, len(STREAMS))
    assert stored(folder) == here()[0]


@pytest.mark.parametrize(
    ("outlet", "error", "message"),
    [
        (refusing, StoreError, "store nowhere: cannot be opened"),
        (failing, WorkerError, r"parse worker \d of 2 \(pid \d+\) ended with status 1"),
    ],
)
def test_one_that_cannot_begin(
    outlet: object, error: type[Exception], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pool = Pool(2, Plan(outlet, Options(), (), toys), lambda *_: None)  # type: ignore[arg-type]
    with pytest.raises(error, match=message):
        pool.ready()
    assert pool.pids == []
    sums, totals = pool.close(None)
    assert (sums.connections, totals) == (0, {})


def test_an_end_before_they_are_ready(tmp_path: Path) -> None:
    pool = Pool(2, Plan(partial(FileOutlet, str(tmp_path)), Options(), (), toys), lambda *_: None)
    pool.close(None)
    assert (pool.pids, pool.failure) == ([], None)
