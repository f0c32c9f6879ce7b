"""A person's SQL: run so that it cannot change anything, with errors that say what to do."""

import difflib
import itertools
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from pxcap.core.errors import PxcapError, StoreError, UsageError
from pxcap.core.protocol import Row
from pxcap.store.dialect import Dialect, QueryFault, Reading, Refused, Trouble
from pxcap.store.sqltext import identifiers, one_statement

READ_ONLY, ALLOWED = "this is read-only SQL", "SELECT, WITH, VALUES and EXPLAIN are"

Columns = Mapping[str, Sequence[str]]
"""Column names by table name, aliases included."""


class Result:
    """Columns and rows of a statement; the rows are read from the database as they are taken, once.

    The database is let go at the last row, by `close`, or at the end of a `with` block.

    Attributes:
        columns: Names as in the statement.
        rows: Tuples of int, float, str, bool, bytes or None.
    """

    def __init__(self, reading: Reading, rows: Generator[Row, None, None], limit: int | None) -> None:
        self.columns = reading.columns
        self.rows: Iterator[Row] = rows if limit is None else itertools.islice(rows, limit)
        self._all = rows
        self._reading = reading

    def close(self) -> None:
        """End the statement; may be called again."""
        self._all.close()
        self._reading.close()

    def __iter__(self) -> Iterator[Row]:
        return self.rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run_query(
    dialect: Dialect,
    sql: str,
    params: Mapping[str, object] | None,
    limit: int | None,
    timeout: float | None,
    known: Callable[[], Columns],
    whole: bool = False,
) -> Result:
    """Run one reading statement; `known` is asked only when a name was not found.

    Raises:
        UsageError: The statement is wrong, or would write.
        StoreError: The database is.
    """
    statement = one_statement(sql)

    def explain(error: Exception) -> PxcapError:
        if isinstance(error, Refused):
            return UsageError(f"{READ_ONLY}: {error} is not allowed", ALLOWED)
        fault = dialect.query_fault(error, statement)
        if fault is None:
            trouble = dialect.fault(error)
            return StoreError(f"store {dialect.shown}: {trouble.reason}", trouble.hint)
        return _explained(fault, statement, known)

    try:
        reading = dialect.read(statement, params, timeout, whole)
    except Exception as error:
        raise explain(error) from error
    rows = _explaining(reading, explain)
    return Result(reading, rows, limit)


def _explaining(reading: Reading, explain: Callable[[Exception], PxcapError]) -> Generator[Row, None, None]:
    try:
        yield from reading.rows
    except Exception as error:
        raise explain(error) from error
    finally:
        reading.close()


def _explained(fault: QueryFault, sql: str, known: Callable[[], Columns]) -> UsageError:
    if fault.trouble is Trouble.TABLE:
        return UsageError(f"no such table: {fault.name}", table_hint(fault.name, known()))
    if fault.trouble is Trouble.COLUMN:
        return UsageError(f"no such column: {fault.name}", _column_hint(fault.name, sql, known()))
    if fault.trouble is Trouble.WRITE:
        return UsageError(f"{READ_ONLY}: {fault.text}", ALLOWED)
    if fault.trouble is Trouble.SYNTAX and fault.position is not None:
        before = sql[: fault.position]
        line, column = before.count("\n") + 1, fault.position - (before.rfind("\n") + 1) + 1
        return UsageError(f"{fault.text} (line {line}, column {column})")
    return UsageError(fault.text)


def table_hint(name: str, known: Columns) -> str:
    """What to do about a table name that was not found."""
    if name in known:  # found only in quotes: an alias with a dot, or capitals
        return f'write "{name}" in double quotes'
    near = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else "pxcap tables lists what there is"


def _column_hint(name: str, sql: str, known: Columns) -> str:
    used = [table for table in known if table in identifiers(sql)]
    bare = name.rsplit(".", 1)[-1]
    pool = dict.fromkeys(column for table in used or known for column in known[table])
    near = difflib.get_close_matches(bare, pool, n=3)
    where = f"pxcap schema {used[0]} lists them" if used else "pxcap schema TABLE lists them"
    return f"did you mean {' or '.join(near)}? {where}" if near else where
