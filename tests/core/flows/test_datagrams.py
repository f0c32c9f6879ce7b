"""UDP told by sockets: which exchange a datagram belongs to, who asks, what was cut, and when it is over."""

from collections.abc import Sequence

import pytest
from tests.core.flows.tape import Recorder

from pxcap.core.columns import CONNECTIONS
from pxcap.core.flows import datagrams as module
from pxcap.core.flows.datagrams import DatagramTable, DatagramWindow
from pxcap.core.flows.streams import RECEIVED, SENT
from pxcap.core.flows.table import IDLE_UDP, SWEEP
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.protocol import REQUEST, RESPONSE, Row
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink
from pxcap.core.vantage import Endpoint, Vantage

OURS, THEIRS = ("192.0.2.1", 40000), ("192.0.2.2", 53)
SECOND = 1_000_000_000

Datagram = tuple[bytes, int, bytes, int]
"""Key, direction, bytes carried, bytes it had."""


def window(datagrams: Sequence[Datagram], time: int = 1) -> DatagramWindow:
    buf = b"".join(b"head" + data for _, _, data, _ in datagrams)
    starts, at = [], 0
    for _, _, data, _ in datagrams:
        starts.append(at + 4)
        at += 4 + len(data)
    ends = [start + len(data) for start, (_, _, data, _) in zip(starts, datagrams, strict=True)]
    times = list(range(time, time + len(datagrams)))
    keys, directions, _, sizes = (list(column) for column in zip(*datagrams, strict=True)) if datagrams else ([],) * 4
    return DatagramWindow(buf, times, keys, directions, sizes, starts, ends)


def sent(data: bytes, key: bytes = b"a") -> Datagram:
    return (key, SENT, data, len(data))


def received(data: bytes, key: bytes = b"a") -> Datagram:
    return (key, RECEIVED, data, len(data))


class Run:
    def __init__(self) -> None:
        self.recorder = Recorder()
        registry = Registry()
        registry.add(self.recorder.spec, "tests")
        self.sink = MemorySink()
        self.pipeline = Pipeline(registry, self.sink, Options(), (CONNECTIONS,))
        self.table = DatagramTable(self.pipeline)
        self.introduced: list[int] = []

    def take(self, *datagrams: Datagram, time: int = 1) -> None:
        def introduce(place: int) -> tuple[tuple[Endpoint, Endpoint], Vantage]:
            self.introduced.append(place)
            return (OURS, THEIRS), Vantage("node:1:2", 77)

        self.table.take(window(datagrams, time), introduce)

    def rows(self, table: str = "tape_events") -> list[Row]:
        self.pipeline.flush()
        return self.sink.tables.get(table, [])


def test_question_and_answer() -> None:
    run = Run()
    run.take(sent(b"TAPE?"), received(b"answer"))
    run.take(sent(b"TAPE again"))
    (tape,) = run.recorder.tapes
    assert [side.data for side in tape.sides] == [b"TAPE?TAPE again", b"answer"]
    assert tape.offsets
    assert tape.info.transport == "udp"
    assert (tape.info.client_port, tape.info.server_port) == (40000, 53)
    run.table.finish()
    assert [row[1:7] for row in run.rows()] == [("node:1:2", "192.0.2.2", 53, "192.0.2.1", 40000, 1)]
    (row,) = run.rows("connections")
    assert (row[0], row[7], row[-1]) == (1, "udp", 77)


def test_who_speaks_first_asks() -> None:
    run = Run()
    run.take(received(b"TAPE?"), sent(b"answer"))
    (tape,) = run.recorder.tapes
    assert (tape.info.client_port, tape.info.server_port) == (53, 40000)
    assert [side.data for side in tape.sides] == [b"TAPE?", b"answer"]
    run.table.finish()
    assert run.rows()[0][6] == 2


def test_questions_come_before_answers_and_each_exchange_by_itself() -> None:
    run = Run()
    run.take(
        *(sent(b"TAPE a"), sent(b"TAPE b", b"b"), received(b"1"), received(b"2", b"b")),
        *(sent(b"TAPE c"), received(b"3")),
    )
    assert [tape.order for tape in run.recorder.tapes] == [[REQUEST, RESPONSE]] * 2
    assert [tape.sides[REQUEST].data for tape in run.recorder.tapes] == [b"TAPE aTAPE c", b"TAPE b"]
    assert [tape.sides[RESPONSE].data for tape in run.recorder.tapes] == [b"13", b"2"]
    assert run.introduced == [0, 1]
    assert len(list(run.table.alive())) == 2


def test_a_datagram_that_was_cut_says_how_much_is_missing() -> None:
    run = Run()
    run.take(sent(b"TAPE"), (b"a", SENT, b"long", 1000), sent(b"end"))
    (tape,) = run.recorder.tapes
    assert tape.sides[REQUEST].data == b"TAPElongend"
    assert tape.cuts == [996]
    run.table.finish()
    assert run.pipeline.tables["tape_events"].bytes_lost == 996


def test_what_is_idle_ends_and_what_is_not_goes_on() -> None:
    run = Run()
    run.take(sent(b"TAPE a"), sent(b"TAPE b", b"b"), time=SECOND)
    run.take(sent(b"more", b"b"), time=SECOND + IDLE_UDP)
    run.table.sweep(SECOND + IDLE_UDP + SWEEP)
    assert [row[8] for row in run.rows()] == [6]
    run.table.sweep(SECOND + IDLE_UDP + SWEEP + 1)
    assert len(list(run.table.alive())) == 1
    run.take(sent(b"TAPE new"), time=SECOND + IDLE_UDP + SWEEP)
    assert run.introduced == [0, 1, 0]
    run.table.finish()
    run.table.finish()
    assert sorted(row[8] for row in run.rows()) == [6, 8, 10]


def test_the_least_recently_used_goes_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FLOWS", 2)
    run = Run()
    for key in (b"a", b"b", b"a", b"c"):
        run.take(sent(b"TAPE" + key, key))
    assert run.table.evicted == 1
    assert [row[8] for row in run.rows()] == [5]
    run.take(sent(b"TAPE", b"a"))
    assert run.introduced == [0, 0, 0]


def test_nothing_came() -> None:
    run = Run()
    run.take()
    assert list(run.table.alive()) == []
