"""Runs the plans of a script: reads what they need of the store, once, and computes each output.

On PostgreSQL the largest parts that it can say are computed there, whole group-bys among them. On SQLite tables are read,
with as few columns and rows as the plans need. What is left runs here in DuckDB over Arrow columns. What several outputs
are made of is computed once.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pxcap.core.columns import CONN_STATS
from pxcap.core.errors import PluginError, UsageError
from pxcap.scripts import functions
from pxcap.scripts.engine.chains import Reading, readings
from pxcap.scripts.engine.constants import simplified
from pxcap.scripts.engine.counts import counted
from pxcap.scripts.engine.ends import ROLE, from_clients
from pxcap.scripts.engine.generate import Generator, NotInSql, quoted
from pxcap.scripts.engine.graph import in_order, merged, prune
from pxcap.scripts.engine.once import each_once
from pxcap.scripts.engine.pushdown import largest, replaced, sayable, shared, shrunk
from pxcap.scripts.engine.sources import TooManyRows, columns_of_rows, postgres_scan
from pxcap.scripts.engine.stored import without_missing
from pxcap.scripts.plan import Literal, Operator, Output, Rows, Scan
from pxcap.store import Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from pxcap.scripts.names import Names


SHARED = 1_000_000  # rows got from PostgreSQL for several outputs; of more it makes what each of them needs
STORE = "the store"  # what is read when the database computes it
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
        columns = cache(lambda table: [one.name for one in store.schema(table)] if is_stored(table) else [])
        there = [without_missing(counted(output.plan), columns) for output in outputs]
        there = [each_once(plan, lambda scan: not run.same_in_all(scan)) for plan in there]
        there = [from_clients(plan, lambda: run.has_packets(is_stored)) for plan in there]
        plans = prune(merged(simplified(there, run.same_in_all)))
        run.prepare(plans)
        for output, plan in zip(outputs, plans, strict=True):
            yield output, run.compute(plan, output.name)


@contextmanager
def _running(store: Store, names: "Names", limits: Limits) -> "Iterator[_Run]":
    import duckdb

    connection = duckdb.connect(":memory:", config={"memory_limit": f"{limits.memory_mib}MiB"})
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(connection, limits.seconds, over), daemon=True)
    watch.start()
    try:
        # What is run here was made here; still, nothing of it may reach for files or extensions.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET python_enable_replacements = false")
        functions.register(connection, names)
        connection.execute("SET lock_configuration = true")
        yield _Run(store, names, limits, connection)
    finally:
        over.set()
        watch.join()  # a thread that is still there when the interpreter ends can end it with a message of C++
        connection.close()


def _watch(connection: "duckdb.DuckDBPyConnection", seconds: float, over: threading.Event) -> None:
    """End whatever runs when the time is over, again and again: between two statements there is nothing to end."""
    over.wait(seconds)
    while not over.wait(_AGAIN):
        connection.interrupt()


class _Run:
    """One run over a store: what was read of it, and the connection that computes."""

    def __init__(self, store: Store, names: "Names", limits: Limits, connection: "duckdb.DuckDBPyConnection") -> None:
        self._store = store
        self._names = names
        self._limits = limits
        self._connection = connection
        self._readings: dict[int, Reading] = {}  # by the operator at which reading ends
        self._roles: dict[str, int | None] = {}  # by table; None where there are several
        self._once: set[int] = set()  # operators that are computed once
        self._apart: set[int] = set()  # those that were to be, but are too large to be fetched
        self._read: dict[str, str] = {}  # the name by which what a statement gave is known here
        self._made: dict[int, str] = {}  # the same for what was computed once

    def prepare(self, plans: Sequence[Operator]) -> None:
        """Decide what is read, and what is computed once."""
        self._plans = plans
        once = [node for node in shared(plans) if id(node) not in self._apart]
        if self._store.url.startswith("postgresql"):
            writer = Generator("postgres", postgres_scan, self._names)
            said, small = sayable(plans, lambda node: _can(writer, node)), shrunk(plans)
            self._once = {id(node) for node in once if id(node) not in said or id(node) in small}
            tops = largest(plans, said, self._once)
            found = [Reading(writer.statement(node), node.schema, STORE, {id(node): _as_it_is}) for node in tops]
        else:
            self._once = {id(node) for node in once}
            found = readings(plans, self._names, self._once)
        self._readings = {top: one for one in found for top in one.tops}

    def same_in_all(self, scan: Scan) -> dict[str, Literal]:
        """The role that all records of a table have, where they have one: plans decide much by it.

        Where there are both a few records tell.
        """
        found = [field for field in scan.schema if field.name == ROLE]
        if not found or scan.table == CONN_STATS.name:  # few rows, and filtered by it in any case
            return {}
        if scan.table not in self._roles:
            rows = f"SELECT {ROLE} FROM {quoted(scan.table)}"
            role = self._first(f"{rows} LIMIT 1")
            others = f"{ROLE} IS NULL OR {ROLE} <> {role}"
            one = (
                isinstance(role, int)
                and self._first(f"SELECT 1 FROM {quoted(scan.table)} WHERE {others} LIMIT 1") is None
            )
            self._roles[scan.table] = role if one else None
        role = self._roles[scan.table]
        return {} if role is None else {ROLE: Literal(role, found[0].type)}

    def has_packets(self, is_stored: Callable[[str], bool]) -> bool:
        """Whether the store has anything that was read from packets, by its totals: they are few."""
        rows = f"SELECT 1 FROM {quoted(CONN_STATS.name)} WHERE upid = '' LIMIT 1"
        return is_stored(CONN_STATS.name) and self._first(rows) is not None

    def _first(self, text: str) -> Any:
        with self._store.query(text, timeout=self._limits.seconds, whole=True) as result:
            return next((row[0] for row in result), None)

    def compute(self, plan: Operator, name: str) -> "pa.Table":
        """The rows of an output."""
        while True:
            known = len(self._apart)
            try:
                local = self._computed(plan) if id(plan) in self._once else self._over(plan)
                break
            except TooManyRows:
                if len(self._apart) == known:
                    raise
                self.prepare(self._plans)
        with self._explained():
            result = self._connection.sql(self._statement(local, True)).to_arrow_table()
        if len(result) > self._limits.shown:
            raise UsageError(
                f"output {name!r} has {len(result):,} rows, at most {self._limits.shown:,} are shown",
                "filter, aggregate or .head(n) gives fewer",
            )
        return result

    def _over(self, plan: Operator) -> Operator:
        """The plan over what is here, which is got first."""
        by: dict[int, Operator] = {}
        others = self._once - {id(plan)}
        for node in in_order([plan], self._readings.keys() | others):
            if id(node) in others:
                by[id(node)] = self._computed(node)
            elif id(node) in self._readings:
                by[id(node)] = self._fetched(node)
        return replaced(plan, by)

    def _computed(self, node: Operator) -> Operator:
        """What stands for an operator that is computed once."""
        name = self._made.get(id(node))
        if name is None:
            text = self._statement(self._over(node))
            name = self._made[id(node)] = f"made{len(self._made)}"
            with self._explained():
                self._connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
            reading = self._readings.get(id(node))
            if reading is not None and reading.tops.keys() <= self._made.keys():
                self._connection.unregister(self._read.pop(reading.text))  # nobody else asks for it
        return Scan(name, node.schema)

    def _fetched(self, node: Operator) -> Operator:
        """What stands for an operator at which reading ends."""
        reading = self._readings[id(node)]
        name = self._read.get(reading.text)
        if name is None:
            most = self._limits.read
            if id(node) in self._once and reading.what == STORE:
                most = min(most, SHARED)
            with self._store.query(reading.text, timeout=self._limits.seconds, whole=True) as result:
                try:
                    table = columns_of_rows(result.rows, reading.schema, most, reading.what)
                except TooManyRows:
                    if most < self._limits.read:
                        self._apart.add(id(node))
                    raise
            name = self._read[reading.text] = f"read{len(self._read)}"
            self._connection.register(name, table)
        return reading.tops[id(node)](Scan(name, reading.schema))

    def _statement(self, plan: Operator, ordered: bool = False) -> str:
        return Generator("duckdb", _local, self._names).statement(plan, ordered)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except duckdb.InterruptException as error:
            raise UsageError(
                f"the script took longer than {self._limits.seconds:g} s", "a later start_time asks for less"
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise UsageError(
                f"the script needs more than {self._limits.memory_mib} MiB of memory",
                "a later start_time asks for less",
            ) from error
        except duckdb.InvalidInputException as error:
            _, found, fault = str(error).partition(f"{PluginError.__name__}: ")
            if not found:
                raise
            raise PluginError(fault.splitlines()[0]) from error
        except duckdb.DataError as error:  # it cannot be converted, or a sum is too large
            raise UsageError(f"a value does not fit: {str(error).splitlines()[0]}") from error


def _can(writer: Generator, node: Operator) -> bool:
    """Whether the database can say an operator; rows that are known here need not go there."""
    if isinstance(node, Rows):
        return False
    try:
        writer.step(node)
    except NotInSql:
        return False
    return True


def _as_it_is(node: Operator) -> Operator:
    return node


def _local(scan: Scan) -> str:
    """What reads a table that was fetched: its range was kept to when it was."""
    return f"SELECT {', '.join(quoted(field.name) for field in scan.schema)} FROM {scan.table}"
