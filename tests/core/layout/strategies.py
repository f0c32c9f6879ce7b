"""Random declarations from what the compiler supports, and bytes that come near to fitting them."""

from typing import Any

import construct as c
from construct import len_, obj_, this
from hypothesis import strategies as st

UNSIGNED = [c.Int8ub, c.Int8ul, c.Int16ub, c.Int16ul, c.Int24ub, c.Int24ul, c.Int32ub, c.VarInt, c.BytesInteger(5)]
SIGNED = [c.Int8sb, c.Int16sl, c.Int24sl, c.Int24sb, c.Int32sb, c.Int64sl, c.ZigZag, c.BytesInteger(6, signed=True)]
OTHER = [c.Float32b, c.Float64l, c.Float16b, c.Flag, c.Int64ub, c.Int64un, c.BytesInteger(9, swapped=True)]
TEXT = ["utf8", "ascii", "utf-16-le"]


def wire() -> st.SearchStrategy[bytes]:
    """Mostly small bytes: as lengths and counts they fit."""
    small = st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 4, 65, 128, 255]), max_size=48).map(bytes)
    return st.one_of(small, st.binary(max_size=48))


def mutated(data: bytes) -> st.SearchStrategy[bytes]:
    """A message cut short, with one byte changed, or with more behind it."""
    places = st.integers(0, max(0, len(data) - 1))
    return st.one_of(
        st.integers(0, len(data)).map(lambda size: data[:size]),
        st.tuples(places, st.integers(0, 255)).map(lambda at: data[: at[0]] + bytes([at[1]]) + data[at[0] + 1 :]),
        wire().map(lambda more: data + more),
    )


@st.composite
def declarations(draw: Any) -> Any:
    """A Struct, or now and then something else, up to four deep."""
    return _struct(draw, 4, []) if draw(st.integers(0, 5)) else _any(draw, 3, [], [])


def _struct(draw: Any, depth: int, outer: list[Any]) -> Any:
    fields: list[Any] = []
    numbers: list[Any] = []
    above = [_up(path) for path in outer]
    for at in range(draw(st.integers(1, 5))):
        kind = draw(st.integers(0, 9))
        if kind < 4:
            fields.append(f"f{at}" / draw(st.sampled_from(UNSIGNED)))
            numbers.append(this[f"f{at}"])
        elif kind == 4:
            fields.append(draw(st.sampled_from([c.Padding(2), c.Int8ub, c.Pass])))
        elif kind == 5 and numbers:
            fields.append(c.Check(draw(st.sampled_from(numbers)) != draw(st.integers(0, 3))))
        elif kind == 6 and numbers and not draw(st.integers(0, 3)):
            fields.append(c.StopIf(draw(st.sampled_from(numbers)) == draw(st.integers(0, 3))))
        else:
            fields.append(f"f{at}" / _any(draw, depth - 1, numbers, above))
    return c.Struct(*fields)


def _up(path: Any) -> Any:
    """The same field, named from one struct further in."""
    inner = vars(path)
    names: list[Any] = []
    while inner["_Path__parent"] is not None:
        names.insert(0, inner["_Path__field"])
        inner = vars(inner["_Path__parent"])
    result = this["_"]
    for name in names:
        result = result[name]
    return result


def _size(draw: Any, numbers: list[Any]) -> Any:
    if numbers and draw(st.booleans()):
        number = draw(st.sampled_from(numbers))
        name = vars(number)["_Path__field"]
        forms = [number, number - 1, number * 2, number & 3, number % 3 + 1, number >> 1]
        if vars(vars(number)["_Path__parent"])["_Path__parent"] is None:
            forms += [lambda ctx: ctx[name] - 1, lambda ctx: ctx[name] if ctx[name] < 9 else 1]
        return draw(st.sampled_from(forms))
    return draw(st.integers(0, 5))


def _any(draw: Any, depth: int, numbers: list[Any], above: list[Any]) -> Any:
    leaf = depth <= 0 or not draw(st.integers(0, 2))
    names = numbers + above
    return _leaf(draw, names) if leaf else _composite(draw, depth, numbers, above)


def _leaf(draw: Any, names: list[Any]) -> Any:
    kind = draw(st.integers(0, 15))
    if kind == 0:
        return c.Bytes(_size(draw, names))
    if kind == 1:
        return draw(st.sampled_from([c.GreedyBytes, c.Tell, c.Terminated, c.Error, c.Pass, c.GreedyString("utf8")]))
    if kind == 2:
        return draw(
            st.sampled_from([c.Const(b"\x01"), c.Const(2, c.Int16ub), c.Const(b"ab"), c.Const(0, c.BytesInteger(3))])
        )
    if kind == 3:
        return c.Enum(draw(st.sampled_from([*UNSIGNED, *SIGNED])), zero=0, one=1, two=2)
    if kind == 4:
        return c.FlagsEnum(draw(st.sampled_from(UNSIGNED)), a=1, b=2, both=3, none=0)
    if kind == 5:
        return c.Mapping(c.Int8ub, {"zero": 0, "one": 1, (2,): 2})
    if kind == 6:
        return draw(
            st.sampled_from([c.CString, lambda e: c.PascalString(c.Int8ub, e), lambda e: c.PaddedString(5, e)])
        )(draw(st.sampled_from(TEXT)))
    if kind == 7:
        return _bits(draw)
    if kind == 8 and names:
        number = draw(st.sampled_from(names))
        return c.Computed(draw(st.sampled_from([number + 1, number == 1, -number, ~number, 7 - number, number // 2])))
    if kind == 9:
        return c.BytesInteger(_size(draw, names), signed=draw(st.booleans()))
    if kind == 10:
        return c.NullTerminated(c.GreedyBytes, draw(st.sampled_from([b"\x00", b"\x01\x02"])), *_flags(draw))
    if kind == 11:
        return draw(st.sampled_from([c.Hex(c.Int16ub), c.OneOf(c.Int8ub, [0, 1, 2]), c.Default(c.Int8ub, 1)]))
    return draw(st.sampled_from([*UNSIGNED, *SIGNED, *OTHER]))


def _flags(draw: Any) -> tuple[bool, bool]:
    return draw(st.booleans()), draw(st.booleans())


def _bits(draw: Any) -> Any:
    left = 8 * draw(st.integers(1, 5))
    fields = []
    while left:
        size = min(left, draw(st.integers(1, 17)))
        left -= size
        forms = [
            c.BitsInteger(size),
            c.BitsInteger(size, signed=True),
            c.Padding(size),
            c.Enum(c.BitsInteger(size), x=1),
        ]
        if size == 1:
            forms.append(c.Flag)
        fields.append(f"b{left}" / draw(st.sampled_from(forms)))
    return c.BitStruct(*fields)


def _composite(draw: Any, depth: int, numbers: list[Any], above: list[Any]) -> Any:
    names = numbers + above
    kind = draw(st.integers(0, 14))

    def sub(deeper: list[Any] | None = None) -> Any:
        return _any(draw, depth - 1, numbers if deeper is None else deeper, above if deeper is None else [])

    if kind <= 2:
        return _struct(draw, depth - 1, names)
    if kind == 3:
        return c.Array(_size(draw, names), sub())
    if kind == 4:
        return c.PrefixedArray(draw(st.sampled_from(UNSIGNED + SIGNED)), sub([]))
    if kind == 5:
        return c.GreedyRange(sub())
    if kind == 6:
        return c.Prefixed(draw(st.sampled_from([c.Int8ub, c.VarInt, c.Int8sb, c.Int16ul])), sub())
    if kind == 7:
        return c.Prefixed(c.Int8ub, sub(), includelength=True)
    if kind == 8:
        return c.FixedSized(_size(draw, names), draw(st.sampled_from([sub(), c.NullStripped(c.GreedyBytes)])))
    if kind == 9:
        return draw(st.sampled_from([c.Padded(_size(draw, names), sub()), c.Aligned(4, sub())]))
    if kind == 10:
        return draw(st.sampled_from([c.Select(sub(), sub()), c.Optional(sub()), c.Peek(sub())]))
    if kind == 11 and names:
        number = draw(st.sampled_from(names))
        condition = draw(st.sampled_from([number, number > 1, (number == 1) | (number == 2), lambda ctx: True]))
        return draw(st.sampled_from([c.If(condition, sub()), c.IfThenElse(condition, sub(), sub())]))
    if kind == 12 and names:
        cases = {case: sub() for case in range(draw(st.integers(0, 6)))}
        return c.Switch(draw(st.sampled_from(names)), cases, draw(st.sampled_from([None, sub()])))
    if kind == 13:
        return c.RepeatUntil(
            draw(st.sampled_from([obj_ == 0, obj_ == b"", len_(obj_) == 0, lambda x, seen, ctx: len(seen) > 2])), sub()
        )
    return c.Sequence(sub(), "n" / c.Int8ub, c.Bytes(this.n))
