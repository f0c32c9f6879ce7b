import construct as c
import pytest
from construct import this

from pxcap.core.layout import Invalid, Partial, layout
from pxcap.core.layout.errors import UnsupportedError
from pxcap.core.layout.generate import generate
from pxcap.core.layout.interpret import interpreter


def test_an_unsupported_construct_is_named() -> None:
    declaration = c.Struct("a" / c.Int8ub, "b" / c.RawCopy(c.Int8ub))
    with pytest.raises(UnsupportedError, match="RawCopy has no compiled form"):
        generate(declaration, "x", interpreter(declaration, "x")[1])


def test_a_field_with_a_parse_hook_is_interpreted() -> None:
    seen: list[object] = []
    made = layout(c.Struct("a" / (c.Int8ub * (lambda obj, ctx: seen.append(obj)))), "hooked")
    assert made.why == "a function called when a field is parsed"
    assert made.parse(b"\x07")[0].a == 7
    assert set(seen) == {7}


def test_bytes_inside_of_bits_are_interpreted() -> None:
    made = layout(c.Bitwise(c.Struct("a" / c.Octet, "b" / c.Bytes(8))), "bits")
    assert made.why == "Bytes inside a Bitwise"


def test_a_length_that_is_certain_is_not_checked() -> None:
    assert "< 0" not in layout(c.Struct("n" / c.Int8ub, "a" / c.Bytes(this.n)), "certain").source
    assert "< 0" in layout(c.Struct("n" / c.Int8sb, "a" / c.Bytes(this.n)), "signed").source
    assert "index(" not in layout(c.Struct("n" / c.Int8ub, "a" / c.Bytes(this.n * 2 - 1)), "sum").source


@pytest.mark.parametrize("size", [this.n / 2, this.f, this.s])
def test_a_length_that_is_no_integer_is_invalid(size: object) -> None:
    fields = ("n" / c.Int8ub, "f" / c.Float32b, "s" / c.PaddedString(1, "ascii"))
    made = layout(c.Struct(*fields, "a" / c.Bytes(size)), "float")  # type: ignore[arg-type]
    assert made.compiled
    for parse in (made.parse, made.interpret):
        with pytest.raises(Invalid):
            parse(b"\x02\x3f\x80\x00\x00\x32123456")


def test_a_flag_counts_as_an_integer() -> None:
    made = layout(c.Struct("n" / c.Flag, "a" / c.Bytes(this.n)), "flag")
    assert made.parse(b"\x05xy")[0].a == b"x"
    with pytest.raises(Partial):
        made.parse(b"\x05")
