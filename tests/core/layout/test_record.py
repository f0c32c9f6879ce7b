import math

import construct as c
import pytest

from pxcap.core.layout.record import Record, record_class, to_plain


def test_fields_by_attribute_and_by_name() -> None:
    pair = record_class("pair", ["a", "b", "a"])
    one = pair()
    one.a, one.b = 1, 2  # type: ignore[attr-defined]
    assert (one["a"], one["b"]) == (1, 2)
    assert repr(one) == "pair(a=1, b=2)"
    assert not hasattr(one, "__dict__")


def test_equal_when_of_one_class_with_equal_fields() -> None:
    pair, other = record_class("pair", ["a"]), record_class("pair", ["a"])
    objects = [pair(), pair(), pair(), other()]
    for made, value in zip(objects, (1, 1, 2, 1), strict=True):
        made.a = value  # type: ignore[attr-defined]
    assert objects[0] == objects[1]
    assert objects[0] != objects[2]
    assert objects[0] != objects[3]
    with pytest.raises(TypeError):
        hash(objects[0])


def test_plain() -> None:
    inner: Record = record_class("inner", ["x"])()
    inner.x = [c.EnumInteger(3), math.nan, None, True, 1.5, b"b"]  # type: ignore[attr-defined]
    plain = to_plain(c.ListContainer([inner, c.Container(_io=1, y=c.EnumIntegerString.new(1, "one"))]))
    assert plain == [{"x": [3, "nan", None, True, 1.5, b"b"]}, {"y": "one"}]
    assert type(plain[1]["y"]) is str
