"""Which place a value has among others: the aggregate `ranking` knows the largest, `rank` and `ranked` look one up."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from pxcap.core.text import to_json
from pxcap.scripts.functions.arrays import arrow_type, distinct
from pxcap.scripts.functions.base import AggregateFunction, Dialect, Function, I, Overload, S
from pxcap.scripts.types import Data

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 1000  # values that have a place; what knows them stands beside every row that is ranked


def _largest(dialect: Dialect, column: str, data: Data) -> str | None:
    if dialect != "duckdb":
        return None
    return f"list_slice(list_reverse_sort(list(DISTINCT {column}) FILTER (WHERE {column} IS NOT NULL)), 1, {MOST})"


def _ranking(lists: "pa.Array") -> "pa.Array":
    import pyarrow as pa

    return pa.array([to_json(one or ()) for one in lists.to_pylist()], arrow_type(S))


@lru_cache(16)
def _places(ranking: str) -> dict[int, int]:
    try:
        found = json.loads(ranking)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, list) or not all(type(value) is int and -(2**63) <= value < 2**63 for value in found):
        return {}
    return {value: at for at, value in enumerate(found, 1)}


def rank(ranking: str, value: int) -> int:
    """The place of a value, 1 for the largest; 0 for one that has none. Equal values have the same."""
    return _places(ranking).get(value, 0)


def ranked(ranking: str, place: int) -> int:
    """The value at a place; the smallest that has one where there are not so many, 0 where there is none."""
    places = _places(ranking)
    found = list(places)[: max(place, 0)]
    return found[-1] if found else 0


FUNCTIONS = (
    Function("rank", "The place of a value, the second, in what the aggregate ranking gave: 1 for the largest, 0 for none.",
             (Overload((S, I), I),), arrow=distinct(rank, I)),
    Function("ranked", "The value at a place, the second, of what the aggregate ranking gave; the last when it has not so many.",
             (Overload((S, I), I),), arrow=distinct(ranked, I)),
)  # fmt: skip
AGGREGATES = (
    AggregateFunction("ranking", "The largest different values in their order, as JSON, for rank and ranked.", {I: S}, _largest,
                      arrow=_ranking),
)  # fmt: skip
