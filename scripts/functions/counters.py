"""How much a counter grew, of samples of it: what rows that hold totals since a capture began come to.

A sample is text, so that a group of them is a list of one column's values: `time:value:counted`. Samples that do not count
say only where the counter stood before. A counter that fell began anew.
"""

from typing import TYPE_CHECKING

from pxcap.scripts.functions.aggregates import listed
from pxcap.scripts.functions.arrays import arrow_type
from pxcap.scripts.functions.base import AggregateFunction, B, Function, I, Overload, S, T, Writing

if TYPE_CHECKING:
    import pyarrow as pa


def _sample(call: Writing) -> str:
    time, value, counted = (f"({one})::TEXT" for one in call.args)
    return f"({time} || ':' || {value} || ':' || {counted})"


def grown(samples: list[str] | None) -> int:
    """By how much the counter grew where the samples count."""
    told = sorted(
        (int(time), int(value), counted) for time, value, counted in (one.split(":") for one in samples or ())
    )
    total = before = 0
    for _, value, counted in told:
        if counted == "true":
            total += value - before if value >= before else value
        before = value
    return total


def _grown(lists: "pa.Array") -> "pa.Array":
    import pyarrow as pa

    return pa.array([grown(one) for one in lists.to_pylist()], arrow_type(I))


FUNCTIONS = (
    Function("counter_sample", "What a counter showed at a time, and whether what it grew by counts, for counter_growth.",
             (Overload((T, I, B), S),), write=_sample),
)  # fmt: skip
AGGREGATES = (
    AggregateFunction(
        "counter_growth", "By how much a counter grew, of samples of it; one that fell began anew.", {S: I}, listed,
        arrow=_grown,
    ),
)  # fmt: skip
