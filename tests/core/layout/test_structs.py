from typing import Any

import construct as c
import pytest
from construct import this

from pxcap.core.layout import Invalid, Partial, layout, to_plain
from pxcap.core.layout.structs import find_units, strip_units

VALUES: dict[str, tuple[Any, bytes, Any]] = {
    "nested": (
        c.Struct("a" / c.Struct("b" / c.Int8ub), "c" / c.Bytes(this.a.b)),
        b"\x02hi",
        {"a": {"b": 2}, "c": b"hi"},
    ),
    "unnamed": (c.Struct(c.Struct("b" / c.Int8ub), "c" / c.Int8ub), b"\x01\x02", {"c": 2}),
    "outer": (
        c.Struct("n" / c.Int8ub, "in" / c.Struct("b" / c.Bytes(this._.n))),
        b"\x01x",
        {"n": 1, "in": {"b": b"x"}},
    ),
    "sequence": (c.Sequence(c.Int8ub, "n" / c.Int8ub, c.Bytes(this.n)), b"\x09\x01x", [9, 1, b"x"]),
    "focused": (c.FocusedSeq("v", "n" / c.Int8ub, "v" / c.Bytes(this.n)), b"\x01x", b"x"),
    "prefixed": (c.Prefixed(c.Int8ub, c.Struct("a" / c.Int8ub)), b"\x03\x01\xff\xff", {"a": 1}),
    "including its length": (c.Prefixed(c.Int16ub, c.GreedyBytes, includelength=True), b"\x00\x04hi", b"hi"),
    "fixed": (c.FixedSized(3, c.Int8ub), b"\x01\xff\xff", 1),
    "padded string": (c.PaddedString(4, "utf8"), b"a\0\0\0", "a"),
    "string of a length": (c.PascalString(c.Int8ub, "utf8"), b"\x02\xc3\xa9", "\xe9"),
    "string to a null": (c.CString("utf8"), b"abc\0", "abc"),
    "wide string": (c.CString("utf-16-le"), b"a\0\0\x01\0\0", "a\u0100"),
    "stop": (c.Struct("a" / c.Int8ub, c.StopIf(this.a == 1), "b" / c.Int8ub), b"\x01", {"a": 1, "b": None}),
    "padding": (c.Struct(c.Padding(2), "a" / c.Int8ub), b"\xff\xff\x01", {"a": 1}),
    "padded": (c.Padded(4, c.CString("ascii")), b"a\0\xff\xff", "a"),
    "aligned": (c.Aligned(4, c.CString("ascii")), b"a\0\xff\xff", "a"),
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


@pytest.mark.parametrize(
    ("con", "wire"),
    [
        (c.Prefixed(c.Int8ub, c.Int32ub), b"\x03\x01\x02\x03"),
        (c.Prefixed(c.Int8ub, c.Int8ub, includelength=True), b"\x00"),
        (c.Prefixed(c.Int8sb, c.GreedyBytes), b"\xff"),
        (c.Prefixed(c.Int8ub, c.CString("ascii")), b"\x01a"),
        (c.Padded(2, c.CString("ascii")), b"abc\0"),
    ],
)
def test_over_a_known_end_is_invalid(con: Any, wire: bytes) -> None:
    with pytest.raises(Invalid):
        layout(con, "over").parse(wire)


def test_hostile_length_asks_for_bytes_and_allocates_none() -> None:
    made = layout(c.Struct("n" / c.Int64ub, "v" / c.Bytes(this.n)), "hostile")
    with pytest.raises(Partial) as raised:
        made.parse(b"\xff" * 8 + b"abc")
    assert raised.value.need == 2**64 - 1 - 3


def test_need_covers_the_whole_run() -> None:
    made = layout(c.Struct("a" / c.Int32ub, "b" / c.Int32ub, "c" / c.Struct("d" / c.Int16ub)), "run")
    with pytest.raises(Partial) as raised:
        made.parse(b"\x00")
    assert raised.value.need == 9


def test_units() -> None:
    assert find_units(b"xxa\0\0\0b", b"\0\0", 2, 7) == 4
    assert find_units(b"a\0\0b", b"\0\0", 0, 4) == -1
    assert strip_units(b"a\0\0\0\0\0", b"\0\0") == b"a\0"
    assert strip_units(b"ab\0", b"\0\0") == b"ab"
