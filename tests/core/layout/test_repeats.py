from typing import Any

import construct as c
import pytest
from construct import obj_, this

from pxcap.core.layout import Invalid, Partial, layout, to_plain
from pxcap.core.layout.limits import EMPTY_LIMIT

POINT = c.Struct("x" / c.Int8ub, "y" / c.Int8ub)
VALUES: dict[str, tuple[Any, bytes, Any]] = {
    "constant": (c.Array(3, c.Int16ub), b"\0\1\0\2\0\3", [1, 2, 3]),
    "many": (c.Array(20, c.Int8sb), b"\xff" * 20, [-1] * 20),
    "bytes": (c.PrefixedArray(c.Int8ub, c.Int8ub), b"\2\5\6", [5, 6]),
    "numbers": (c.PrefixedArray(c.Int8ub, c.Int32ul), b"\1\5\0\0\0", [5]),
    "structs": (c.PrefixedArray(c.Int8ub, POINT), b"\2\1\2\3\4", [{"x": 1, "y": 2}, {"x": 3, "y": 4}]),
    "of no fixed size": (c.PrefixedArray(c.Int8ub, c.CString("ascii")), b"\2a\0\0", ["a", ""]),
    "none": (c.PrefixedArray(c.Int8ub, POINT), b"\0", []),
    "until": (c.RepeatUntil(obj_ == 0, c.Int8ub), b"\2\1\0", [2, 1, 0]),
    "until an item": (c.RepeatUntil(obj_.y == 0, POINT), b"\2\0", [{"x": 2, "y": 0}]),
}


@pytest.mark.parametrize(("con", "wire", "value"), VALUES.values(), ids=VALUES.keys())
def test_values(con: Any, wire: bytes, value: Any) -> None:
    made = layout(con, "value")
    assert made.compiled, made.why
    for data in (b"\xee" + wire + b"\xee", memoryview(b"\xee" + wire + b"\xee")):
        parsed, end = made.parse(data, 1)
        assert (to_plain(parsed), end) == (value, 1 + len(wire))
    for cut in range(len(wire)):
        with pytest.raises(Partial):
            made.parse(wire[:cut])


def test_range_takes_what_is_there() -> None:
    assert layout(c.GreedyRange(c.Int16ub), "range").parse(b"\0\1\0\2\0") == ([1, 2], 4)
    assert layout(c.GreedyRange(c.Const(b"a")), "range").parse(b"aab") == ([b"a", b"a"], 2)
    assert layout(c.GreedyRange(c.Pass), "range").parse(b"a") == ([], 0)


@pytest.mark.parametrize("element", [c.Int8ub, c.Int64ub, POINT, c.CString("utf8")])
def test_hostile_count_fails_at_once(element: Any) -> None:
    made = layout(c.PrefixedArray(c.Int64ub, element), "hostile")
    for parse in (made.parse, made.interpret):
        with pytest.raises(Partial) as raised:
            parse(b"\x7f" + b"\xff" * 7 + bytes(100))
        assert raised.value.need >= 2**63 - 1 - 100


def test_negative_count_is_invalid() -> None:
    with pytest.raises(Invalid):
        layout(c.PrefixedArray(c.Int8sb, c.Int8ub), "negative").parse(b"\xff")
    with pytest.raises(Invalid):
        layout(c.Array(-1, c.Int8ub), "negative").parse(b"\xff")


EMPTY: dict[str, Any] = {
    "array": c.PrefixedArray(c.Int32ub, c.Computed(0)),
    "nested": c.Struct("n" / c.Int16ub, "m" / c.Int16ub, "a" / c.Array(this.m, c.Array(this.m, c.Pass))),
    "until": c.RepeatUntil(obj_ == 1, c.Computed(0)),
}


@pytest.mark.parametrize("con", EMPTY.values(), ids=EMPTY.keys())
def test_elements_that_take_no_bytes_are_bounded(con: Any) -> None:
    made = layout(con, "empty")
    assert made.compiled, made.why
    for parse in (made.parse, made.interpret):
        with pytest.raises(Invalid):
            parse(b"\x00\x01\x00\x01" if con is EMPTY["array"] else b"\x00\x01\xff\xff")


def test_so_many_empty_elements_are_allowed() -> None:
    made = layout(c.PrefixedArray(c.Int32ub, c.Pass), "empty")
    assert len(made.parse(EMPTY_LIMIT.to_bytes(4, "big"))[0]) == EMPTY_LIMIT
