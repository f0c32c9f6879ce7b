"""Which overload takes what."""

import pytest

from pxcap.scripts.functions.base import B, F, I, Overload, S, T, Writing, cast_sql, quoted
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Column, Literal
from pxcap.scripts.types import INT64, STRING, Data


@pytest.mark.parametrize(
    ("wanted", "given", "cost"),
    [
        ((I, I), (I, I), 0),
        ((F, F), (I, F), 2),
        ((T,), (I,), 1),
        ((I,), (B,), 1),
        ((S,), (I,), None),
        ((I,), (F,), None),
        ((I,), (I, I), None),
        ((), (), 0),
    ],
)
def test_what_an_overload_takes(wanted: tuple[Data, ...], given: tuple[Data, ...], cost: int | None) -> None:
    assert Overload(wanted, I).fits(given) == cost


def test_last_arguments_may_be_repeated() -> None:
    overload = Overload((I, S, S), S, more=2)
    assert [overload.expanded(count) for count in range(6)] == [
        None,
        (I,),
        None,
        (I, S, S),
        None,
        (I, S, S, S, S),
    ]


def test_casts() -> None:
    assert cast_sql("x", I, T) == "x"
    assert cast_sql("x", I, F) == "(x)::DOUBLE PRECISION"
    assert cast_sql("x", B, I) == "((x)::INT)::BIGINT"
    assert quoted("it's") == "'it''s'"


def test_a_call_knows_its_constants() -> None:
    writing = Writing("postgres", ["a", "b"], [Literal(5, INT64), Column("b", STRING)], Names())
    assert [writing.constant(at) for at in (0, 1)] == [5, None]
    assert writing.choose("duck", "post") == "post"
