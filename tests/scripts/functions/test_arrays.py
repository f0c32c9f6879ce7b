"""Functions of values over arrays."""

from typing import Any

import pyarrow as pa
import pytest

from pxcap.scripts.functions import arrays
from pxcap.scripts.functions.arrays import arrow_type, distinct, over_distinct
from pxcap.scripts.functions.base import B, F, I, S, T


def test_each_combination_is_asked_for_once() -> None:
    asked: list[tuple[Any, ...]] = []

    def joined(*values: object) -> str:
        asked.append(values)
        return "".join(map(str, values))

    columns = [pa.array(["a", "b", "a", None, "a"]), pa.chunked_array([[1, 2], [1, 3, None]]), pa.array([True] * 5)]
    found = distinct(joined, S)(*columns)
    assert found.to_pylist() == ["a1True", "b2True", "a1True", None, None]
    assert asked == [("a", 1, True), ("b", 2, True)]


def test_what_was_asked_is_remembered_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "MEMO", 500)
    asked: list[str] = []
    call = distinct(lambda text: asked.append(text) or text, S)  # type: ignore[func-returns-value]
    for _ in range(2):
        assert call(pa.array(["a"])).to_pylist() == ["a"]
    assert asked == ["a"]
    call(pa.array(["b" * 500]))
    call(pa.array(["a"]))
    assert asked == ["a", "b" * 500, "a"]


def test_the_function_may_see_all_rows_at_once() -> None:
    found = over_distinct([pa.array(["b", None, "b", "a"])], lambda rows: [len(rows)] * len(rows), I)
    assert found.to_pylist() == [3, 3, 3, 3]


def test_nothing_gives_nothing() -> None:
    assert distinct(len, I)(pa.array([], pa.string())).to_pylist() == []


def test_types() -> None:
    expected = [pa.bool_(), pa.int64(), pa.float64(), pa.string(), pa.int64()]
    assert [arrow_type(one) for one in (B, I, F, S, T)] == expected
