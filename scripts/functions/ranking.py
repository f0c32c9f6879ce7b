"""Which place a value has among others: the aggregate `ranking` knows the largest, `rank` looks one up."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from pxcap.core.text import to_json
from pxcap.scripts.functions.aggregates import listed
from pxcap.scripts.functions.arrays import arrow_type, distinct
from pxcap.scripts.functions.base import AggregateFunction, Function, I, Overload, S

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 10_000  # values that have a place


def _ranking(lists: "pa.Array") -> "pa.Array":
    import pyarrow as pa

    return pa.array([to_json(sorted(one or (), reverse=True)[:MOST]) for one in lists.to_pylist()], arrow_type(S))


@lru_cache(16)
def _places(ranking: str) -> dict[int, int]:
    try:
        found = json.loads(ranking)
    except (ValueError, RecursionError):
        return {}
    return {value: at for at, value in enumerate(found, 1)} if isinstance(found, list) else {}


def rank(ranking: str, value: int) -> int:
    """The place of a value, 1 for the largest; 0 for one that has none. Equal values have the same."""
    return _places(ranking).get(value, 0)


FUNCTIONS = (
    Function("rank", "The place of a value, the second, in what the aggregate ranking gave: 1 for the largest, 0 for none.",
             (Overload((S, I), I),), arrow=distinct(rank, I)),
)  # fmt: skip
AGGREGATES = (
    AggregateFunction("ranking", "The largest different values in their order, as JSON, for rank.", {I: S}, listed, arrow=_ranking),
)  # fmt: skip
