"""Reading a store's tables, or what it computed, into Arrow columns."""

from collections.abc import Container, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from pxcap.core.errors import UsageError
from pxcap.core.protocol import Row
from pxcap.scripts.engine.generate import quoted
from pxcap.scripts.functions import SQL_TYPES
from pxcap.scripts.plan import Scan
from pxcap.scripts.types import Data, Schema

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 16384  # rows of an Arrow batch
PART = 500  # rows held at once: at 700 new ones Python looks for garbage among all there is, which takes as long as reading


class TooManyRows(UsageError):
    """More rows came than were to be read."""


def sqlite_scan(scan: Scan, schema: Schema, computed: Container[str] = (), conditions: Sequence[str] = ()) -> str:
    """What reads a table of SQLite; its values are converted when they have been read.

    Args:
        scan: Names the table and the range of time.
        schema: What to read.
        computed: Those of it that are SQL, not names of columns.
        conditions: SQL, all of which must hold.
    """
    columns = ", ".join(one.name if one.name in computed else quoted(one.name) for one in schema)
    return f"SELECT {columns} FROM {quoted(scan.table)}{_where([*_range(scan), *conditions])}"


def postgres_scan(scan: Scan) -> str:
    """What reads a table of PostgreSQL, with the types that functions expect."""
    columns = [
        f"CAST({quoted(field.name)} AS {SQL_TYPES[field.type.data]}) AS {quoted(field.name)}" for field in scan.schema
    ]
    return f"SELECT {', '.join(columns)} FROM {quoted(scan.table)}{_where(_range(scan))}"


def columns_of_rows(rows: Iterable[Row], schema: Schema, most: int, what: str) -> "pa.Table":
    """Rows as an Arrow table.

    Args:
        rows: In the order of `schema`.
        schema: Names and types.
        most: Rows that may come.
        what: They are, for the error.

    Raises:
        TooManyRows: More rows come.
    """
    import pyarrow as pa

    kinds = [_arrow(field.type.data) for field in schema]
    wanted = pa.schema([pa.field(field.name, kind) for field, kind in zip(schema, kinds, strict=True)])
    columns: list[list[Any]] = [[] for _ in kinds]
    batches = []

    def end_batch() -> None:
        arrays = [_array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
        batches.append(pa.record_batch(arrays, schema=wanted))
        for values in columns:
            values.clear()

    total = 0
    rest = iter(rows)
    while part := list(islice(rest, PART)):
        total += len(part)
        if total > most:
            raise TooManyRows(f"the script reads more than {most:,} rows of {what}", "a later start_time asks for less")
        for held, values in zip(columns, zip(*part, strict=True), strict=True):
            held.extend(values)
        if len(columns[0]) >= BATCH:
            end_batch()
    if columns[0]:
        end_batch()
    return pa.Table.from_batches(batches, wanted)


def _array(values: Sequence[Any], kind: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    if kind == pa.bool_():  # SQLite keeps them as numbers
        return pa.array([None if value is None else bool(value) for value in values], kind)
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # SQLite lets any value stand in any column
        return pa.array([_fitting(value, kind) for value in values], kind)


def _fitting(value: Any, kind: "pa.DataType") -> Any:
    """The value as the column's type; None when it cannot be."""
    import pyarrow as pa

    if value is None:
        return None
    try:
        if kind == pa.string():
            return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        number = float(value) if kind == pa.float64() else int(value)
        return pa.scalar(number, kind).as_py()
    except (ValueError, OverflowError, TypeError, pa.ArrowInvalid):
        return None


def _arrow(data: Data) -> "pa.DataType":
    import pyarrow as pa

    kinds = {Data.BOOLEAN: pa.bool_(), Data.FLOAT64: pa.float64(), Data.STRING: pa.string()}
    return kinds.get(data, pa.int64())


def _range(scan: Scan) -> list[str]:
    conditions = []
    if scan.start is not None:
        conditions.append(f'"time_" >= {scan.start}')
    if scan.stop is not None:
        conditions.append(f'"time_" < {scan.stop}')
    return conditions


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
