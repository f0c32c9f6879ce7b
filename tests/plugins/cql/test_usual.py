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
from pxcap.plugins.cql.usual import Usual, UsualRequests
from pxcap.plugins.cql.wire import CONSISTENCIES, EXECUTE, QUERY

ID = b"i" * 16
MARKERS, _ = Columns().markers(w.columns([("a", w.INT), ("b", w.TEXT)]), 0, with_keys=False)
NONE, _ = Columns().markers(w.columns([]), 0, with_keys=False)
STATEMENTS = {ID: Statement("SELECT ?, ?", MARKERS, Metadata(0)), b"none": Statement("SELECT 1", NONE, Metadata(0))}
CONTEXT = Context(STATEMENTS, 1000, True, False)


def message(data: bytes) -> Message:
    version, flags, stream, opcode = struct.unpack(">BBhB", data[:5])
    return Message(0, version, flags, stream, opcode, len(data) - 9, data[9:], "")


def shown(one: Message, around: bytes = b"") -> Usual | None:
    """With other bytes before and behind it."""
    requests = UsualRequests(STATEMENTS, CONTEXT.limit, CONTEXT.redact)
    buf = around + one.body + around
    return requests.show(buf, len(around), len(around) + one.size, one.opcode, one.version)


def both(data: bytes) -> tuple[object, object]:
    made = shown(message(data))
    if made is not None:
        assert shown(message(data), b"\0\0\0\1ab") == made
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
}
LEFT = {
    "execute without values": w.message(10, w.string(ID) + w.parameters()),
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


def test_plans_are_bounded() -> None:
    requests = UsualRequests({ID: Statement("SELECT ?, ?", MARKERS, Metadata(0))}, 1000, True)
    for level in range(3000):
        body = w.string(ID) + struct.pack(">HBH", level, 1, 2) + w.value(w.number(1)) + w.value(b"x")
        made = requests.show(body, 0, len(body), EXECUTE, 4)
        assert made is not None
        assert json.loads(made[1])["values"] == [1, "x"]
        assert json.loads(made[1])["consistency"] == (CONSISTENCIES[level] if level < 11 else str(level))
    assert 0 < len(requests.plans) <= 1024
    for level in range(600):
        body = w.long_string("SELECT 1") + struct.pack(">HB", level, 0)
        assert requests.show(body, 0, len(body), QUERY, 4)
    assert 0 < len(requests._fronts) <= 256


def test_another_layout_by_agreement() -> None:
    requests = UsualRequests(STATEMENTS, 1000, True)
    body = w.execute(ID, [w.number(1), b"x"])[9:]
    assert requests.show(body, 0, len(body), EXECUTE, 4)
    requests.other = True
    assert requests.show(body, 0, len(body), EXECUTE, 4) is None
