"""Opening a store by its URL, and everything that is done with one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pxcap.core.columns import Table
from pxcap.core.errors import StoreError, UsageError
from pxcap.store.described import ALIAS, DESCRIBED, TABLE, ColumnInfo
from pxcap.store.dialect import Dialect, Fate
from pxcap.store.query import Columns, Result, run_query, table_hint
from pxcap.store.retry import Backoff

if TYPE_CHECKING:
    from pxcap.store.writer import StoreWriter

URL_HINT = "write sqlite:///pxcap.db or postgresql://user:password@host/database"
BATCH = 4096  # rows; from 100 to 50,000 the speed differs by a tenth
MAX_BYTES = 8 << 20  # of text held by a writer
RETRY_SECONDS = 30.0
_PLAIN_FILE = re.compile(r"sqlite:///([^?%]*)")  # SQLAlchemy, which takes long to load, says the same of such a URL


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A stored table; times are ns since the epoch, None when it is empty."""

    name: str
    rows: int
    first_time: int | None
    last_time: int | None
    meaning: str


class Store:
    """A database that holds records. Made by `open_store`; hold it in a `with` block or `close` it."""

    def __init__(self, dialect: Dialect) -> None:
        self.url = dialect.shown
        self._dialect = dialect
        self._prepared: dict[str, Table] = {}

    def prepare(self, tables: Iterable[Table], retry_for: float = RETRY_SECONDS) -> None:
        """Create the tables, columns and aliases that are missing, all or none; another process may do so as well.

        Columns that a newer plugin declares are added, with NULL in the old rows.

        Args:
            tables: What the writers of this store will write.
            retry_for: How long to wait for a locked or absent database, in seconds.

        Raises:
            StoreError: A name is taken by something else, a column has another type, or the database refuses.
        """
        from pxcap.store.ddl import prepare_tables

        wanted = list(tables)
        backoff = Backoff(retry_for)
        while True:
            try:
                with self._dialect.engine.begin() as connection:
                    prepare_tables(connection, self._dialect, wanted)
                break
            except StoreError:
                raise
            except Exception as error:
                fault = self._dialect.fault(error)
                if fault.fate is not Fate.RETRY or not backoff.wait():
                    raise StoreError(f"store {self.url}: {fault.reason}", fault.hint) from error
        self._prepared |= {table.name: table for table in wanted}

    def writer(
        self,
        batch: int = BATCH,
        max_bytes: int = MAX_BYTES,
        retry_for: float = RETRY_SECONDS,
        keep: bool = False,
    ) -> "StoreWriter":
        """A writer of the prepared tables: a context manager and a `pxcap.core.sink.Sink`.

        Args:
            batch: Rows of a table stored in one transaction.
            max_bytes: Text held before it is stored, over all tables.
            retry_for: How long to try again when the database is locked, full or away, in seconds.
            keep: Whether rows are kept for the next call when that time is over, instead of given up.
        """
        from pxcap.store.writer import StoreWriter

        return StoreWriter(self._dialect, list(self._prepared.values()), batch, max_bytes, retry_for, keep)

    def tables(self) -> list[TableInfo]:
        """What is stored, by name; empty when nothing was prepared yet.

        Raises:
            StoreError: The database cannot be read.
        """
        described = self.described()
        timed = {table for table, column, *_ in described if column == "time_"}
        found = []
        for table, column, kind, _, meaning in described:
            if kind == TABLE and not column:
                quoted = table.replace('"', '""')
                times = "min(time_), max(time_)" if table in timed else "NULL, NULL"
                with self.query(f'SELECT count(*), {times} FROM "{quoted}"') as result:
                    count, first, last = next(result.rows)
                found.append(TableInfo(table, count, first, last, meaning))
        return found

    def schema(self, name: str) -> list[ColumnInfo]:
        """The columns of a table, or of the table an alias stands for, in declared order.

        Raises:
            UsageError: There is no such table.
            StoreError: The database cannot be read.
        """
        described = self.described()
        for table, column, kind, _, target in described:
            if table == name and not column and kind == ALIAS:
                name = target
        found = [ColumnInfo(column, *rest) for table, column, *rest in described if table == name and column]
        if not found:
            raise UsageError(f"no such table: {name}", table_hint(name, self._known()))
        return found

    def described(self) -> list[tuple[str, str, str, str, str]]:
        """What the store says of itself, in order: table, column, type, unit, meaning; nothing when it was never written to.

        A table itself has no column, and TABLE for its type; another name of one has ALIAS, and the table for its meaning.

        Raises:
            StoreError: The database cannot be read.
        """
        sql = f"SELECT table_name, column_name, type, unit, meaning FROM {DESCRIBED} ORDER BY table_name, position"
        try:
            with run_query(self._dialect, sql, None, None, None, dict) as result:
                return [(row[0], row[1], row[2], row[3], row[4]) for row in result]
        except UsageError:  # no such table
            return []

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        limit: int | None = None,
        timeout: float | None = None,
        whole: bool = False,
    ) -> Result:
        """Run one statement that reads.

        Nothing it says can change the store: the connection is its own and may only read (SQLite: opened read-only, with
        an authoriser; PostgreSQL: a query in a read-only transaction, and no function that is declared volatile).

        Args:
            sql: One SELECT, WITH, VALUES or EXPLAIN.
            params: Values for `:name` in it.
            limit: Stop after so many rows.
            timeout: Seconds after which it is ended; None is no limit.
            whole: Whether all rows will be taken, and soon: PostgreSQL then computes them in several processes.

        Raises:
            UsageError: The statement is wrong, would write, or takes too long; also while the rows are taken.
            StoreError: The database cannot be read; also while the rows are taken.
        """
        return run_query(self._dialect, sql, params, limit, timeout, self._known, whole)

    def close(self) -> None:
        """Nothing stays open between calls; writers and results are closed by themselves."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _known(self) -> Columns:
        known: dict[str, list[str]] = {}
        aliases: dict[str, str] = {}
        for table, column, kind, _, meaning in self.described():
            if column:
                known.setdefault(table, []).append(column)
            elif kind == ALIAS:
                aliases[table] = meaning
        return known | {alias: known[table] for alias, table in aliases.items() if table in known}


def open_store(url: str, create: bool = True) -> Store:
    """Open the store at an SQLAlchemy URL: `sqlite:///file`, `postgresql://…` (psycopg 3).

    Nothing is created or changed yet; `Store.prepare` does that.

    Args:
        url: Where it is; a password in it is never shown.
        create: Whether a file may be made, and will be written to; unset, a missing one is an error.

    Raises:
        UsageError: The URL is not one, names an unknown kind of database, or its driver is not installed.
        StoreError: The database cannot be reached, refuses, or is not one.
    """
    dialect = _dialect(url)
    dialect.check(create)
    return Store(dialect)


def _dialect(text: str) -> Dialect:
    from pxcap.store.sqlite import SQLite

    if plain := _PLAIN_FILE.fullmatch(text):
        return SQLite(plain[1], f"sqlite:///{plain[1]}")
    import sqlalchemy as sa

    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise UsageError(f"store {_without_secrets(text)}: not a database URL", URL_HINT) from error
    kind, _, driver = url.drivername.partition("+")
    if kind == "sqlite" and driver in ("", "pysqlite"):
        shown = url.set(drivername=kind, query={}).render_as_string(hide_password=True)
        return SQLite(url.database or "", shown, url.query)
    if kind in ("postgresql", "postgres") and driver in ("", "psycopg"):
        try:
            from pxcap.store.postgres import Postgres
        except ImportError as error:
            raise UsageError("PostgreSQL needs the driver psycopg 3", "pip install 'psycopg[binary]'") from error
        return Postgres(url.set(drivername="postgresql+psycopg"))
    raise UsageError(f"store {_without_secrets(text)}: pxcap knows no {url.drivername} databases", URL_HINT)


def _without_secrets(url: str) -> str:
    """The URL without what may be a password, even where it cannot be parsed."""
    return re.sub(r"//.*@", "//***@", url.partition("?")[0], flags=re.DOTALL)
