"""Responses as text; fixtures/cql/queries and segments show all of it on the wire."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.metadata import Columns
from pxcap.plugins.cql.responses import ResponseReader, event_text
from pxcap.plugins.cql.types import Answer, Message, Metadata, Statement
from pxcap.plugins.cql.wire import RESPONSES

PAIRS = [("id", w.INT), ("name", w.TEXT)]


def read(data: bytes, statement: Statement | None = None, limit: int = 10_000, redact: bool = True) -> Answer:
    version, flags, stream, opcode, size = struct.unpack(">BBhBI", data[:9])
    message = Message(0, version & 0x7F, flags, stream, opcode, size, data[9:], "")
    return ResponseReader(limit, redact).read(message, statement, False)


def test_rows() -> None:
    answer = read(w.rows(PAIRS, [[w.number(1), b"x"]]))
    assert answer == Answer('Rows = 1\n["id","name"]\n[1,"x"]', None, 1, True)


def test_rows_without_metadata_take_that_of_the_statement() -> None:
    columns, _ = Columns().result(w.columns(PAIRS), 0)
    bare = w.answer(8, w.rows_body(PAIRS, [[w.number(1), b"x"]], flags=4))
    assert read(bare, Statement("", Metadata(0), columns)).text == 'Rows = 1\n["id","name"]\n[1,"x"]'
    assert read(bare).text == "Rows = 1\ncolumns: 2, not described"


def test_metadata_that_changed_is_that_of_the_statement_from_then_on() -> None:
    statement = Statement("", Metadata(0), Metadata(0))
    changed = w.answer(8, w.rows_body(PAIRS, [], 1 | 8, w.string("new")), version=5)
    assert read(changed, statement).rows == 0
    assert statement.result.names == ("id", "name")


def test_rows_beyond_the_limit_are_counted() -> None:
    answer = read(w.rows(PAIRS, [[w.number(n), b"x" * 5000] for n in range(100)]), limit=20_000)
    assert answer.rows == 100
    assert answer.text is not None
    assert answer.text.splitlines()[-1] == "...(98 more)"


@pytest.mark.parametrize(("limit", "shown"), [(65536, 8), (16384, 2), (500, 1)])
def test_of_many_rows_the_first_are_shown(limit: int, shown: int) -> None:
    answer = read(w.rows(PAIRS, [[w.number(n), None] for n in range(100)]), limit=limit)
    assert answer.rows == 100
    assert answer.text == "\n".join(
        ["Rows = 100", '["id","name"]', *(f"[{n},null]" for n in range(shown)), f"...({100 - shown} more)"]
    )


ROWS = st.lists(st.lists(st.one_of(st.none(), st.binary(max_size=12)), min_size=2, max_size=2), max_size=12)


@given(ROWS, st.sampled_from([0, 1, 4]), st.integers(0, 200), st.integers(0, 255), st.integers(100, 40_000))
def test_the_short_way_shows_the_same(
    rows: list[list[bytes | None]], flags: int, at: int, byte: int, limit: int
) -> None:
    columns, _ = Columns().result(w.columns(PAIRS), 0)
    statement = Statement("", Metadata(0), columns)
    reader = ResponseReader(limit, True)
    data = w.rows(PAIRS, [[w.number(1), b"x"]])[9:]
    reader.read(Message(0, 4, 0, 0, 8, len(data), data, ""), None, False)
    body = bytearray(w.rows_body(PAIRS, rows, flags))
    if at < len(body):
        body[at] = byte
    made = reader.usual(bytes(body), 0, len(body), statement)
    message = Message(0, 4, 0, 0, 8, len(body), bytes(body), "")
    walked = ResponseReader(limit, True).read(message, statement, False)
    assert made in (None, (walked.text, walked.rows))
    assert made == reader.usual(b"ab" + body + data, 2, 2 + len(body), statement)


def test_the_short_way_takes_rows_like_those_before() -> None:
    reader = ResponseReader(65536, True)
    body = w.rows(PAIRS, [[w.number(n), b"x"] for n in range(9)])[9:]
    assert reader.usual(body, 0, len(body), None) is None
    walked = reader.read(Message(0, 4, 0, 0, 8, len(body), body, ""), None, False)
    assert reader.usual(body, 0, len(body), None) == (walked.text, 9)
    columns, _ = Columns().result(w.columns(PAIRS), 0)
    bare = w.rows_body(PAIRS, [[w.number(1), b"x"]], flags=4)
    statement = Statement("", Metadata(0), columns)
    assert reader.usual(bare, 0, len(bare), statement) == ('Rows = 1\n["id","name"]\n[1,"x"]', 1)
    assert reader.usual(bare, 0, len(bare), Statement("", Metadata(0), Metadata(3))) is None
    for end in (*range(16), len(bare) - 1):  # whatever lies behind the body
        assert reader.usual(bare, 0, end, statement) is None


def test_known_fronts_are_bounded() -> None:
    reader = ResponseReader(1000, True)
    for n in range(600):
        body = w.rows([(f"column{n}", w.INT)], [])[9:]
        reader.read(Message(0, 4, 0, 0, 8, len(body), body, ""), None, False)
    assert 0 < len(reader._known) <= 256


@pytest.mark.parametrize("count", [-1, 2**31 - 1, 3])
def test_a_count_without_the_bytes_for_it(count: int) -> None:
    body = struct.pack(">i", 2) + w.columns(PAIRS) + struct.pack(">i", count) + bytes(8)
    assert read(w.answer(8, body)) == Answer("RESULT", None, None, False)


def test_what_the_flags_announce() -> None:
    payload = b"\0\1" + w.string("k") + w.value(b"\1")
    body = bytes(16) + b"\0\1" + w.string("careful") + payload + w.number(1)
    assert read(w.answer(8, body, flags=0x0E)).text == (
        'Void\ntracing_id: 00000000-0000-0000-0000-000000000000\nwarnings: ["careful"]\ncustom_payload: {"k":"0x01"}'
    )


def test_other_results() -> None:
    assert read(w.answer(8, w.number(3) + w.string("ks"))).text == "Set_keyspace ks"
    change = w.string("DROPPED") + w.string("FUNCTION") + w.string("ks") + w.string("f") + b"\0\1" + w.string("int")
    assert read(w.answer(8, w.number(5) + change)).text == "Schema_change DROPPED FUNCTION ks.f(int)"
    reader = ResponseReader(1000, True)
    data = w.prepared(b"id", PAIRS, PAIRS)
    reader.read(Message(0, 4, 0, 0, 8, len(data) - 9, data[9:], ""), None, False)
    assert reader.prepared is not None
    assert (reader.prepared[0], reader.prepared[1].markers.names) == (b"id", ("id", "name"))


def test_tokens_are_hidden() -> None:
    assert read(w.answer(14, w.value(b"sesame"))).text == "AUTH_CHALLENGE\n[redacted]"
    assert read(w.answer(14, w.value(b"sesame")), redact=False).text == "AUTH_CHALLENGE\nsesame"
    assert read(w.answer(16, w.value(None))).text == "AUTH_SUCCESS"


def test_events() -> None:
    node = w.string("TOPOLOGY_CHANGE") + w.string("NEW_NODE") + b"\x10" + bytes(15) + b"\1" + w.number(9042)
    assert event_text(node, 0) == "TOPOLOGY_CHANGE NEW_NODE [::1]:9042"
    assert event_text(w.string("FUTURE"), 0) == "FUTURE"


@given(st.sampled_from(sorted(RESPONSES)), st.integers(1, 6), st.integers(0, 31), st.binary(max_size=60))
def test_any_bytes(opcode: int, version: int, flags: int, body: bytes) -> None:
    answer = ResponseReader(100, True).read(Message(0, version, flags, 0, opcode, len(body), body, ""), None, False)
    assert answer.text is not None
