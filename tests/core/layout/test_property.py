"""The property the compiler stands on: compiled and interpreted are equal, whatever the declaration and the bytes."""

from typing import Any

import pytest
from bench.declarations import DECLARATIONS
from bench.layouts import import_wires, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.layout.same import assert_as_construct, assert_need_is_honest, assert_same
from tests.core.layout.shapes import INTERPRETED, SHAPES
from tests.core.layout.strategies import declarations, mutated, wire

from pxcap.core.layout import Layout, layout, layouts

import_wires()
IN_TREE = layouts()
YARDSTICKS = {name: (layout(con, name), data) for name, (con, data) in DECLARATIONS.items()}
SHAPED = {name: layout(con, name) for name, con in {**SHAPES, **INTERPRETED}.items()}


def holds(made: Layout, data: bytes, more: bytes = b"\x01\x00A") -> None:
    assert_same(made, data)
    assert_as_construct(made, data)
    assert_need_is_honest(made, data, more)


@pytest.mark.parametrize("made", IN_TREE, ids=lambda made: made.name)
def test_every_declaration_in_the_tree_is_compiled(made: Layout) -> None:
    assert made.compiled, made.why


@pytest.mark.parametrize("made", IN_TREE, ids=lambda made: made.name)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_every_declaration_in_the_tree(made: Layout, data: Any) -> None:
    holds(made, data.draw(wire()))
    message = sample(made)
    if message is not None:
        holds(made, data.draw(mutated(message)))


@pytest.mark.parametrize("name", YARDSTICKS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_protocol_messages(name: str, data: Any) -> None:
    made, message = YARDSTICKS[name]
    holds(made, data.draw(mutated(message)))
    holds(made, data.draw(wire()))


@pytest.mark.parametrize("name", YARDSTICKS)
def test_protocol_messages_at_every_cut(name: str) -> None:
    made, message = YARDSTICKS[name]
    assert made.compiled, made.why
    assert assert_same(made, message)[0] == "ok"
    for size in range(len(message)):
        holds(made, message[:size], message[size:])


@pytest.mark.parametrize("name", SHAPED)
@settings(deadline=None, max_examples=40)
@given(data=wire())
def test_every_construct(name: str, data: bytes) -> None:
    holds(SHAPED[name], data)


@settings(deadline=None, max_examples=150)
@given(declaration=declarations(), data=st.lists(wire(), min_size=3, max_size=3))
def test_random_declarations(declaration: Any, data: list[bytes]) -> None:
    made = layout(declaration, "random")
    for some in data:
        holds(made, some)


@pytest.mark.parametrize("name", SHAPED)
def test_what_is_compiled_and_what_not(name: str) -> None:
    made = SHAPED[name]
    assert made.compiled == (name in SHAPES), made.why
    assert bool(made.why) != made.compiled
    assert bool(made.source) == made.compiled
