"""Declarations that between them hold every construct the compiler knows."""

from typing import Any

import construct as c
from construct import len_, list_, obj_, this

POINT = c.Struct("x" / c.Int16ub, "y" / c.Int16ub)
ENUM = c.Enum(c.Int8ub, read=1, write=2)


def _as_is(number: int) -> int:
    return number


class Doubled(c.Adapter):  # type: ignore[type-arg]
    def _decode(self, obj: Any, context: Any, path: Any) -> Any:
        if obj == 255:
            raise c.ValidationError("255")
        return obj * 2


SHAPES: dict[str, Any] = {
    "one byte": c.Int8ub,
    "two orders in one run": c.Struct(
        "a" / c.Int16ub, "b" / c.Int32ul, "c" / c.Int8sb, "d" / c.Int64sb, "e" / c.Int16un
    ),
    "floats": c.Struct("a" / c.Float16b, "b" / c.Float32l, "c" / c.Float64b, "d" / c.Float32n),
    "odd integers": c.Struct(
        "a" / c.Int24ub,
        "b" / c.Int24sl,
        "c" / c.BytesInteger(6, signed=True),
        "d" / c.BytesInteger(5, swapped=True),
        "e" / c.BytesInteger(17),
        "f" / c.BytesInteger(this.a & 3, signed=True, swapped=True),
    ),
    "nested run": c.Struct("a" / c.Int8ub, "p" / POINT, c.Struct("hidden" / c.Int8ub), "q" / POINT, c.Padding(1)),
    "checks in a run": c.Struct(
        "a" / c.Const(b"ab"), "b" / c.Int32ub, c.Check(this.b < 256), "c" / c.Const(7, c.Int8ub), "d" / c.Int32ub
    ),
    "bytes": c.Struct("n" / c.Int8sb, "a" / c.Bytes(this.n), "b" / c.Bytes(3), "c" / c.Bytes(0), "d" / c.GreedyBytes),
    "arithmetic": c.Struct(
        "n" / c.Int8ub,
        "a" / c.Computed(((this.n + 3) * 2 - 1) // 2 % 7 ^ 1 | 8 & 12),
        "b" / c.Computed(-this.n << 2 >> 1),
        "c" / c.Computed(~(this.n >= 3)),
        "d" / c.Computed((this.n != 2) & (this.n >= 1)),
        "e" / c.Computed(this.n / 4),
        "f" / c.Computed(7 % (this.n + 1) ** 2),
        "g" / c.Computed(10 // this.n),
    ),
    "functions": c.Struct(
        "a" / c.PrefixedArray(c.Int8ub, c.Int8ub),
        "b" / c.Computed(len_(this.a)),
        "c" / c.Bytes(len_(this.a) - 1),
        "d" / c.Computed(this.a[0]),
        "e" / c.Computed(this["a"][1]),
    ),
    "lambdas": c.Struct(
        "n" / c.Int8ub,
        "a" / c.Bytes(lambda ctx: ctx.n - 1),
        "b" / c.Bytes(lambda ctx: 2 if ctx.n > 2 else ctx["n"]),
        "in"
        / c.Struct(
            "c" / c.Computed(lambda ctx: ctx._.n and ctx._root.n),
            "d" / c.Computed(lambda ctx: (ctx._.n, ctx._parsing)),
            "e" / c.Computed(lambda ctx: _as_is(ctx._.n)),
        ),
    ),
    "outer fields": c.Struct(
        "n" / c.Int8ub,
        "inner"
        / c.Struct(
            "a" / c.Bytes(this._.n), "deep" / c.Struct("m" / c.Int8ub, "b" / c.Bytes(this._._.n + this._root.n))
        ),
        "c" / c.Bytes(this.inner.deep.m),
        "d" / c.Computed(this._parsing),
    ),
    "strings": c.Struct(
        "a" / c.CString("utf8"),
        "b" / c.PascalString(c.Int8ub, "ascii"),
        "c" / c.PaddedString(4, "utf-8"),
        "d" / c.CString("utf-16-le"),
        "e" / c.PaddedString(6, "utf_16_be"),
        "f" / c.GreedyString("utf-32-le"),
    ),
    "sized string": c.Struct("n" / c.Int8ub, "a" / c.PaddedString(this.n, "utf8"), "b" / c.PaddedString(this.n, "u16")),
    "terminated": c.Struct(
        "a" / c.NullTerminated(c.GreedyBytes, b"\x01", include=True),
        "b" / c.NullTerminated(c.GreedyBytes, b"\x02", consume=False),
        "c" / c.NullTerminated(c.Struct("d" / c.Int8ub, "e" / c.Int16ub), b"\x03\x03"),
    ),
    "enums": c.Struct(
        "a" / ENUM,
        "b" / c.FlagsEnum(c.Int8ub, a=1, ab=3, none=0),
        "c" / c.Mapping(c.Int8ub, {"no": 0, "yes": 1}),
        "d" / c.Enum(c.Bytes(1), a=b"a"),
        "e" / c.If(this.a == "read", c.Int8ub),
        "f" / c.If(this.b.ab, c.Int8ub),
    ),
    "keyword": c.Struct("class" / c.FlagsEnum(c.Int8ub, **{"is": 1}), "b" / c.Computed(this["class"]["is"])),
    "flags": c.Struct("a" / c.Flag, "b" / c.Flag, "c" / c.Flag, "d" / c.Bytes(this.a)),
    "bits": c.Struct(
        "n" / c.Int8ub,
        "w"
        / c.BitStruct(
            "a" / c.BitsInteger(3),
            "b" / c.Flag,
            c.Padding(2),
            "c" / c.BitsInteger(10, signed=True),
            "d" / c.Enum(c.Nibble, one=1),
            "e" / c.Array(4, c.Bit),
            "f" / c.Struct("g" / c.Octet),
            "h" / c.Computed(this.a + this._.n),
            c.Check(this.a < 7),
        ),
        "one" / c.Bitwise(c.BitsInteger(16)),
        "long" / c.Bitwise(c.Sequence(c.BitsInteger(30), c.BitsInteger(42))),
    ),
    "varints": c.Struct("a" / c.VarInt, "b" / c.ZigZag, "c" / c.Prefixed(c.VarInt, c.Struct("d" / c.VarInt))),
    "prefixed": c.Struct(
        "a" / c.Prefixed(c.Int16ub, c.Struct("b" / c.Int8ub, "rest" / c.GreedyBytes)),
        "c" / c.Prefixed(c.Int8sb, c.Struct("d" / c.Int16ub, c.Terminated)),
        "e" / c.Prefixed(c.Int8ub, c.GreedyRange(POINT), includelength=True),
        "f" / c.Tell,
    ),
    "fixed sized": c.Struct(
        "n" / c.Int8ub, "a" / c.FixedSized(this.n, c.Struct("b" / c.Int8ub)), "c" / c.FixedSized(3, c.VarInt)
    ),
    "padded": c.Struct(
        "n" / c.Int8ub,
        "a" / c.Padded(4, c.Int8ub),
        "b" / c.Padded(4, c.CString("ascii")),
        "c" / c.Padded(this.n, c.VarInt),
        c.Padding(this.n),
        "d" / c.Aligned(4, c.Struct("e" / c.VarInt)),
        "f" / c.Aligned(this.n, c.Int8ub),
    ),
    "arrays": c.Struct(
        "n" / c.Int8ub,
        "a" / c.Array(3, c.Int16ub),
        "b" / c.Array(this.n, c.Int8ub),
        "c" / c.Array(this.n, c.Int32ul),
        "d" / c.Array(this.n, POINT),
        "e" / c.Array(this.n, c.VarInt),
        "f" / c.Array(this.n, c.Computed(7)),
        "g" / c.Array(20, c.Int8sb),
        "h" / c.Array(2, c.Array(2, c.Int8ub)),
        "i" / c.Array(this.n - 1, c.Const(b"\x00")),
    ),
    "counted by": c.Struct(
        "a" / c.PrefixedArray(c.Int8sb, c.Struct("n" / c.Int8ub, "b" / c.Bytes(this.n + this._.count)))
    ),
    "counted floats": c.Struct("n" / c.Float32b, "a" / c.Array(this.n, c.Int16ub)),
    "counted flag": c.Struct("n" / c.Flag, "a" / c.Array(this.n, c.Int16ub)),
    "ranges": c.Struct(
        "a" / c.Prefixed(c.Int8ub, c.GreedyRange(c.Int32ub)),
        "b" / c.Prefixed(c.Int8ub, c.GreedyRange(c.Struct("k" / c.Const(b"\x01"), "v" / c.CString("utf8")))),
        "c" / c.GreedyRange(c.Struct("k" / c.Const(b"\x02"), "n" / c.Int8ub, "v" / c.Bytes(this.n))),
        "d" / c.GreedyRange(c.Pass),
        "e" / c.GreedyRange(c.Int8sb),
        "f" / c.Check(len_(this.e) != 3),
    ),
    "repeated": c.Struct(
        "a" / c.RepeatUntil(obj_ == 0, c.Int8ub),
        "c" / c.RepeatUntil(lambda item, seen, ctx: len(seen) > ctx.a[0], c.Int8ub),
        "d" / c.RepeatUntil(obj_.x > 2, POINT),
        "f" / c.RepeatUntil(True, c.Int8ub),
    ),
    "switch": c.Struct(
        "k" / c.Int8ub,
        "a" / c.Switch(this.k, {1: c.Int8ub, 2: POINT}),
        "b" / c.Switch(this.k, {n: c.Bytes(n) for n in range(6)}, default=c.VarInt),
        "c" / c.Switch(lambda ctx: (ctx.k, 1), {(1, 1): c.Int8ub, (2, 1): c.CString("ascii")}, default=c.Pass),
        "d" / c.Switch(this.k, {1: POINT, 2: POINT, 3: POINT, 4: c.Int8ub, 5: c.Int8ub}),
        "e" / c.Switch(this.a, {}, default=c.Int8ub),
        "f" / c.Switch(this._root.k, {"read": c.Int8ub, 0: c.Error}),
    ),
    "switch on an enum": c.Struct("k" / ENUM, "a" / c.Switch(this.k, {"read": c.Int8ub, ENUM.write: c.Int16ub})),
    "conditions": c.Struct(
        "n" / c.Int8ub,
        "a" / c.If(this.n, POINT),
        "b" / c.If(this.n > 1, c.Bytes(this.n)),
        "c" / c.IfThenElse((this.n == 1) | (this.n == 2), c.Int8ub, c.CString("utf8")),
        "d" / c.Bytes(this.b),
    ),
    "alternatives": c.Struct(
        "a" / c.Select(c.Const(b"\x01"), c.Struct("k" / c.Const(b"\x02"), "v" / c.Int32ub), c.Const(b"ab")),
        "b" / c.Optional(c.Int64ub),
        "c" / c.Peek(c.Int16ub),
        "d" / c.Peek(c.Const(b"\x05")),
        "e" / c.Prefixed(c.Int8ub, c.Struct("f" / c.Optional(c.Int16ub), "g" / c.Peek(c.Int32ub), "h" / c.GreedyBytes)),
        c.Check(this.c == None),
    ),
    "error behind select": c.Select(c.Struct("a" / c.Int8ub, "b" / c.If(this.a == 1, c.Error)), c.Int16ub),
    "stops": c.Struct(
        "a" / c.Int8ub, c.StopIf(this.a == 1), "b" / c.Int8ub, c.StopIf(this.b == 1), "c" / c.Bytes(this.a)
    ),
    "stop in the middle": c.Struct("in" / c.Struct(c.StopIf(True), "a" / c.Int8ub), "b" / c.Computed(this["in"].a)),
    "sequences": c.Struct(
        "a" / c.Sequence(c.Int8ub, "n" / c.Int8ub, c.Bytes(this.n)),
        "b" / c.FocusedSeq("v", "n" / c.Int8ub, "v" / c.Bytes(this.n), c.Terminated),
    ),
    "adapters": c.Struct(
        "a" / Doubled(c.Int8ub),
        "b" / c.OneOf(c.Int8ub, [0, 1, 2, 3]),
        "c" / c.NoneOf(c.Int16ub, [9]),
        "d" / c.ExprAdapter(c.Int8ub, lambda obj, ctx: obj + ctx.a, None),
        "e" / c.Hex(c.Int8ub),
        "f" / c.HexDump(c.Bytes(2)),
        "g" / c.Peek(Doubled(c.Int8ub)),
        "h" / c.Rebuild(c.Int8ub, 0),
        "i" / c.Default(c.Int8ub, 0),
        "j" / c.Slicing(c.Array(4, c.Int8ub), 4, 1, 3),
        "k" / c.Indexing(c.Array(4, c.Int8ub), 4, 1),
    ),
    "same name twice": c.Struct("a" / c.Int8ub, "a" / c.Int16ub, "b" / c.Bytes(this.a)),
    "positions": c.Struct("a" / c.Tell, "b" / c.Int16ub, "c" / c.Tell, "d" / c.CString("ascii"), "e" / c.Tell),
    "nothing": c.Struct(),
}

# What has no compiled form
INTERPRETED: dict[str, Any] = {
    "union": c.Union(0, "a" / c.Int16ub, "b" / c.Bytes(2)),
    "raw copy": c.Struct("a" / c.RawCopy(c.Int16ub)),
    "pointer": c.Struct("at" / c.Int8ub, "a" / c.Pointer(this.at, c.Int8ub)),
    "bits of no constant number": c.Bitwise(c.Struct("n" / c.Nibble, "a" / c.Array(this.n, c.Nibble))),
    "index": c.Array(3, c.Struct("i" / c.Index, "v" / c.Int8ub)),
    "named tuple": c.NamedTuple("pair", "a b", c.Int8ub >> c.Int8ub),
    "open end": c.NullTerminated(c.GreedyBytes, require=False),
    "recursive": c.Struct("n" / c.Int8ub, "a" / c.If(this.n == 1, c.LazyBound(lambda: INTERPRETED["recursive"]))),
    "list so far": c.RepeatUntil(list_[-1], c.Int8ub),
    "computed index": c.Struct("a" / c.Array(2, c.Int8ub), "b" / c.Computed(this.a[this.a[0]])),
    "not yet parsed": c.Struct("a" / c.Bytes(this.b), "b" / c.Int8ub),
}
