import gc
from importlib import import_module
from typing import Any

import construct as c
import pytest
from construct import this

from pxcap.core.layout import Invalid, Partial, layout, layouts
from pxcap.core.layout.generate import generate

FRAME = c.Struct("kind" / c.Const(b"F"), "size" / c.Int8ub, "body" / c.Bytes(this.size))


def test_a_buffer_is_walked_without_being_cut() -> None:
    frame = layout(FRAME, "frame")
    buf = b"F\x01aF\x02bcF\x05d"
    first, pos = frame.parse(buf)
    second, pos = frame.parse(buf, pos)
    assert (first.body, second.body, pos) == (b"a", b"bc", 7)
    with pytest.raises(Partial) as raised:
        frame.parse(buf, pos)
    assert raised.value.need == 4
    with pytest.raises(Invalid) as bad:
        frame.parse(buf, 1)
    assert bad.value.pos == 1


def test_both_sides_make_equal_objects() -> None:
    frame = layout(FRAME, "frame")
    assert frame.parse(b"F\x01a") == frame.interpret(b"F\x01a")
    assert repr(frame.parse(b"F\x01a")[0]) == "frame(kind=b'F', size=1, body=b'a')"


def test_what_is_not_compiled_still_parses_and_says_why() -> None:
    made = layout(c.Struct("a" / c.Union(0, "x" / c.Int8ub)), "union")
    assert not made.compiled
    assert made.parse is made.interpret
    assert repr(made) == "<Layout union: interpreted, Union has no compiled form>"
    assert made.parse(b"\x07")[0].a.x == 7


@pytest.mark.parametrize("name", ["parse", "source", "why", "compiled"])
def test_it_is_compiled_at_the_first_look_and_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(declaration: Any, title: str, classes: Any) -> tuple[Any, str]:
        calls.append(title)
        return generate(declaration, title, classes)

    monkeypatch.setattr(import_module("pxcap.core.layout.layout"), "generate", counted)
    made = layout(FRAME, "frame")
    assert calls == []
    getattr(made, name)
    assert calls == ["frame"]
    assert made.parse is made.parse
    assert (made.compiled, made.why) == (True, "")
    assert made.source
    assert calls == ["frame"]


def test_nothing_else_is_made_up() -> None:
    with pytest.raises(AttributeError, match="parsed"):
        getattr(layout(FRAME, "frame"), "parsed")  # noqa: B009 - a type checker would refuse it


def test_the_registry_holds_what_is_alive_in_order() -> None:
    first, second = layout(c.Int8ub, "first"), layout(c.Int8ub, "second")
    assert repr(first) == "<Layout first: compiled>"
    assert layouts()[-2:] == (first, second)
    del first
    gc.collect()
    assert [made.name for made in layouts()][-1] == "second"
    assert "first" not in [made.name for made in layouts()]
    assert second in layouts()


@pytest.mark.parametrize("name", ["content-type", "__x", "1st"])
def test_a_name_that_cannot_be_an_attribute_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be an attribute"):
        layout(c.Struct(name / c.Int8ub), "named")
