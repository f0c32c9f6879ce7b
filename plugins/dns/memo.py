"""Bounded tables of pieces already rendered.

Most of what DNS says it says again and again, so pieces are remembered across messages, keyed by their bytes: headers
(flags and counts), questions, records' fixed parts, whole address records. The same bytes always mean the same piece,
except that names may point elsewhere in the message; what holds such a name is not remembered.
"""

from typing import TypeVar

MAX_REMEMBERED = 4096  # entries of one table, unless another limit is given

_K = TypeVar("_K")
_V = TypeVar("_V")


def remember(table: dict[_K, _V], key: _K, value: _V, limit: int = MAX_REMEMBERED) -> _V:
    """Put a value into a table, which forgets everything when it holds `limit` entries, and return it."""
    if len(table) >= limit:
        table.clear()
    table[key] = value
    return value
