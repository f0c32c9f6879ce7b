"""SQLite: one file in WAL mode. One process writes at a time, the others wait; readers never wait."""

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pxcap.core.columns import ColumnType
from pxcap.core.errors import StoreError, UsageError
from pxcap.core.protocol import Row
from pxcap.store.dialect import Dialect, Fate, Fault, QueryFault, Reading, Refused, Trouble
from pxcap.store.sqltext import first_word

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.types import TypeEngine

PAGE_SIZE = 16384  # rows hold bodies: fewer overflow pages, and a quarter more rows a second than with 4096
GROUP = 32  # rows a statement
MAX_VARIABLES = 999  # marks a statement may hold, whatever SQLite it is (SQLITE_MAX_VARIABLE_NUMBER before 3.32)
BUSY_SECONDS = 0.5  # how long SQLite itself waits for a lock; the caller's back-off goes on from there
TICK = 100_000  # instructions of SQLite's machine between two looks at the clock and at pending signals
LONGEST_VALUE = 1 << 28  # bytes a statement of a person may build

_PRAGMAS = (
    f"PRAGMA page_size={PAGE_SIZE}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA cache_size=-2048",
    "PRAGMA wal_autocheckpoint=2000",
)
_FAULTS: dict[int, tuple[Fate, str, str]] = {
    sqlite3.SQLITE_BUSY: (Fate.RETRY, "another process keeps it locked", "end the process that holds it, or try again"),
    sqlite3.SQLITE_LOCKED: (Fate.RETRY, "another connection keeps it locked", ""),
    sqlite3.SQLITE_FULL: (Fate.RETRY, "the disk is full", "make room, or choose another place with --store"),
    sqlite3.SQLITE_IOERR: (Fate.RETRY, "the disk does not take or give the data", ""),
    sqlite3.SQLITE_CANTOPEN: (Fate.RETRY, "the file cannot be opened", "check the folder and its permissions"),
    sqlite3.SQLITE_PROTOCOL: (Fate.RETRY, "another process keeps it locked", ""),
    sqlite3.SQLITE_READONLY: (Fate.FATAL, "the file is read-only", "change its permissions, or choose another --store"),
    sqlite3.SQLITE_PERM: (Fate.FATAL, "no permission to open the file", "change its permissions"),
    sqlite3.SQLITE_NOTADB: (Fate.FATAL, "this file is not an SQLite database", "choose another --store"),
    sqlite3.SQLITE_CORRUPT: (Fate.FATAL, "the database file is damaged", "move it away and replay again"),
    sqlite3.SQLITE_TOOBIG: (Fate.ROWS, "value too long", ""),
    sqlite3.SQLITE_CONSTRAINT: (Fate.ROWS, "value not allowed", ""),
    sqlite3.SQLITE_MISMATCH: (Fate.ROWS, "value of a wrong type", ""),
}
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
_INTROSPECTION = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info", "compile_options"})
_SETTINGS = frozenset({"page_size", "page_count", "freelist_count", "journal_mode", "encoding"})
_READING_WORDS = frozenset({"SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA"})
_UNSAFE_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer"})
_TABLE_FUNCTIONS = ("json_each('[]')", "json_tree('[]')", "pragma_table_info('')")
_ACTIONS = {
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_UPDATE: "UPDATE",
    sqlite3.SQLITE_DELETE: "DELETE",
    sqlite3.SQLITE_PRAGMA: "PRAGMA",
    sqlite3.SQLITE_FUNCTION: "function",
}

sqlite3.register_converter("BOOLEAN", lambda value: value != b"0")
# What these two become in any case; but told so, sqlite3 does not search None and bool for adapters at every value, which
# takes five times as long as storing it.
_NO_VALUES: dict[None, None] = {}
sqlite3.register_adapter(type(None), _NO_VALUES.get)
sqlite3.register_adapter(bool, int)


class SQLite(Dialect):
    """A file. Values of BOOL columns are read as bool, JSON columns as text."""

    create_view = "CREATE VIEW IF NOT EXISTS"

    def __init__(self, database: str, shown: str, options: Mapping[str, Any] | None = None) -> None:
        """Take what the URL says.

        Args:
            database: Path of the file.
            shown: The URL for people.
            options: Of the URL, for the driver.

        Raises:
            UsageError: It is no path.
        """
        super().__init__(shown)
        if not database or database == ":memory:" or database.startswith("file:"):
            raise UsageError(f"store {shown}: names no file", "write sqlite:///pxcap.db, or sqlite:////absolute/path")
        self.path = Path(database)
        self._database = database
        self._options = options or {}

    @classmethod
    def types(cls) -> "Mapping[ColumnType, TypeEngine[Any]]":
        """Whole numbers of 64 bits are INTEGER, too."""
        from sqlalchemy import BigInteger, Boolean, Integer, Text

        return {
            ColumnType.INT64: BigInteger().with_variant(Integer(), "sqlite"),
            ColumnType.INT: Integer(),
            ColumnType.TEXT: Text(),
            ColumnType.JSON: Text(),
            ColumnType.BOOL: Boolean(),
        }

    def check(self, create: bool) -> None:
        """Look at the folder, at the file, and into it."""
        if self.path.is_dir():
            raise StoreError(f"store {self.shown}: {self.path} is a folder", "name a file in it")
        if not self.path.exists():
            if not create:
                raise StoreError(
                    f"no store at {self.path}", "run pxcap replay FILE first, or name another with --store"
                )
            if not self.path.absolute().parent.is_dir():
                raise StoreError(
                    f"store {self.shown}: folder {self.path.absolute().parent} does not exist",
                    f"mkdir -p {self.path.absolute().parent}",
                )
            if not os.access(self.path.absolute().parent, os.W_OK):
                raise StoreError(f"store {self.shown}: folder {self.path.absolute().parent} is not writable")
            return
        if create and not os.access(self.path, os.W_OK):
            raise StoreError(
                f"store {self.shown}: the file is read-only", "change its permissions, or name another --store"
            )
        try:
            connection = self._open_read_only()
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            finally:
                connection.close()
        except sqlite3.Error as error:
            fault = self.fault(error)
            raise StoreError(f"store {self.shown}: {fault.reason}", fault.hint) from error

    @cached_property
    def engine(self) -> "Engine":
        """Its connections begin every transaction with BEGIN IMMEDIATE, so that none fails half way on a lock."""
        from sqlalchemy import URL, create_engine, event
        from sqlalchemy.pool import NullPool

        engine = create_engine(
            URL.create("sqlite+pysqlite", database=self._database, query=self._options),
            poolclass=NullPool,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )

        @event.listens_for(engine, "connect")
        def configure(connection: sqlite3.Connection, record: object) -> None:
            connection.isolation_level = None  # the driver begins nothing by itself
            for pragma in _PRAGMAS:
                connection.execute(pragma)

        @event.listens_for(engine, "invalidate")
        def let_go(connection: sqlite3.Connection, record: object, error: object) -> None:
            # Closed with a statement under way (Ctrl-C), it would keep its lock until that is garbage-collected.
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()

        @event.listens_for(engine, "begin")
        def begin(connection: "Connection") -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def lock_schema(self, connection: "Connection") -> None:
        """Nothing more to do: BEGIN IMMEDIATE keeps other writers out."""

    def insert(self, connection: "Connection", table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Executemany of tuples, several rows a statement, which is a fifth faster than one row a statement."""
        insert = f"INSERT INTO {_quote(table)} ({', '.join(map(_quote, columns))}) VALUES "
        marks = f"({', '.join('?' * len(columns))})"
        group = max(1, min(GROUP, MAX_VARIABLES // len(columns)))
        grouped = 0
        # A row of another length would shift the values of its neighbours; alone it is refused.
        if len(rows) >= group and set(map(len, rows)) == {len(columns)}:
            grouped = len(rows) - len(rows) % group
            joined = [tuple(chain.from_iterable(rows[at : at + group])) for at in range(0, grouped, group)]
            connection.exec_driver_sql(insert + ", ".join([marks] * group), joined)
        if grouped < len(rows):
            connection.exec_driver_sql(insert + marks, list(rows[grouped:]))

    def fault(self, error: Exception) -> Fault:
        """Judge by SQLite's result code; what the driver refuses to bind is the row's fault."""
        cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps what the driver raised
        code = getattr(cause, "sqlite_errorcode", None)
        if code is not None:
            fate, reason, hint = _FAULTS.get(code & 0xFF, (Fate.FATAL, str(cause), ""))
            return Fault(fate, reason, hint)
        if isinstance(cause, (sqlite3.ProgrammingError, sqlite3.InterfaceError)):
            return Fault(Fate.RETRY if "closed" in str(cause) else Fate.ROWS, str(cause))
        fits = isinstance(cause, (OverflowError, UnicodeError, sqlite3.DataError))
        return Fault(Fate.ROWS if fits else Fate.FATAL, str(cause))

    def read(self, sql: str, params: Mapping[str, object] | None, timeout: float | None, whole: bool) -> Reading:
        """Run it on a connection of its own that can only read: opened so, set so, and authorised so."""
        connection = self._open_read_only()
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            for table in _TABLE_FUNCTIONS:  # their first use declares a table, which the authoriser would not allow
                connection.execute(f"SELECT 1 FROM {table}").fetchall()
            denied: list[str] = []
            connection.set_authorizer(_authorizer(denied))
            deadline = None if timeout is None else time.monotonic() + timeout
            # Returning to Python now and then is also what lets Ctrl-C end a long statement.
            connection.set_progress_handler(lambda: deadline is not None and time.monotonic() > deadline, TICK)
            try:
                cursor = connection.execute(sql, params or {})
            except sqlite3.DatabaseError as error:
                if denied:
                    word = first_word(sql).upper()
                    raise Refused(denied[0] if word in _READING_WORDS else word) from error
                raise _interrupted(error, deadline) from error
        except BaseException:
            connection.close()
            raise
        columns = tuple(item[0] for item in cursor.description or ())
        return Reading(columns, _rows(connection, cursor, deadline), connection.close)

    def query_fault(self, error: Exception, sql: str) -> QueryFault | None:
        """Read SQLite's words: it has one result code for every mistake in a statement."""
        text = str(error)
        if isinstance(error, TimeoutError):
            return QueryFault(Trouble.OTHER, text)
        if match := re.match(r"no such table: (?:main\.)?(.+)", text):
            return QueryFault(Trouble.TABLE, text, match[1])
        if match := re.match(r"no such column: (.+)", text):
            return QueryFault(Trouble.COLUMN, text, match[1].strip('"'))
        if match := re.match(r'near "(.*)": syntax error', text, re.DOTALL):
            return QueryFault(Trouble.SYNTAX, text, position=_only_place(sql, match[1]))
        if text == "incomplete input":
            return QueryFault(Trouble.SYNTAX, "the statement is not complete", position=len(sql.rstrip()))
        if "readonly" in text or "query_only" in text:
            return QueryFault(Trouble.WRITE, text)
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        return None if code in _FAULTS and code != sqlite3.SQLITE_TOOBIG else QueryFault(Trouble.OTHER, text)

    def _open_read_only(self) -> sqlite3.Connection:
        connection = self._connect("mode=ro")
        try:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            # In a folder where nothing can be created WAL's shared memory cannot be, either; with no log beside the
            # file nobody writes to it, and it can be read without.
            unwritable = (error.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if not unwritable or not self.path.exists() or Path(f"{self.path}-wal").exists():
                raise
            connection = self._connect("immutable=1")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{quote(str(self.path.absolute()))}?{mode}",
            uri=True,
            timeout=5,
            isolation_level=None,
            check_same_thread=False,
            detect_types=sqlite3.PARSE_DECLTYPES,
        )


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _authorizer(denied: list[str]) -> Any:
    def authorize(action: int, first: str | None, second: str | None, database: str | None, source: str | None) -> int:
        if action in _READING:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and second not in _UNSAFE_FUNCTIONS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA and (first in _INTROSPECTION or (first in _SETTINGS and second is None)):
            return sqlite3.SQLITE_OK
        what = _ACTIONS.get(action, "a change")
        name = second if action == sqlite3.SQLITE_FUNCTION else first if action == sqlite3.SQLITE_PRAGMA else None
        denied.append(f"{what} {name}" if name else what)
        return sqlite3.SQLITE_DENY

    return authorize


def _rows(connection: sqlite3.Connection, cursor: sqlite3.Cursor, deadline: float | None) -> Iterator[Row]:
    try:
        yield from cursor
    except sqlite3.OperationalError as error:
        raise _interrupted(error, deadline) from error
    finally:
        connection.close()


def _interrupted(error: sqlite3.DatabaseError, deadline: float | None) -> BaseException:
    """The progress handler ends a statement for two reasons: time is up, or a signal raised inside it."""
    if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
        return error
    if deadline is not None and time.monotonic() > deadline:
        return TimeoutError("the statement took longer than allowed")
    return KeyboardInterrupt()


def _only_place(sql: str, token: str) -> int | None:
    at = sql.find(token)
    return at if at >= 0 and sql.find(token, at + 1) < 0 else None
