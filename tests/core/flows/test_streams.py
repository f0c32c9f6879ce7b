"""Connections told by sockets: whatever the way calls and windows cut them, the records are the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.flows.sockets import Event, Sockets, cut, window
from tests.core.flows.tape import Recorder, Tape
from tests.core.toy import TOY

from pxcap.core.columns import CONNECTIONS
from pxcap.core.flows import streams as module
from pxcap.core.flows.streams import INSIDE, JOINED, RECEIVED, SENT, Closing, StreamTable
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.protocol import LOST, REQUEST, RESPONSE, TRUNCATED, Row
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink
from pxcap.core.vantage import Vantage

ENDS = (("192.0.2.1", 40000), ("192.0.2.2", 7))
FROM_THE_START = Vantage("node:1:2", 4026531840, opened=1)
MIDSTREAM = Vantage("node:1:2", 4026531840)


class Run:
    """A table, and what comes out of it."""

    def __init__(self, lockstep: bool = False, options: Options | None = None) -> None:
        self.recorder = Recorder(lockstep=lockstep)
        registry = Registry()
        registry.add(TOY, "tests")
        registry.add(self.recorder.spec, "tests")
        self.sink = MemorySink()
        self.pipeline = Pipeline(registry, self.sink, options or Options(), (CONNECTIONS,))
        self.table = StreamTable(self.pipeline)

    def open(
        self, stream: int = 1, client: int | None = SENT, seen: Vantage = FROM_THE_START, quiet: bool = False
    ) -> None:
        self.table.open(stream, ENDS, client, seen, quiet)

    def take(self, *events: Event) -> None:
        self.table.take(window(events))

    def close(self, sockets: Sockets, stream: int = 1) -> None:
        self.table.close(stream, Closing(99, sockets.total(SENT, stream), sockets.total(RECEIVED, stream), 3, 5000))

    def rows(self, table: str) -> list[Row]:
        self.pipeline.flush()
        return self.sink.tables.get(table, [])

    def connections(self) -> list[dict[str, Any]]:
        names = [column.name for column in CONNECTIONS.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows(CONNECTIONS.name)]

    @property
    def tape(self) -> Tape:
        (tape,) = self.recorder.tapes
        return tape

    def lost(self) -> int:
        return sum(row["bytes_lost"] for row in self.connections())


def toy_rows(run: Run) -> list[tuple[object, ...]]:
    return [(row[8], row[9], row[-1]) for row in run.rows("toy_events")]


def talk() -> Sockets:
    sockets = Sockets()
    for word in (b"one", b"two", b"three"):
        sockets.move(SENT, b"Q" + word + b"\n")
        sockets.move(RECEIVED, b"A" + word + b"\n")
    return sockets


def test_a_connection_from_open_to_close() -> None:
    run, sockets = Run(), talk()
    run.open()
    run.take(*sockets.events)
    run.close(sockets)
    place = ("node:1:2", "192.0.2.2", 7, "192.0.2.1", 40000, 1)
    assert [row[1:7] for row in run.rows("toy_events")] == [place] * 3
    assert toy_rows(run) == [("one", "one", ""), ("two", "two", ""), ("three", "three", "")]
    assert [row[-2] for row in run.rows("toy_events")] == [1, 1, 1]
    (row,) = run.rows("connections")
    assert row == (1, *place, "tcp", "toy", 0, 1, 99, 17, 17, 0, 3, 3, 5000, 4026531840)


def test_the_server_s_end_is_seen_as_a_server() -> None:
    run, sockets = Run(), Sockets()
    sockets.move(RECEIVED, b"Qone\n")
    sockets.move(SENT, b"Aone\n")
    run.open(client=RECEIVED)
    run.take(*sockets.events)
    assert toy_rows(run) == [("one", "one", "")]
    assert run.rows("toy_events")[0][6] == 2


@pytest.mark.parametrize("windows", ["one", "one each"])
def test_an_answer_in_a_later_window_is_where_it_belongs(windows: str) -> None:
    """The first event of a direction need not come in the window in which the protocol was recognised."""
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"TAPE ask")
    sockets.move(RECEIVED, b"answer")
    sockets.move(RECEIVED, b" and more")
    sockets.end(RECEIVED)
    run.open()
    for events in [sockets.events] if windows == "one" else [[event] for event in sockets.events]:
        run.take(*events)
    run.close(sockets)
    assert run.tape.offsets
    assert [side.data for side in run.tape.sides] == [b"TAPE ask", b"answer and more"]
    assert [side.closed for side in run.tape.sides] == [0, 1]
    assert run.lost() == 0


def test_requests_of_a_window_come_before_its_responses() -> None:
    """The two sides of a loopback connection may be told in any order; a parser is promised the request first."""
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"TAPE")
    run.open()
    run.take(*sockets.events)
    sockets.move(RECEIVED, b"answer")
    sockets.move(SENT, b"ask")
    run.take(*sockets.events[1:])
    assert run.tape.order == [REQUEST, REQUEST, RESPONSE]


def test_in_lockstep_directions_alternate_as_they_did() -> None:
    run, sockets = Run(lockstep=True), Sockets()
    sockets.move(SENT, b"TAPE")
    for _ in range(3):
        sockets.move(RECEIVED, b"answer")
        sockets.move(RECEIVED, b"answer")
        sockets.move(SENT, b"ask")
    run.open()
    run.take(*sockets.events[:1])
    run.take(*sockets.events[1:])
    assert run.tape.order == [REQUEST, *(RESPONSE, REQUEST) * 3]
    assert run.tape.offsets


def test_bytes_that_found_no_room_are_a_gap_where_they_were() -> None:
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"TAPE")
    sockets.move(SENT, b"x" * 10, seen=False)
    sockets.move(SENT, b"end")
    run.open()
    run.take(*sockets.events)
    run.close(sockets)
    assert run.tape.sides[REQUEST].gaps == [(4, 10, LOST)]
    assert run.tape.sides[REQUEST].data == b"TAPE..........end"
    assert run.lost() == 10


def test_a_lost_beginning_is_a_gap_only_where_the_beginning_was_awaited() -> None:
    sockets = Sockets()
    sockets.move(SENT, b"x" * 5, seen=False)
    sockets.move(SENT, b"TAPE")
    opened, midway = Run(options=Options(decode_as={7: "tape"})), Run()
    for run, seen in ((opened, FROM_THE_START), (midway, MIDSTREAM)):
        run.open(seen=seen)
        run.take(*sockets.events)
        run.close(sockets)
    assert opened.tape.sides[REQUEST].data == b".....TAPE"
    assert midway.tape.sides[REQUEST].data == b"TAPE"
    assert midway.tape.offsets
    assert (opened.lost(), midway.lost()) == (5, 0)


@pytest.mark.parametrize("carried", [0, 6])
def test_a_call_cut_short_is_a_gap_behind_what_was_carried(carried: int) -> None:
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"TAPE")
    sockets.move(SENT, b"x" * 100, carried=carried)
    sockets.move(SENT, b"end")
    run.open()
    run.take(*sockets.events)
    run.close(sockets)
    assert run.tape.sides[REQUEST].gaps == [(4 + carried, 100 - carried, TRUNCATED)]
    assert run.tape.offsets
    assert run.lost() == 100 - carried


def test_what_is_missing_at_the_end_is_told_by_the_close() -> None:
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"TAPE")
    sockets.move(RECEIVED, b"answer")
    run.open()
    run.take(*sockets.events)
    sockets.move(RECEIVED, b"never seen", seen=False)
    run.close(sockets)
    assert run.tape.sides[RESPONSE].data == b"answer.........."
    (row,) = run.connections()
    assert (row["bytes_sent"], row["bytes_recv"], row["bytes_lost"]) == (4, 6, 10)


def test_the_end_of_a_direction_is_told_once() -> None:
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"TAPE")
    sockets.end(SENT)
    sockets.end(SENT)
    run.open()
    run.take(*sockets.events)
    assert run.tape.sides[REQUEST].closed == 1


def test_a_record_read_twice_changes_nothing() -> None:
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"TAPE")
    sockets.move(SENT, b"again")
    run.open()
    run.take(*sockets.events, sockets.events[1])
    run.close(sockets)
    assert run.tape.sides[REQUEST].data == b"TAPEagain"
    assert run.lost() == 0


def test_nothing_wanted_nothing_lost() -> None:
    """Of a connection of no protocol the kernel keeps the bytes once it is told to; they are counted as moved."""
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"neither\n")
    run.open()
    run.take(*sockets.events)
    for _ in range(30):
        sockets.move(SENT, b"x" * 5000)
    run.take(*sockets.events[1:])
    assert run.table.dull() == [1]
    assert run.table.dull() == []
    sockets.move(SENT, b"x" * 1000, seen=False)
    sockets.move(SENT, b"y" * 1000, carried=10)
    run.take(sockets.events[-1])
    sockets.move(RECEIVED, b"z" * 500, seen=False)
    run.close(sockets)
    (row,) = run.connections()
    assert (row["bytes_sent"], row["bytes_recv"], row["bytes_lost"]) == (8 + 30 * 5000 + 2000, 500, 0)


def test_a_quiet_connection_is_counted() -> None:
    run = Run()
    run.table.open(1, ENDS, SENT, Vantage(encrypted=True, opened=1), quiet=True)
    run.table.close(1, Closing(9, 100, 2000))
    (row,) = run.connections()
    assert (row["protocol"], row["encrypted"]) == ("", 1)
    assert (row["bytes_sent"], row["bytes_recv"], row["bytes_lost"]) == (100, 2000, 0)


def test_events_of_no_connection_are_counted() -> None:
    run, sockets = Run(), talk()
    sockets.move(SENT, b"Qother\n", stream=2)
    run.open()
    run.take(*[event for event in sockets.events if event.stream == 2], *sockets.events)
    assert run.table.unknown == 2
    assert len(toy_rows(run)) == 3


def test_the_oldest_goes_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 2)
    run = Run()
    for stream in (1, 2, 3):
        run.open(stream)
    assert run.table.evicted == 1
    assert [number for number, *_ in run.table.watched()] == [2, 3]
    assert [row["closed_time"] for row in run.connections()] == [None]


def test_plain_text_inside_tls_goes_on_where_the_clear_text_ended() -> None:
    run, sockets = Run(), talk()
    sockets.mark(INSIDE)
    sockets.move(SENT, b"Qlast\n")
    sockets.move(RECEIVED, b"Alast\n")
    run.open()
    run.take(*sockets.events)
    assert run.table.is_inside(1)
    run.table.close(1, Closing(99, sockets.total(SENT), sockets.total(RECEIVED), ciphertext=(500, 500)))
    run.table.finish()
    assert [(row[8], row[7]) for row in run.rows("toy_events")] == [("one", 0), ("two", 0), ("three", 0), ("last", 1)]
    assert [(row["bytes_sent"], row["bytes_lost"], row["encrypted"]) for row in run.connections()] == [
        (sockets.total(SENT), 0, 1)
    ]


def test_plain_text_of_a_connection_that_was_quiet() -> None:
    for kind, note in ((INSIDE, ""), (JOINED, "")):
        run, sockets = Run(), Sockets()
        sockets.mark(kind)
        sockets.move(SENT, b"Qone\n")
        sockets.move(RECEIVED, b"Aone\n")
        run.open(quiet=True)
        run.take(*sockets.events)
        run.table.close(1, Closing(99, 5, 5, ciphertext=(500, 500)))
        assert toy_rows(run) == [("one", "one", note)]


def test_ciphertext_is_counted_where_nobody_reads_inside() -> None:
    run = Run()
    run.open(quiet=True)
    assert not run.table.is_inside(1)
    run.table.close(1, Closing(99, 0, 0, ciphertext=(500, 600)))
    assert [(row["bytes_sent"], row["bytes_recv"], row["bytes_lost"]) for row in run.connections()] == [(500, 600, 0)]


def test_what_was_left_out_stays_so_inside_tls() -> None:
    run, sockets = Run(), Sockets()
    run.open(quiet=True)
    run.table.give_up([1])
    sockets.mark(INSIDE)
    sockets.move(SENT, b"Qone\n")
    run.take(*sockets.events)
    run.table.close(1, Closing(99, 5, 0))
    assert toy_rows(run) == []


def test_what_is_given_up_ends_its_records_and_goes_on_being_counted() -> None:
    run, sockets = Run(), talk()
    sockets.move(SENT, b"Qlast\n")
    run.open()
    run.take(*sockets.events)
    run.table.give_up([1, 7])
    assert toy_rows(run)[-1] == ("last", None, "no_response")
    before = len(sockets.events)
    sockets.move(RECEIVED, b"Alast\n")
    run.take(*sockets.events[before:])
    assert run.table.dull() == [1]
    run.close(sockets)
    assert len(toy_rows(run)) == 4
    (row,) = run.connections()
    assert (row["protocol"], row["bytes_sent"], row["bytes_recv"], row["bytes_lost"]) == ("toy", 23, 23, 0)


def test_the_end_of_the_capture_ends_every_connection() -> None:
    run, sockets = Run(), Sockets()
    sockets.move(SENT, b"Qone\n")
    run.open()
    run.take(*sockets.events)
    run.table.take(window([]))
    run.table.finish()
    assert toy_rows(run) == [("one", None, "no_response")]
    assert [row["closed_time"] for row in run.connections()] == [None]


def test_connections_of_one_window_do_not_mix() -> None:
    run, sockets = Run(), Sockets()
    for turn in range(3):
        for stream in (5, 1, 9):
            sockets.move(SENT, b"Q%d-%d\n" % (stream, turn), stream=stream)
    for turn in range(3):
        for stream in (9, 5, 1):
            sockets.move(RECEIVED, b"A%d-%d\n" % (stream, turn), stream=stream)
    for stream in (1, 5, 9):
        run.open(stream)
    run.take(*sockets.events)
    expected = {(f"{stream}-{turn}", f"{stream}-{turn}", "") for stream in (1, 5, 9) for turn in range(3)}
    assert set(toy_rows(run)) == expected
    assert len(toy_rows(run)) == 9


words = st.text("abc", min_size=0, max_size=12).map(str.encode)


@given(
    turns=st.lists(st.tuples(st.integers(1, 3), st.lists(words, min_size=1, max_size=3)), min_size=1, max_size=6),
    sizes=st.lists(st.integers(1, 7), max_size=40),
    breaks=st.sets(st.integers(0, 80)),
    seen=st.sampled_from([FROM_THE_START, MIDSTREAM]),
    half=st.booleans(),
)
def test_any_cut_gives_the_same(
    turns: list[tuple[int, list[bytes]]], sizes: list[int], breaks: set[int], seen: Vantage, half: bool
) -> None:
    """A conversation on several connections, its calls and windows cut anywhere, against call by call in one window."""
    sockets = Sockets()
    for stream, asked in turns:
        for word in asked:
            sockets.move(SENT, b"Q" + word + b"\n", stream)
        for word in asked:
            sockets.move(RECEIVED, b"A" + word + b"\n", stream)
    if half:
        for stream in (1, 2, 3):
            sockets.end(SENT, stream)
    whole, pieces = Run(), Run()
    left = iter(sizes)
    events = [part for event in sockets.events for part in cut(event, [next(left, 99), next(left, 99)])]
    for run in (whole, pieces):
        for stream in (1, 2, 3):
            run.open(stream, seen=seen)
    whole.take(*sockets.events)
    begin = 0
    for end in (*sorted(at for at in breaks if at < len(events)), len(events)):
        pieces.take(*events[begin:end])
        begin = end
    for run in (whole, pieces):
        for stream in (1, 2, 3):
            run.close(sockets, stream)
    for table in ("toy_events", "connections"):
        assert sorted(whole.rows(table), key=repr) == sorted(pieces.rows(table), key=repr)
    assert whole.lost() == 0


@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from([SENT, RECEIVED]), st.binary(min_size=1, max_size=9), st.booleans(), st.integers(0, 9)
        ),
        max_size=20,
    ),
    breaks=st.sets(st.integers(0, 20)),
)
def test_every_byte_is_seen_or_lost_in_its_place(calls: list[tuple[int, bytes, bool, int]], breaks: set[int]) -> None:
    run, sockets = Run(options=Options(decode_as={7: "tape"})), Sockets()
    expected = [b"", b""]
    for direction, data, seen, carried in calls:
        sockets.move(direction, data, carried=carried, seen=seen)
        kept = data[:carried] if seen else b""
        expected[direction] += kept + b"." * (len(data) - len(kept))
    run.open()
    begin = 0
    for end in (*sorted(at for at in breaks if at < len(sockets.events)), len(sockets.events)):
        run.take(*sockets.events[begin:end])
        begin = end
    run.close(sockets)
    assert [side.data for side in run.tape.sides] == expected
    assert run.tape.offsets
    (row,) = run.connections()
    assert row["bytes_lost"] == sum(size for side in run.tape.sides for _, size, _ in side.gaps)
    assert row["bytes_sent"] + row["bytes_recv"] + row["bytes_lost"] == sum(map(len, expected))
