"""What values are called in errors."""

import pytest

from pxcap.scripts.language.errors import NotFilled
from pxcap.scripts.language.values import (
    Builtin,
    Context,
    Dictionary,
    Frame,
    Grouped,
    Items,
    Module,
    Value,
    Void,
    described,
    is_expression,
)
from pxcap.scripts.plan import Call, Column, Literal, Rows
from pxcap.scripts.types import INT64, STRING

FRAME = Frame(Rows((), ()))
DESCRIBED: list[tuple[Value, str]] = [
    (Literal(5, INT64), "5"),
    (Literal("a", STRING), "the string 'a'"),
    (Literal("a" * 50, STRING), f"the string '{'a' * 36}..."),
    (Column("a", INT64), "the column 'a' (INT64)"),
    (Call("length", (Column("a", STRING),), INT64), "an expression (INT64)"),
    (FRAME, "a frame"),
    (Void(NotFilled("t", "missing")), "a frame"),
    (Grouped(FRAME, ()), "a grouped frame"),
    (Context(FRAME), "df.ctx"),
    (Items(()), "a list"),
    (Dictionary({}), "a dictionary"),
    (Builtin("px.now", lambda _: None), "the function px.now"),
    (Module("px", lambda _: None, list), "the module px"),
    (None, "None"),
]


@pytest.mark.parametrize(("value", "text"), DESCRIBED, ids=[text for _, text in DESCRIBED])
def test_described(value: Value, text: str) -> None:
    assert described(value) == text
    assert is_expression(value) is isinstance(value, Literal | Column | Call)


def test_names_of_a_module_can_be_replaced() -> None:
    module = Module("m", lambda name: Items(()) if name == "a" else None, lambda: ["a"])
    assert module.attribute("b") is None
    module.replaced["a"] = Dictionary({})
    assert module.attribute("a") == Dictionary({})
