import construct as c
import pytest
from construct import this

from pxcap.core.layout import Invalid, Partial
from pxcap.core.layout.interpret import interpreter


def test_short_input_is_partial_and_says_by_how_much() -> None:
    interpret, _ = interpreter(c.Struct("n" / c.Int8ub, "v" / c.Bytes(this.n)), "x")
    with pytest.raises(Partial) as raised:
        interpret(b"\x05ab")
    assert raised.value.need == 3


def test_short_inside_of_a_known_end_is_invalid_and_says_where() -> None:
    interpret, _ = interpreter(c.Prefixed(c.Int8ub, c.Int32ub), "x")
    with pytest.raises(Invalid) as raised:
        interpret(b"??\x02ab", 2)
    assert raised.value.pos == 5


def test_an_expression_that_fails_is_invalid() -> None:
    interpret, _ = interpreter(c.Struct("a" / c.Int8ub, "b" / c.Computed(1 // this.a), "c" / c.Computed(this.no)), "x")
    with pytest.raises(Invalid, match="division"):
        interpret(b"\x00")
    with pytest.raises(Invalid, match="no"):
        interpret(b"\x01")


def test_the_declaration_is_left_as_it_was() -> None:
    declaration = c.Struct("a" / c.PrefixedArray(c.VarInt, c.Struct("b" / c.Int8ub)))
    interpreter(declaration, "x")
    assert type(declaration.parse(b"\x01\x02").a[0]) is c.Container


def test_classes_are_named_by_their_place() -> None:
    declaration = c.Struct("a" / c.Struct("b" / c.FlagsEnum(c.Int8ub, c=1)), "d" / c.Switch(this.a, {1: c.Struct()}))
    _, classes = interpreter(declaration, "x")
    assert sorted(record.__name__ for record in classes.values()) == ["x", "x.a", "x.a.b", "x.d"]


def test_a_varint_ends() -> None:
    interpret, _ = interpreter(c.VarInt, "x")
    assert interpret(b"\xff" * 9 + b"\x01")[0] == 2**64 - 1
    with pytest.raises(Invalid):
        interpret(b"\xff" * 11)
