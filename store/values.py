"""Which value of a row does not fit its column: databases tell the row at best."""

import json
from collections.abc import Sequence

from pxcap.core.columns import Column, ColumnType
from pxcap.core.protocol import Row

_INTEGERS = {ColumnType.INT: 32, ColumnType.INT64: 64}


def complaint(columns: Sequence[Column], row: Row) -> str:
    """`.column: what is wrong` for the first value that breaks its column's promise; empty when none does."""
    if len(row) != len(columns):
        return f": a row of {len(row)} values, the table has {len(columns)} columns"
    for column, value in zip(columns, row, strict=True):
        wrong = _wrong(column.type, value)
        if wrong:
            return f".{column.name}: {wrong}"
    return ""


def _wrong(kind: ColumnType, value: object) -> str:
    if value is None:
        return ""
    if kind in _INTEGERS:
        if not isinstance(value, int):
            return f"{type(value).__name__} where an integer belongs"
        half = 1 << (_INTEGERS[kind] - 1)
        return "" if -half <= value < half else f"integer does not fit {_INTEGERS[kind]} bits"
    if kind is ColumnType.BOOL:
        return "" if isinstance(value, int) and value in (0, 1) else f"{type(value).__name__} where a boolean belongs"
    if not isinstance(value, str):
        return f"{type(value).__name__} where text belongs"
    if "\0" in value:
        return "text with a NUL character"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "text with a lone surrogate"
    if kind is ColumnType.JSON:
        try:
            json.loads(value)
        except ValueError:
            return "not valid JSON"
        except RecursionError:
            return "JSON nested too deep"
    return ""
