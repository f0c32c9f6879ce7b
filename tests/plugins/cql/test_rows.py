"""Rows as lines, within their room."""

import pytest
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.rows import begun, row_lines
from pxcap.plugins.cql.values import as_hex, integer, text

TYPES = (integer, text)
BODY = b"".join(w.value(w.number(n)) + w.value(b"name %d" % n if n % 3 else None) for n in range(10))


def test_all_rows() -> None:
    lines = row_lines(b"front" + BODY, 5, 10, TYPES, 10_000)
    assert lines == [f"[{n}," + (f'"name {n}"' if n % 3 else "null") + "]" for n in range(10)]


@pytest.mark.parametrize("room", range(12, 160, 7))
def test_no_more_than_there_is_room_for(room: int) -> None:
    lines = row_lines(BODY, 0, 10, TYPES, room)
    every = row_lines(BODY, 0, 10, TYPES, 10_000)
    assert lines
    assert sum(len(line) + 1 for line in lines[:-1]) <= room
    assert lines[:-1] == every[: len(lines) - 1]
    assert lines[-1] == every[len(lines) - 1] or lines[-1].endswith(' bytes)"')


def test_a_body_that_is_cut_ends_with_what_there_is_of_a_row() -> None:
    for end in range(len(BODY)):
        lines = row_lines(BODY[:end], 0, 10, TYPES, 10_000)
        whole = [line for line in lines if line.endswith("]")]
        assert whole == row_lines(BODY, 0, 10, TYPES, 10_000)[: len(whole)]
        assert len(lines) - len(whole) <= 1
    assert row_lines(BODY[:26], 0, 10, TYPES, 10_000) == ["[0,null]", '[1,"na...(6 bytes)"']


def test_a_value_beyond_the_room() -> None:
    body = w.value(w.number(1)) + w.value(b"x" * 100)
    assert row_lines(body, 0, 1, TYPES, 30) == [f'[1,"{"x" * 30}...(100 bytes)"']


def test_no_columns() -> None:
    assert row_lines(b"", 0, 3, (), 100) == ["[]", "[]", "[]"]


def test_begun() -> None:
    assert begun(b"abc", 9, text, 2) == '"ab...(9 bytes)"'
    assert begun(b"\1\2\3\4", 9, as_hex, 4) == '"0x0102...(9 bytes)"'
