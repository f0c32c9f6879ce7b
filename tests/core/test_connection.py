"""From first bytes to last: recognition, what is held meanwhile, and what the person overrides."""

from dataclasses import replace

import pytest
from tests.core.toy import TOY, ToyParser

from pxcap.core.connection import HELD_BYTES, Connection
from pxcap.core.errors import UsageError
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.protocol import LOST, Row
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink
from pxcap.core.stream import Chunk
from pxcap.core.vantage import Vantage

ENDS = (("192.0.2.1", 40000), ("192.0.2.2", 7000))


def pipeline(sink: MemorySink, options: Options | None = None) -> Pipeline:
    registry = Registry()
    registry.add(TOY, "tests")
    registry.add(replace(TOY, name="other", table="other_events", recognise=lambda sample: 0), "tests")
    return Pipeline(registry, sink, options or Options())


def data(text: bytes, offset: int = 0, time: int = 1) -> Chunk:
    return Chunk(text, offset, [offset], [time])


def test_bytes_held_before_recognition_reach_the_parser() -> None:
    sink = MemorySink()
    shared = pipeline(sink)
    connection = Connection(shared, "tcp", ENDS, 0, False)
    for at, letter in enumerate(b"Qone"):
        connection.data(0, data(bytes([letter]), at, at))
    assert connection.parser is None
    connection.data(0, data(b"\n", 4, 4))
    connection.data(1, data(b"Aone\n", 0, 9))
    shared.flush()
    assert sink.tables["toy_events"] == [
        (0, "", "192.0.2.1", 40000, "192.0.2.2", 7000, 2, False, "one", "one", 9, ""),
    ]


def test_tls_begins_behind_clear_text_and_the_parser_goes_on() -> None:
    sink = MemorySink()
    shared = pipeline(sink)
    connection = Connection(shared, "tcp", ENDS, 0, False, Vantage("n:1:1", opened=1))
    connection.data(0, data(b"Qone\nQtw", 0, 1))
    connection.data(1, data(b"Aone\n", 0, 2))
    assert not connection.enter_tls(3, whole=True)
    connection.data(0, data(b"o\n", 8, 4))
    connection.data(1, data(b"Atwo\n", 5, 5))
    connection.finish(6, closed=True)
    shared.flush()
    assert [(row[7], row[8], row[9]) for row in sink.tables["toy_events"]] == [(0, "one", "one"), (1, "two", "two")]


@pytest.mark.parametrize("forced", [False, True])
def test_inside_tls_is_another_conversation_where_nobody_reads(forced: bool) -> None:
    sink = MemorySink()
    shared = pipeline(sink, Options(decode_as={7000: "toy"} if forced else {}))
    connection = Connection(shared, "tcp", ENDS, None, False, Vantage("n:1:1", opened=1, encrypted=True))
    connection.give_up(0)
    assert connection.enter_tls(3, whole=True)
    connection.data(0, data(b"Qone\n", 0, 4))
    connection.data(1, data(b"Aone\n", 0, 5))
    shared.flush()
    assert [(row[6:9], row[-1]) for row in sink.tables["toy_events"]] == [((1, 1, "one"), "")]


def test_what_came_before_tls_was_joined_was_ciphertext() -> None:
    shared = pipeline(MemorySink())
    connection = Connection(shared, "tcp", ENDS, 0, True, Vantage("n:1:1"))
    connection.data(0, data(b"\x17\x03\x03", 0, 1))
    connection.gap(1, 5, 2, LOST)
    assert connection.enter_tls(3, whole=False)
    assert (connection.sent, connection.lost, connection.midstream, connection.settled) == ([0, 0], [0, 0], True, False)


def test_an_unknown_protocol_is_given_up_and_counted() -> None:
    shared = pipeline(MemorySink())
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"Q" + b"x" * HELD_BYTES))
    assert connection.settled
    assert connection.parser is None
    connection.data(0, data(b"more", HELD_BYTES + 1))
    connection.finish(5, closed=True)
    assert (shared.unrecognised, connection.sent) == (1, [HELD_BYTES + 5, 0])


def test_midstream_recognises_a_later_segment() -> None:
    sink = MemorySink()
    shared = pipeline(sink)
    connection = Connection(shared, "tcp", ENDS, None, True)
    connection.data(1, data(b"tail of something\n", 0, 1))
    connection.data(1, data(b"Qask\n", 18, 2))
    assert connection.flip == 1
    connection.data(0, data(b"Aask\n", 0, 3))
    connection.finish(5, closed=False)
    shared.flush()
    assert [row[2:6] + row[8:10] for row in sink.tables["toy_events"]] == [
        ("192.0.2.2", 7000, "192.0.2.1", 40000, "ask", "ask")
    ]


def test_decode_as_overrides_content_and_role() -> None:
    shared = pipeline(MemorySink(), Options(decode_as={40000: "other"}))
    connection = Connection(shared, "tcp", ENDS, None, True)
    assert connection.settled
    assert connection.flip == 1


def test_only_leaves_the_others_alone() -> None:
    sink = MemorySink()
    shared = pipeline(sink, Options(only=frozenset({"other"})))
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"Qone\n"))
    connection.finish(5, closed=True)
    shared.flush()
    assert sink.tables == {}
    assert shared.unrecognised == 0


@pytest.mark.parametrize("options", [Options(only=frozenset({"nope"})), Options(decode_as={1: "nope"})])
def test_unknown_protocols_in_options_are_refused(options: Options) -> None:
    with pytest.raises(UsageError, match="unknown protocol 'nope'"):
        pipeline(MemorySink(), options)


def test_losses_are_counted_whatever_the_protocol() -> None:
    shared = pipeline(MemorySink())
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.gap(0, 100, 1, LOST)
    connection.data(0, data(b"Qone\n", 100))
    connection.finish(5, closed=True)
    assert shared.tables["toy_events"].bytes_lost == 100


@pytest.mark.parametrize("counted", [3, {"odd": "many"}, None])
def test_what_a_plugin_counts_need_not_be_counts(counted: object) -> None:
    class Odd(ToyParser):
        def feed(self, side: int, chunk: Chunk) -> list[Row]:
            self.errors = counted  # type: ignore[assignment]
            return []

    registry = Registry()
    registry.add(replace(TOY, parser=Odd), "tests")
    shared = Pipeline(registry, MemorySink(), Options())
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"Qone\n", 0))
    connection.finish(5, closed=True)
    assert len(shared.plugin_failures) == 1
    assert shared.errors == {}


@pytest.mark.parametrize("returned", [[3], [()], 7])
def test_what_a_plugin_returns_need_not_be_rows(returned: object) -> None:
    class Odd(ToyParser):
        def feed(self, side: int, chunk: Chunk) -> list[Row]:
            return returned  # type: ignore[return-value]

    sink = MemorySink()
    registry = Registry()
    registry.add(replace(TOY, parser=Odd), "tests")
    shared = Pipeline(registry, sink, Options())
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"Qone\n"))
    connection.data(0, data(b"Qtwo\n", 5))
    connection.finish(5, closed=True)
    shared.flush()
    assert sink.tables == {}
    assert sum(shared.plugin_failures.values()) == 1


def test_a_row_of_another_length_goes_on_for_the_store_to_name() -> None:
    class Short(ToyParser):
        def feed(self, side: int, chunk: Chunk) -> list[Row]:
            return [(1, "only")]

    sink = MemorySink()
    registry = Registry()
    registry.add(replace(TOY, parser=Short), "tests")
    shared = Pipeline(registry, sink, Options())
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"Qone\n"))
    connection.finish(5, closed=True)
    shared.flush()
    assert sink.tables == {"toy_events": [(1, "", *ENDS[0], *ENDS[1], 2, 0, "only")]}
    assert not shared.plugin_failures


def test_a_process_s_connection_stands_where_the_process_is() -> None:
    sink = MemorySink()
    connection = Connection(pipeline(sink), "tcp", ENDS, 1, False, Vantage("node:1:2", 77, True, 5))
    assert (connection.began, connection.opened, connection.place.role) == (5, True, 2)
    connection.data(1, data(b"Qone\n", 0, 6))
    connection.data(0, data(b"Aone\n", 0, 7))
    assert connection.place.columns == ("node:1:2", "192.0.2.2", 7000, "192.0.2.1", 40000, 2, 1)


def test_the_role_of_a_stranger_stays_unknown() -> None:
    connection = Connection(pipeline(MemorySink()), "tcp", ENDS, None, True, Vantage("node:1:2"))
    connection.data(0, data(b"nothing we know\n", 0, 6))
    assert (connection.began, connection.place.role) == (6, 4)
    connection.finish(7, closed=False)
    assert connection.place.role == 4


def test_giving_up_before_recognition() -> None:
    shared = pipeline(MemorySink())
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"Qon"))
    assert not connection.given_up
    connection.give_up(2)
    connection.data(0, data(b"e\n", 3))
    assert connection.given_up
    connection.finish(5, closed=True)
    assert (shared.records(), connection.sent) == (0, [5, 0])


def test_giving_up_tells_what_is_open_and_what_was_wrong() -> None:
    sink = MemorySink()
    shared = pipeline(sink)
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"Qone\nnot a line\n", 0, 1))
    connection.give_up(2)
    connection.give_up(3)
    assert connection.given_up
    connection.data(1, data(b"Aone\n", 0, 4))
    connection.finish(5, closed=True)
    shared.flush()
    assert [row[8:] for row in sink.tables["toy_events"]] == [("one", None, None, "no_response")]
    assert shared.errors == {"toy: not a line of this side": 1}
    assert connection.spec is TOY


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_header_of_the_proxy_protocol_is_left_out(size: int) -> None:
    sink = MemorySink()
    shared = pipeline(sink)
    connection = Connection(shared, "tcp", ENDS, 0, False)
    text = b"PROXY TCP4 192.0.2.9 192.0.2.2 1 7000\r\nQone\n"
    for at in range(0, len(text), size):
        connection.data(0, data(text[at : at + size], at, at))
    connection.data(1, data(b"Aone\n", 0, 99))
    connection.finish(100, closed=True)
    shared.flush()
    assert [row[8:10] for row in sink.tables["toy_events"]] == [("one", "one")]
    assert connection.sent == [len(text), 5]


def test_a_header_of_the_proxy_protocol_may_come_before_a_server_speaks_first() -> None:
    sink = MemorySink()
    shared = pipeline(sink)
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.data(0, data(b"PROXY UNKNOWN\r\n", 0, 1))
    connection.data(1, data(b"Aone\n", 0, 2))
    connection.data(0, data(b"Qtwo\n", 15, 3))
    connection.finish(4, closed=True)
    shared.flush()
    assert [row[8:10] for row in sink.tables["toy_events"]] == [(None, "one"), ("two", None)]


def test_what_comes_behind_a_lost_beginning_is_no_header() -> None:
    sink = MemorySink()
    shared = pipeline(sink)
    connection = Connection(shared, "tcp", ENDS, 0, False)
    connection.gap(0, 3, 1, LOST)
    connection.data(0, data(b"PROXY UNKNOWN\r\n", 3, 1))
    assert [event[0] for event in connection._held] == ["gap", "data"]
