"""Values by hand, so that an error that both sides shared would show."""

import struct
from typing import Any

import construct as c
import pytest
from construct import this

from pxcap.core.layout import Invalid, Partial, layout, to_plain

VALUES: dict[str, tuple[Any, bytes, Any]] = {
    "int8": (c.Int8sb, b"\xff", -1),
    "int16": (c.Int16ul, b"\x01\x02", 0x0201),
    "int24": (c.Int24ub, b"\x01\x02\x03", 0x010203),
    "int24 signed": (c.Int24sl, b"\xfe\xff\xff", -2),
    "int40": (c.BytesInteger(5, swapped=True), b"\x01\x00\x00\x00\x01", 0x0100000001),
    "int48 signed": (c.BytesInteger(6, signed=True), b"\xff" * 6, -1),
    "int64": (c.Int64ub, b"\x80" + bytes(7), 1 << 63),
    "int of a length": (
        c.Struct("n" / c.Int8ub, "v" / c.BytesInteger(this.n)),
        b"\x03\x01\x00\x00",
        {"n": 3, "v": 65536},
    ),
    "half": (c.Float16b, b"\x3c\x00", 1.0),
    "float": (c.Float32b, struct.pack(">f", 0.5), 0.5),
    "double": (c.Float64l, struct.pack("<d", 1e300), 1e300),
    "flag": (c.Flag, b"\x02", True),
    "varint": (c.VarInt, b"\xac\x02", 300),
    "longest varint": (c.VarInt, b"\xff" * 9 + b"\x01", 2**64 - 1),
    "zigzag": (c.ZigZag, b"\x03", -2),
    "enum": (c.Enum(c.Int8ub, a=1), b"\x01", "a"),
    "enum, other": (c.Enum(c.Int8ub, a=1), b"\x09", 9),
    "flags": (c.FlagsEnum(c.Int8ub, a=1, b=2, both=3), b"\x02", {"a": False, "b": True, "both": False}),
    "mapping": (c.Mapping(c.Int8ub, {"x": 1}), b"\x01", "x"),
    "bits": (
        c.BitStruct("a" / c.BitsInteger(4, signed=True), c.Padding(3), "b" / c.Flag, "c" / c.BitsInteger(16)),
        b"\xf1\x01\x02",
        {"a": -1, "b": True, "c": 258},
    ),
    "computed": (c.Struct("a" / c.Int8ub, "b" / c.Computed(this.a * 2 + 1)), b"\x03", {"a": 3, "b": 7}),
    "tell": (
        c.Struct("a" / c.CString("ascii"), "b" / c.Int16ub, "at" / c.Tell),
        b"ab\0\0\1",
        {"a": "ab", "b": 1, "at": 5},
    ),
}


@pytest.mark.parametrize(("con", "wire", "value"), VALUES.values(), ids=VALUES.keys())
def test_values(con: Any, wire: bytes, value: Any) -> None:
    made = layout(con, "value")
    assert made.compiled, made.why
    parsed, end = made.parse(b"\xee" + wire + b"\xee", 1)
    assert (to_plain(parsed), end) == (value, 1 + len(wire))
    for cut in range(len(wire)):
        with pytest.raises(Partial):
            made.parse(wire[:cut])


INVALID: dict[str, tuple[Any, bytes]] = {
    "const": (c.Const(b"PB"), b"PX"),
    "const before the end": (c.Struct(c.Const(b"P"), "a" / c.Int32ub), b"X"),
    "mapping": (c.Mapping(c.Int8ub, {"x": 1}), b"\x02"),
    "check": (c.Struct("a" / c.Int8ub, c.Check(this.a < 2), "b" / c.Int64ub), b"\x02"),
    "text": (c.GreedyString("utf8"), b"\xff"),
    "varint without end": (c.VarInt, b"\xff" * 10),
    "integer of no bytes": (c.Struct("n" / c.Int8ub, "v" / c.BytesInteger(this.n)), b"\x00"),
    "error": (c.Error, b""),
    "terminated": (c.Struct("a" / c.Int8ub, c.Terminated), b"ab"),
    "division by zero": (c.Struct("a" / c.Int8ub, "b" / c.Computed(1 // this.a)), b"\x00"),
    "refused by an adapter": (c.OneOf(c.Int8ub, [1]), b"\x02"),
}


@pytest.mark.parametrize(("con", "wire"), INVALID.values(), ids=INVALID.keys())
def test_invalid(con: Any, wire: bytes) -> None:
    made = layout(con, "invalid")
    assert made.compiled, made.why
    with pytest.raises(Invalid):
        made.parse(wire)
