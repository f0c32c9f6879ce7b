"""The written loops give what the cells one by one give, whatever the columns and the bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.plugins.cql import fast, rows, values
from pxcap.plugins.cql.types import Decode

DECODERS = [kind.decode for kind in values.NATIVE.values()]
SIZES = {decode: one.size for decode, one in fast._FIXED.items()}


def cell(decode: Decode) -> st.SearchStrategy[bytes | None]:
    right = st.binary(min_size=SIZES.get(decode, 0), max_size=SIZES.get(decode, 12))
    return st.one_of(right, right, right, st.none(), st.binary(max_size=40), st.just(b"a\0b"))


@st.composite
def results(draw: st.DrawFn) -> tuple[list[Decode], bytes, int]:
    decoders = draw(st.lists(st.sampled_from(DECODERS), min_size=1, max_size=8))
    count = draw(st.integers(0, 5))
    body = b"".join(w.value(draw(cell(decode))) for _ in range(count) for decode in decoders)
    return decoders, body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body, count


def one_by_one(monkeypatch: Any, *arguments: Any) -> list[str]:
    with monkeypatch.context() as patch:
        patch.setattr(rows, "loop_for", lambda decoders: None)
        return rows.row_lines(*arguments)


@given(results(), st.integers(1, 400))
def test_as_one_by_one(result: tuple[list[Decode], bytes, int], room: int) -> None:
    decoders, body, count = result
    with pytest.MonkeyPatch.context() as patch:
        assert rows.row_lines(body, 0, count, decoders, room) == one_by_one(patch, body, 0, count, decoders, room)


def test_a_loop_takes_whole_rows_and_says_where_it_stopped() -> None:
    decoders = (values.integer, values.text)
    body = w.value(w.number(1)) + w.value(b"x") + w.value(w.number(2)) + w.value(None)
    lines: list[str] = []
    loop = fast.loop_for(decoders)
    assert loop is not None
    assert loop(body + b"\0", 0, len(body) + 1, 5, 100, decoders, lines) == (len(body), 100)
    assert [json.loads(line) for line in lines] == [[1, "x"], [2, None]]


@pytest.mark.parametrize("decode", [values.varint, values.text])
@pytest.mark.parametrize("data", [bytes(600), "ж".encode() * 300, b"x" * 600])
@pytest.mark.parametrize("room", [30, 299, 350, 700, 1000, 5000])
def test_values_count_by_their_bytes_however_short_their_text(decode: Decode, data: bytes, room: int) -> None:
    body = w.value(w.number(1)) + w.value(data) + w.value(w.number(2)) + w.value(b"y")
    arguments = (body, 0, 2, (values.integer, decode), room)
    with pytest.MonkeyPatch.context() as patch:
        assert rows.row_lines(*arguments) == one_by_one(patch, *arguments)


def test_loops_are_shared_and_bounded() -> None:
    assert fast.loop_for((values.integer, values.text)) is fast.loop_for((values.integer, values.text))
    assert fast.loop_for((values.integer,)) is not fast.loop_for((values.text,))
    assert fast.loop_for(()) is None
    assert fast.loop_for((values.integer,) * 65) is None
    for n in range(600):
        fast.loop_for([DECODERS[n >> shift & 15] for shift in (0, 4, 8)])
    assert len(fast._loops) <= 512


def test_binds_are_shared_bounded_and_for_flags_that_are_known() -> None:
    kinds = (values.integer, values.text)
    assert fast.bind_for(kinds, 36) is fast.bind_for(kinds, 36)
    assert fast.bind_for(kinds, 4) is not fast.bind_for(kinds, 32)
    assert fast.bind_for(kinds, 8) is None
    assert fast.bind_for((), 0) is None
    for n in range(600):
        fast.bind_for([DECODERS[n >> shift & 15] for shift in (0, 4, 8)], 0)
    assert len(fast._binds) <= 512


@pytest.mark.parametrize("flags", [0, 4, 32, 36])
@pytest.mark.parametrize("last", [(values.integer, 4), (values.text, 2), (values.as_hex, 2)])
def test_a_bind_shows_values_and_options_to_the_end_and_nothing_odd(last: tuple[Decode, int], flags: int) -> None:
    kinds = (values.text, values.boolean, last[0])
    size, stamp = w.number(5000), bytes(7) + b"\x09"
    tail = (size if flags & 4 else b"") + (stamp if flags & 32 else b"")
    cells = [b"x", b"\1", bytes(last[1] - 1) + b"a"]
    body = b"".join(map(w.value, cells)) + tail
    bind = fast.bind_for(kinds, flags)
    assert bind is not None
    made = bind(b"--" + body + b"--", 2, 2 + len(body), 99, kinds, "{")
    if last[0] is values.text:  # a NUL is left to the walk
        assert made is None
        body = body.replace(b"\0a", b"ba")
        made = bind(body, 0, len(body), 99, kinds, "{")
    assert made is not None
    found = json.loads(made)
    assert found.pop("values")[:2] == ["x", True]
    assert found == ({"page_size": 5000} if flags & 4 else {}) | ({"timestamp": 9} if flags & 32 else {})
    assert bind(body + b"-", 0, len(body) + 1, 99, kinds, "{") is None
    null = w.value(None) + body[5:]
    assert bind(null, 0, len(null), 99, kinds, "{") is None


def test_cells_refuse_what_is_cut() -> None:
    assert fast.cells(w.value(b"ab") + w.value(None), 0, 10, (values.text, values.text), 9) == (['"ab"', "null"], 10)
    with pytest.raises(IndexError):
        fast.cells(w.value(b"ab" * 9), 0, 22, (values.text,), 1)
    with pytest.raises(IndexError):
        fast.cells(w.value(b"ab"), 0, 5, (values.text,), 9)
