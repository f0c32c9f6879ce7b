from typing import Any

import construct as c
import pytest
from construct import this

from pxcap.core.layout import Invalid, Partial, layout

ERROR_IN_ONE = c.Struct("a" / c.Int8ub, c.If(this.a == 1, c.Error))
VALUES: dict[str, tuple[Any, bytes, Any]] = {
    "if": (c.Struct("n" / c.Int8ub, "v" / c.If(this.n, c.Int8ub)), b"\1\7", 7),
    "if not": (c.Struct("n" / c.Int8ub, "v" / c.If(this.n, c.Int8ub)), b"\0", None),
    "else": (c.Struct("n" / c.Int8ub, "v" / c.IfThenElse(this.n > 1, c.Int8ub, c.Int16ub)), b"\1\0\7", 7),
    "peek": (c.Struct("v" / c.Peek(c.Int8ub), "w" / c.Int8ub), b"\7", 7),
    "peek at nothing": (c.Struct("v" / c.Peek(c.Const(b"a")), "w" / c.Int8ub), b"\7", None),
    "first": (c.Struct("v" / c.Select(c.Const(b"a"), c.Const(b"ab"))), b"a", b"a"),
    "second": (c.Struct("v" / c.Select(c.Const(b"ax"), c.Const(b"ab"))), b"ab", b"ab"),
    "not there": (c.Struct("v" / c.Optional(c.Const(b"ax"))), b"", None),
    "switch on a tuple": (
        c.Struct("n" / c.Int8ub, "v" / c.Switch(lambda ctx: (ctx.n, 2), {(1, 2): c.Int8ub})),
        b"\1\7",
        7,
    ),
    "switch on text": (
        c.Struct("n" / c.Enum(c.Int8ub, one=1), "v" / c.Switch(this.n, {"one": c.Int8ub})),
        b"\1\7",
        7,
    ),
}


@pytest.mark.parametrize(("con", "wire", "value"), VALUES.values(), ids=VALUES.keys())
def test_values(con: Any, wire: bytes, value: Any) -> None:
    made = layout(con, "value")
    assert made.compiled, made.why
    parsed, end = made.parse(wire)
    assert (parsed.v, end) == (value, len(wire))


@pytest.mark.parametrize("cases", range(9))
def test_switch_of_any_width(cases: int) -> None:
    con = c.Struct("n" / c.Int8ub, "v" / c.Switch(this.n, {n: c.Computed(n) for n in range(cases)}, c.Computed(-1)))
    made = layout(con, "switch")
    for n in range(12):
        assert made.parse(bytes([n]))[0].v == (n if n < cases else -1)


def test_branches_that_are_one_construct_are_written_once() -> None:
    shared = c.Struct("long" / c.CString("utf8"))
    made = layout(c.Struct("n" / c.Int8ub, "v" / c.Switch(this.n, dict.fromkeys(range(9), shared))), "shared")
    assert made.source.count(".find(") == 1


def test_a_short_alternative_leaves_the_answer_open() -> None:
    made = layout(c.Select(c.Const(b"abc"), c.Const(b"x")), "open")
    for parse in (made.parse, made.interpret):
        with pytest.raises(Partial):
            parse(b"ab")
        with pytest.raises(Invalid):
            parse(b"abd")


def test_an_error_field_ends_everything() -> None:
    for con in (c.Select(ERROR_IN_ONE, c.Int8ub), c.Peek(ERROR_IN_ONE), c.GreedyRange(ERROR_IN_ONE)):
        made = layout(con, "error")
        assert made.compiled, made.why
        with pytest.raises(Invalid):
            made.parse(b"\2\2\1" if isinstance(con, c.GreedyRange) else b"\1")
        made.parse(b"\2")
