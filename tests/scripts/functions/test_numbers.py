"""Functions of numbers."""

from typing import Any

import pytest
from tests.scripts.functions.conftest import Calculator, fold

from pxcap.scripts.types import FLOAT64, INT64, Type


@pytest.mark.parametrize(
    ("name", "values", "result"),
    [
        ("bin", (17, 5), 15),
        ("bin", (-17, 5), -15),
        ("bin", (17.9, 5), 15),
        ("bin", (17, 0), None),
        ("ceil", (-2.5,), -2),
        ("floor", (-2.5,), -3),
        ("floor", (3,), 3),
        ("floor", (1e300,), None),
        ("round", (0.248, 2), "0.25"),
        ("round", (2.675, 2), "2.67"),
        ("round", (2.5, 0), "2"),
        ("round", (1, 2), "1.00"),
        ("abs", (-5,), 5),
        ("abs", (-0.5,), 0.5),
        ("sqrt", (4,), 2.0),
        ("sqrt", (-1,), None),
        ("pow", (2, 10), 1024.0),
        ("exp", (0,), 1.0),
        ("ln", (1,), 0.0),
        ("ln", (0,), None),
        ("log2", (8,), 3.0),
        ("log10", (1000,), 3.0),
        ("log", (2, 8), 3.0),
        ("log", (1, 8), None),
    ],
)
def test_of_constants(name: str, values: tuple[Any, ...], result: object) -> None:
    found = fold(name, *values)
    assert found == pytest.approx(result) if isinstance(result, float) else found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("name", "types", "row"),
    [("bin", [INT64, INT64], (None, 5)), ("floor", [FLOAT64], (None,)), ("round", [FLOAT64, INT64], (None, 2))],
)
def test_of_null_they_are_null(name: str, types: list[Type], row: tuple[Any, ...], both: list[Calculator]) -> None:
    assert both[0].call(name, types, [row]) == [None]
