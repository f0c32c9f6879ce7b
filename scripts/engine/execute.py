"""Runs the plans of a script: reads what they need of the store, once, and computes each output.

On PostgreSQL the largest parts that it can say are computed there, whole group-bys among them. On SQLite tables are read,
with as few columns and rows as the plans need. What is left runs here in DuckDB over Arrow columns.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from pxcap.core.errors import UsageError
from pxcap.scripts import functions
from pxcap.scripts.engine.generate import Generator, NotInSql, quoted
from pxcap.scripts.engine.graph import in_order, prune
from pxcap.scripts.engine.pushdown import conditions, largest, replaced
from pxcap.scripts.engine.sources import columns_of_rows, postgres_scan, sqlite_scan
from pxcap.scripts.plan import Operator, Output, Rows, Scan
from pxcap.scripts.types import Schema
from pxcap.store import Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from pxcap.scripts.names import Names


_AGAIN = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What a script may ask for.

    Attributes:
        read: Rows read from one table, or got from the database.
        shown: Rows of one output.
        seconds: For all outputs together.
        memory_mib: What computing here may hold; more goes to a temporary folder.
    """

    read: int = 20_000_000
    shown: int = 1_000_000
    seconds: float = 120.0
    memory_mib: int = 2048


def run_plans(
    store: Store,
    outputs: Sequence[Output],
    names: "Names",
    is_stored: Callable[[str], bool] = lambda _: True,
    limits: Limits | None = None,
) -> Iterator[tuple[Output, "pa.Table"]]:
    """Compute outputs, one after the other.

    Args:
        store: What the plans read.
        outputs: As the interpreter made them.
        names: Who is behind addresses and processes of this store.
        is_stored: Whether the store has a table of that name; one that it has not is read as empty.
        limits: None for the usual.

    Yields:
        Each output with its rows, by time where there is one, then by all columns.

    Raises:
        UsageError: A script asks for too much.
        StoreError: The store cannot be read.
    """
    with _running(store, names, limits or Limits()) as run:
        plans = prune([_without_missing(output.plan, is_stored) for output in outputs])
        run.share(plans)
        for output, plan in zip(outputs, plans, strict=True):
            yield output, run.compute(plan, output.name)


@contextmanager
def _running(store: Store, names: "Names", limits: Limits) -> "Iterator[_Run]":
    import duckdb

    connection = duckdb.connect(":memory:", config={"memory_limit": f"{limits.memory_mib}MiB"})
    over = threading.Event()
    threading.Thread(target=_watch, args=(connection, limits.seconds, over), daemon=True).start()
    try:
        # What is run here was made here; still, nothing of it may reach for files or extensions.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET python_enable_replacements = false")
        functions.register(connection, names)
        connection.execute("SET lock_configuration = true")
        yield _Run(store, names, limits, connection)
    finally:
        over.set()
        connection.close()


def _watch(connection: "duckdb.DuckDBPyConnection", seconds: float, over: threading.Event) -> None:
    """End whatever runs when the time is over, again and again: between two statements there is nothing to end."""
    over.wait(seconds)
    while not over.wait(_AGAIN):
        connection.interrupt()


class _Run:
    """One run over a store: its tables that were read, and the connection that computes."""

    def __init__(self, store: Store, names: "Names", limits: Limits, connection: "duckdb.DuckDBPyConnection") -> None:
        self._store = store
        self._names = names
        self._limits = limits
        self._connection = connection
        self._postgres = store.url.startswith("postgresql")
        self._read: dict[str, str] = {}  # by what was asked: the name it is known by here
        self._texts: dict[int, tuple[str, Schema]] = {}  # by scan: what reads it, and all the columns that gives

    def share(self, plans: Sequence[Operator]) -> None:
        """Let scans of the same rows of a table be one, with the columns of all of them."""
        if self._postgres:
            return
        same: dict[tuple[str, int | None, int | None], dict[tuple[str, ...], list[Scan]]] = {}
        found = conditions(plans)
        for node in in_order(plans):
            if isinstance(node, Scan):
                where = tuple(sorted(set(found.get(id(node), ()))))
                same.setdefault((node.table, node.start, node.stop), {}).setdefault(where, []).append(node)
        for where, scans in chain.from_iterable(by_condition.items() for by_condition in same.values()):
            fields = {field.name: field for scan in scans for field in scan.schema}
            together = replace(scans[0], schema=tuple(fields.values()))
            text = sqlite_scan(together, where)
            self._texts |= {id(scan): (text, together.schema) for scan in scans}

    def compute(self, plan: Operator, name: str) -> "pa.Table":
        """The rows of an output."""
        local = self._from_postgres(plan) if self._postgres else self._from_sqlite(plan)
        text = Generator("duckdb", _local, self._names).statement(local, True)
        result = self._execute(text)
        if len(result) > self._limits.shown:
            raise UsageError(
                f"output {name!r} has {len(result):,} rows, at most {self._limits.shown:,} are shown",
                "filter, aggregate or .head(n) gives fewer",
            )
        return result

    def _execute(self, text: str) -> "pa.Table":
        import duckdb

        try:
            return self._connection.sql(text).to_arrow_table()
        except duckdb.InterruptException as error:
            raise UsageError(
                f"the script took longer than {self._limits.seconds:g} s", "a later start_time asks for less"
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise UsageError(
                f"the script needs more than {self._limits.memory_mib} MiB of memory",
                "a later start_time asks for less",
            ) from error
        except duckdb.ConversionException as error:
            raise UsageError(f"a value does not fit: {str(error).splitlines()[0]}") from error

    def _from_postgres(self, plan: Operator) -> Operator:
        """The plan over what PostgreSQL computed of it."""
        writer = Generator("postgres", postgres_scan, self._names)

        def can(node: Operator) -> bool:
            if isinstance(node, Rows):
                return False
            try:
                writer.step(node)
            except NotInSql:
                return False
            return True

        by: dict[int, Operator] = {}
        for node in largest(plan, can):
            text = writer.statement(node)
            table = self._fetch(text, node.schema, "the store")
            by[id(node)] = Scan(table, node.schema)
        return replaced(plan, by)

    def _from_sqlite(self, plan: Operator) -> Operator:
        """The plan over the tables that it reads."""
        by: dict[int, Operator] = {}
        for node in in_order([plan]):
            if isinstance(node, Scan):
                table = self._fetch(*self._texts[id(node)], node.table)
                by[id(node)] = replace(node, table=table)
        return replaced(plan, by)

    def _fetch(self, text: str, schema: Schema, what: str) -> str:
        """Read once what a text asks for; gives the name by which it is known here."""
        known = self._read.get(text)
        if known is None:
            with self._store.query(text, timeout=self._limits.seconds, whole=True) as result:
                table = columns_of_rows(result.rows, schema, self._limits.read, what)
            name = f"t{len(self._read)}"
            self._connection.register(name, table)
            known = self._read[text] = name
        return known


def _without_missing(plan: Operator, is_stored: Callable[[str], bool]) -> Operator:
    """The plan with no rows where a table is not there."""
    missing = [node for node in in_order([plan]) if isinstance(node, Scan) and not is_stored(node.table)]
    return replaced(plan, {id(node): Rows(node.schema, ()) for node in missing}) if missing else plan


def _local(scan: Scan) -> str:
    """What reads a table that was fetched: its range was kept to when it was."""
    return f"SELECT {', '.join(quoted(field.name) for field in scan.schema)} FROM {scan.table}"


def rows_of(table: "pa.Table") -> list[tuple[Any, ...]]:
    """A table's rows as tuples of plain values."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True)) if table.num_columns else []
