"""Whole rows from a parser's: its rows begin with the time, the columns that say who spoke to whom come behind that."""

from collections.abc import Callable
from functools import cache
from typing import Any

from pxcap.core.columns import LEADING_COLUMNS
from pxcap.core.protocol import Row

Join = Callable[[list[Row], Row], list[Row]]
"""Takes rows and what stands between the time and the protocol's columns in each of them."""


def join(rows: list[Row], between: Row) -> list[Row]:
    """The rows with `between` behind the first value of each, whatever their length.

    Raises:
        Exception: They are no rows.
    """
    return [(row[0], *between, *row[1:]) for row in rows]


@cache
def joiner(width: int) -> Join:
    """A `join` for rows of `width` values, and of the leading columns: twice as fast, as it is written out.

    The function raises ValueError for a row of another length; `join` may know what to do with that.
    """
    row = [f"r{at}" for at in range(width)]
    between = [f"b{at}" for at in range(1, len(LEADING_COLUMNS))]
    source = (
        f"def joined(rows, between):\n"
        f"    {', '.join(between)}, = between\n"
        f"    whole = []\n"
        f"    for {', '.join(row)}, in rows:\n"
        f"        whole.append(({', '.join((row[0], *between, *row[1:]))},))\n"
        f"    return whole\n"
    )
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - made of numbers alone
    made: Join = names["joined"]
    return made
