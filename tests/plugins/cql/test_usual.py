"""The short way shows what the walk shows, or leaves it to the walk."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.metadata import Columns
from pxcap.plugins.cql.requests import Context, show_request
from pxcap.plugins.cql.types import Message, Metadata, Statement
from pxcap.plugins.cql.usual import usual
from pxcap.plugins.cql.wire import CONSISTENCIES

ID = b"i" * 16
MARKERS, _ = Columns().markers(w.columns([("a", w.INT), ("b", w.TEXT)]), 0, with_keys=False)
NONE, _ = Columns().markers(w.columns([]), 0, with_keys=False)
STATEMENTS = {ID: Statement("SELECT ?, ?", MARKERS, Metadata(0)), b"none": Statement("SELECT 1", NONE, Metadata(0))}
CONTEXT = Context(STATEMENTS, 1000, True, False)


def message(data: bytes) -> Message:
    version, flags, stream, opcode, size = struct.unpack(">BBhBI", data[:9])
    return Message(0, version, flags, stream, opcode, size, data[9:], "")


def both(data: bytes) -> tuple[object, object]:
    made = usual(message(data), STATEMENTS, CONTEXT.limit, CONTEXT.redact)
    walked = show_request(message(data), CONTEXT)
    return made and (made[0], made[1]), (walked.text, walked.params)


TAIL = w.number(100) + struct.pack(">q", 1_700_000_000_000_000)
TAKEN = {
    "query": w.query("SELECT 1"),
    "query with options": w.query("SELECT 1", params=w.parameters(0x26, TAIL)),
    "query of v5": w.query("SELECT 1", version=5),
    "password": w.query("CREATE ROLE r WITH PASSWORD = 'x'"),
    "execute": w.execute(ID, [w.number(1), b"x"]),
    "execute of v5": w.execute(ID, [w.number(1), b"x"], version=5),
    "execute with options": w.message(10, w.string(ID) + w.parameters(0x27, w.values(w.number(1), b"y") + TAIL)),
    "execute without values": w.message(10, w.string(ID) + w.parameters()),
}
LEFT = {
    "unknown statement": w.execute(b"other", [w.number(1)]),
    "no markers": w.execute(b"none", []),
    "NULL": w.execute(ID, [w.number(1), None]),
    "not set": w.message(10, w.string(ID) + w.parameters(1, b"\0\2" + w.value(w.number(1)) + w.number(-2))),
    "fewer values": w.execute(ID, [w.number(1)]),
    "a long value": w.execute(ID, [w.number(1), b"x" * 2000]),
    "a long statement": w.query("SELECT '" + "x" * 2000 + "'"),
    "values without types": w.query("SELECT ?", params=w.parameters(1, w.values(b"x"))),
    "paging state": w.query("SELECT 1", params=w.parameters(8, w.value(b"page"))),
    "batch": w.batch(0, []),
    "cut": w.query("SELECT 1")[:-1],
}


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name: str) -> None:
    made, walked = both(TAKEN[name])
    assert made == walked


@pytest.mark.parametrize("name", LEFT)
def test_left(name: str) -> None:
    assert both(LEFT[name])[0] is None


@given(st.sampled_from([*TAKEN.values(), *LEFT.values()]), st.integers(0, 80), st.integers(0, 255), st.booleans())
def test_damaged(data: bytes, at: int, byte: int, cut: bool) -> None:
    at = 9 + at % (len(data) - 9)
    damaged = data[:at] if cut else data[:at] + bytes([byte]) + data[at + 1 :]
    made, walked = both(damaged)
    assert made in (None, walked)
    if made:
        json.loads(made[1])  # type: ignore[index]


def test_fronts_are_bounded_and_belong_to_a_statement() -> None:
    statement = Statement("SELECT ?, ?", MARKERS, Metadata(0))
    for level in range(600):
        body = w.string(ID) + struct.pack(">HBH", level, 1, 2) + w.value(w.number(1)) + w.value(b"x")
        made = usual(message(w.message(10, body)), {ID: statement}, 1000, True)
        assert made is not None
        assert json.loads(made[1])["values"] == [1, "x"]
        assert json.loads(made[1])["consistency"] == (CONSISTENCIES[level] if level < 11 else str(level))
    assert 0 < len(statement.fronts) <= 8
