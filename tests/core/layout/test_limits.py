from typing import Any

import construct as c
import pytest
from construct import this

from pxcap.core.layout.limits import fixed_size, min_size, scalar

SIZES: dict[str, tuple[Any, int, int | None]] = {
    "number": (c.Int32ub, 4, 4),
    "bytes": (c.Bytes(7), 7, 7),
    "bytes of a length": (c.Bytes(this.n), 0, None),
    "negative": (c.Bytes(-1), 0, None),
    "struct": (c.Struct("a" / c.Int8ub, c.Padding(3), "b" / c.Computed(1)), 4, 4),
    "struct with a tail": (c.Struct("a" / c.Int8ub, "b" / c.GreedyBytes), 1, None),
    "struct that may stop": (c.Struct("a" / c.Int8ub, c.StopIf(this.a), "b" / c.Int8ub), 1, None),
    "bits": (c.BitStruct("a" / c.BitsInteger(24)), 3, 3),
    "choice": (c.IfThenElse(this.a, c.Int8ub, c.Int16ub), 1, None),
    "switch": (c.Switch(this.a, {1: c.Int32ub}, default=c.Int16ub), 2, None),
    "switch with nothing": (c.Switch(this.a, {1: c.Int32ub}), 0, None),
    "array": (c.Array(3, c.Int16ub), 6, None),
    "counted": (c.PrefixedArray(c.Int16ub, c.Int8ub), 2, None),
    "select": (c.Select(c.Int16ub, c.Int32ub), 2, None),
    "optional": (c.Optional(c.Int16ub), 0, None),
    "text": (c.CString("utf-16-le"), 2, None),
    "open text": (c.NullTerminated(c.GreedyBytes, require=False), 0, None),
    "enum": (c.Enum(c.Int16ub, a=1), 2, 2),
    "varint": (c.VarInt, 1, None),
    "lookahead": (c.Peek(c.Int8ub), 0, None),
    "padded too small": (c.Padded(1, c.Int16ub), 1, None),
}


@pytest.mark.parametrize(("con", "least", "fixed"), SIZES.values(), ids=SIZES.keys())
def test_sizes(con: Any, least: int, fixed: int | None) -> None:
    assert (min_size(con), fixed_size(con)) == (least, fixed)


def test_a_scalar_is_a_number_behind_names() -> None:
    assert scalar("a" / c.Int8ub) is c.Int8ub
    assert scalar(c.Enum(c.Int8ub)) is None
    assert scalar("a" / (c.Int8ub * print)) is None
