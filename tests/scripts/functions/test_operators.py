"""Arithmetic, comparison and logic; NULL is what was never seen."""

from typing import Any

import pytest
from tests.scripts.functions.conftest import Calculator, fold

from pxcap.scripts.functions import resolve
from pxcap.scripts.functions.operators import inherited, magnitude
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, TIME, Data, Semantic, Type

BYTES, PERCENT = Type(Data.INT64, Semantic.BYTES), Type(Data.FLOAT64, Semantic.PERCENT)


@pytest.mark.parametrize(
    ("name", "values", "result"),
    [
        ("add", (1, 2), 3),
        ("add", (1, 2.5), 3.5),
        ("add", ("a", "b"), "ab"),
        ("subtract", (1, 2), -1),
        ("multiply", (3, 2.5), 7.5),
        ("divide", (5, 2), 2.5),
        ("divide", (5, 0), None),
        ("divide", (0.0, 0.0), None),
        ("modulo", (-7, 3), -1),
        ("modulo", (7, 0), None),
        ("negate", (3,), -3),
        ("invert", (0,), -1),
        ("equal", (True, 1), True),
        ("equal", (1, 1.0), True),
        ("equal", ("a", "A"), False),
        ("notEqual", ("a", "b"), True),
        ("lessThan", ("B", "a"), True),
        ("greaterThanEqual", (2, 2), True),
        ("approxEqual", (0.1 + 0.2, 0.3), True),
        ("approxEqual", (0.1, 0.3), False),
        ("logicalAnd", (True, False), False),
        ("logicalAnd", (2, 1), True),
        ("logicalOr", (0, 1), True),
        ("logicalNot", (False,), True),
        ("logicalNot", (5,), False),
        ("select", (True, "a", "b"), "a"),
        ("select", (False, 1, 2.5), 2.5),
        ("time_to_int64", (5,), 5),
    ],
)
def test_of_constants(name: str, values: tuple[Any, ...], result: object) -> None:
    found = fold(name, *values)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("name", "types", "rows", "results"),
    [
        ("equal", [INT64, INT64], [(None, 1), (None, None), (1, 1)], [False, False, True]),
        ("notEqual", [STRING, STRING], [(None, "a"), ("a", "b")], [False, True]),
        ("lessThan", [TIME, TIME], [(None, 1), (1, 2)], [False, True]),
        ("add", [INT64, INT64], [(None, 1), (1, 1)], [None, 2]),
        ("select", [BOOLEAN, INT64, INT64], [(None, 1, 2), (True, None, 2)], [2, None]),
        ("logicalNot", [BOOLEAN], [(None,), (True,)], [True, False]),
        ("divide", [FLOAT64, FLOAT64], [(1.0, 0.0), (1.0, None), (1.0, 4.0)], [None, None, 0.25]),
    ],
)
def test_of_what_was_never_seen(
    name: str, types: list[Type], rows: list[tuple[Any, ...]], results: list[Any], both: list[Calculator]
) -> None:
    for one in both:
        assert one.call(name, types, rows) == results


def test_what_results_mean() -> None:
    assert inherited([BYTES, INT64]) is Semantic.BYTES
    assert inherited([BYTES, Type(Data.INT64, Semantic.DURATION_NS)]) is Semantic.NONE
    assert inherited([PERCENT, PERCENT]) is Semantic.NONE
    assert inherited([TIME, BYTES]) is Semantic.NONE
    assert magnitude([PERCENT]) is Semantic.PERCENT


def test_a_rate_divided_by_a_duration_is_still_shown_as_one() -> None:
    duration = Type(Data.INT64, Semantic.DURATION_NS)
    for dividend, wanted in (
        (FLOAT64, Semantic.THROUGHPUT_PER_NS),
        (Type(Data.FLOAT64, Semantic.THROUGHPUT_PER_NS), Semantic.THROUGHPUT_PER_NS),
        (BYTES, Semantic.THROUGHPUT_BYTES_PER_NS),
        (Type(Data.FLOAT64, Semantic.THROUGHPUT_BYTES_PER_NS), Semantic.THROUGHPUT_BYTES_PER_NS),
        (PERCENT, Semantic.NONE),
    ):
        assert resolve("divide", [dividend, duration]).semantic is wanted
