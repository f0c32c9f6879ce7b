"""Bounds that construct itself does not have, and the static sizes they are computed from.

Both sides obey them, the compiled code and the interpreter:

* A counted array whose elements cannot all fit into what is left fails before the first element is read.
* Elements that may take no bytes at all are bounded by EMPTY_LIMIT, all those of one parse together; a GreedyRange ends
  at the first element that takes none.
* A variable-length integer has at most VARINT_LIMIT bytes.
"""

from typing import Any

import construct as c

EMPTY_LIMIT = 16384
"""Most elements, in one parse, of arrays whose elements may be empty."""

VARINT_LIMIT = 10
"""Most bytes of a VarInt or ZigZag: 64 bits need ten (Protocol Buffers encoding, base 128 varints)."""


def min_size(con: Any) -> int:
    """Fewest bytes (in a Bitwise: bits) the construct takes when it succeeds; 0 where that is not known."""
    kind = type(con)
    if kind in (c.FormatField, c.Bytes, c.BytesInteger, c.BitsInteger, c.FixedSized, c.Padded):
        return con.length if isinstance(con.length, int) and con.length > 0 else 0
    if con is c.Flag or con is c.VarInt or con is c.ZigZag:
        return 1
    if kind in (c.Struct, c.Sequence, c.FocusedSeq):
        total = 0
        for sub in con.subcons:
            if isinstance(_bare(sub), c.StopIf):
                break
            total += min_size(sub)
        return total
    if kind is c.Array:
        return con.count * min_size(con.subcon) if isinstance(con.count, int) and con.count > 0 else 0
    if kind is c.IfThenElse:
        return min(min_size(con.thensubcon), min_size(con.elsesubcon))
    if kind is c.Switch:
        return min(map(min_size, (*con.cases.values(), con.default)))
    if kind is c.Select:
        return min(map(min_size, con.subcons), default=0)
    if kind is c.Prefixed:
        return min_size(con.lengthfield)
    if kind is c.NullTerminated:
        return len(con.term) if con.require and con.consume else 0
    if kind is c.Transformed:
        return con.decodeamount if isinstance(con.decodeamount, int) else 0
    if kind in (c.Renamed, c.Const, c.Rebuild, c.Default, c.RepeatUntil, c.Aligned) or isinstance(con, c.Adapter):
        return min_size(con.subcon)
    return 0


def fixed_size(con: Any) -> int | None:
    """Bytes the construct always takes when it succeeds and can be read without looking at any; None for others."""
    kind = type(con)
    if kind in (c.FormatField, c.Bytes, c.BytesInteger):
        return (
            con.length
            if isinstance(con.length, int) and con.length > 0 and not callable(getattr(con, "swapped", False))
            else None
        )
    if kind is c.Padded and isinstance(con.length, int) and con.length >= 0:
        inner = fixed_size(con.subcon)
        return con.length if inner is not None and inner <= con.length else None
    if kind is c.Transformed and con.decodefunc is c.lib.bytes2bits and isinstance(con.decodeamount, int):
        return con.decodeamount
    if con is c.Flag:
        return 1
    if kind in (c.Struct, c.Sequence, c.FocusedSeq):
        sizes = [fixed_size(sub) for sub in con.subcons]
        return None if None in sizes else sum(size or 0 for size in sizes)
    if kind in (c.Renamed, c.Const, c.Rebuild, c.Default, c.Enum, c.FlagsEnum, c.Mapping, c.Hex, c.StringEncoded):
        return fixed_size(con.subcon)
    return 0 if kind in (c.Computed, c.Check) or con is c.Pass else None


def scalar(con: Any) -> Any:
    """The FormatField behind names that change nothing, or None."""
    bare = _bare(con)
    return bare if type(bare) is c.FormatField and bare.parsed is None and con.parsed is None else None


def _bare(con: Any) -> Any:
    while type(con) is c.Renamed:
        con = con.subcon
    return con
