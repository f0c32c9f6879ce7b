"""Functions of groups, the same in both databases."""

import json
import random
from typing import Any

import pytest
from tests.scripts.functions.conftest import Calculator

from pxcap.scripts.functions.aggregates import quantile
from pxcap.scripts.functions.base import I
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, TIME, Type

TEN = list(range(1, 11))


@pytest.mark.parametrize(
    ("name", "column", "values", "result"),
    [
        ("count", INT64, [1, None, 3], 3),
        ("count", STRING, [], 0),
        ("sum", INT64, [1, None, 3], 4),
        ("sum", INT64, [], 0),
        ("sum", BOOLEAN, [True, False, True, None], 2),
        ("sum", FLOAT64, [0.5, 0.25, None], 0.75),
        ("mean", INT64, [1, 2, None, 4], 7 / 3),
        ("mean", INT64, [2**62, 2**62, 2**62], float(2**62)),
        ("mean", BOOLEAN, [True, False, False, False], 0.25),
        ("mean", FLOAT64, [], None),
        ("min", INT64, [3, None, -1], -1),
        ("max", FLOAT64, [3.5, None, -1.0], 3.5),
        ("max", TIME, [5, 9], 9),
        ("min", INT64, [], None),
        ("any", STRING, ["b", None, "Z", "a"], "Z"),
        ("any", STRING, ["", "b", None, "a"], "a"),
        ("any", STRING, [None, ""], ""),
        ("any", STRING, [None], None),
        ("any", BOOLEAN, [True, False, None], False),
        ("any", INT64, [7, 3], 3),
        ("approx_count_distinct", STRING, ["a", "b", "a", None], 2),
        ("quantiles", INT64, TEN, '{"p01":1.09,"p10":1.9,"p25":3.25,"p50":5.5,"p75":7.75,"p90":9.1,"p99":9.91}'),
        ("quantiles", INT64, [5, None], '{"p01":5,"p10":5,"p25":5,"p50":5,"p75":5,"p90":5,"p99":5}'),
        ("quantiles", INT64, [], None),
        ("quantiles", FLOAT64, [0.5], '{"p01":0.5,"p10":0.5,"p25":0.5,"p50":0.5,"p75":0.5,"p90":0.5,"p99":0.5}'),
    ],
)
def test_aggregates(name: str, column: Type, values: list[Any], result: object, both: list[Calculator]) -> None:
    for one in both:
        found = one.aggregate(name, column, values)
        assert found == result
        assert type(found) is type(result)


def test_quantiles_of_many_are_the_same_text(both: list[Calculator]) -> None:
    chance = random.Random(1)
    for count in (2, 7, 100, 999):
        values = [chance.randrange(10**9) for _ in range(count)]
        duck, post = (one.aggregate("quantiles", INT64, values) for one in both)
        assert duck == post
        assert list(json.loads(duck)) == ["p01", "p10", "p25", "p50", "p75", "p90", "p99"]


def test_one_quantile_is_sql_of_the_dialect() -> None:
    assert quantile("duckdb", "x", I, "0.5") == "quantile_cont((x)::DOUBLE PRECISION, 0.5)"
    assert quantile("postgres", "x", I, "0.5").startswith("percentile_cont(0.5) WITHIN GROUP")
