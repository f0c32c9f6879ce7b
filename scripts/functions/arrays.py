"""Python functions over Arrow arrays: each is called for different combinations of arguments, not for every row."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pxcap.scripts.functions.base import Arrow
from pxcap.scripts.types import Data

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[Any, ...]
MEMO = 8_000_000


def distinct(function: Callable[..., Any], result: Data) -> Arrow:
    """An array function of a function of values; None when an argument is, without asking it.

    Arrays are short pieces of a column: what was asked before is remembered, up to MEMO characters of it.
    """
    memo: dict[Row, Any] = {}
    weight = 0

    def ask(row: Row) -> Any:
        nonlocal weight
        if None in row:
            return None
        try:
            return memo[row]
        except KeyError:
            value = memo[row] = function(*row)
        weight += 100 + sum(len(one) for one in (*row, value) if isinstance(one, str))
        if weight > MEMO:
            memo.clear()
            weight = 0
        return value

    def call(*columns: "pa.Array") -> "pa.Array":
        return over_distinct(columns, lambda rows: [ask(row) for row in rows], result)

    return call


def over_distinct(
    columns: "Sequence[pa.Array]", function: Callable[[Sequence[Row]], Sequence[Any]], result: Data
) -> "pa.Array":
    """The results of `function`, which is given all different rows of the columns at once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows: list[Row] = [()]
    codes: Any = None  # of each row of the columns so far, its place in `rows`
    for column in columns:
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        encoded = pc.dictionary_encode(whole, null_encoding="encode")
        values = encoded.dictionary.to_pylist()
        codes = (
            encoded.indices.cast(pa.int64())
            if codes is None
            else pc.add(pc.multiply(codes, len(values)), encoded.indices)
        )
        seen = pc.dictionary_encode(codes)  # those that occur: products of many columns stay small
        rows = [(*rows[code // len(values)], values[code % len(values)]) for code in seen.dictionary.to_pylist()]
        codes = seen.indices.cast(pa.int64())
    return pa.array(function(rows), arrow_type(result)).take(codes)


def arrow_type(data: Data) -> "pa.DataType":
    """The Arrow type of a data type."""
    import pyarrow as pa

    if data is Data.BOOLEAN:
        return pa.bool_()
    if data is Data.FLOAT64:
        return pa.float64()
    return pa.string() if data is Data.STRING else pa.int64()
