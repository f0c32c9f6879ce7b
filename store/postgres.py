"""PostgreSQL through psycopg 3: COPY to write, a read-only transaction to read.

Reading is kept from writing by three things. The statement is put behind DECLARE CURSOR FOR or, as PostgreSQL computes no
cursor in several processes, in the parentheses of FROM when all its rows are wanted; in either place the grammar takes queries
only (no SET, COPY, DO, CALL, nor a second statement, as the extended protocol takes one). The transaction is read-only,
and cannot be made another once its first snapshot is taken. What is left are functions that act outside of transactions
(pg_terminate_backend, pg_reload_conf, lo_export, dblink_exec, ...): the server knows them as volatile, so those called
are looked up in its catalogue and all volatile ones but a few harmless ones are refused. A view or an operator that hides
such a function is not seen; making one takes the right to write.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, cast

import psycopg
from psycopg.adapt import Loader
from psycopg.rows import TupleRow
from sqlalchemy import JSON, URL, BigInteger, Boolean, Connection, Engine, Integer, Text, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeEngine

from pxcap.core.columns import ColumnType
from pxcap.core.errors import StoreError
from pxcap.core.protocol import Row
from pxcap.store.dialect import Dialect, Fate, Fault, QueryFault, Reading, Refused, Trouble
from pxcap.store.sqltext import calls, escaped_names, first_word, numbered

CONNECT_SECONDS = 10
SILENCE_SECONDS = 30  # after which a connection without answer counts as broken
FETCH = 100  # rows a round trip; one may hold several bodies
SCHEMA_LOCK = 0x70786361  # key of the advisory lock under which tables are made

_REPORTS = frozenset({"explain", "show"})
_STATEMENTS = frozenset(
    {"alter", "analyze", "begin", "call", "checkpoint", "cluster", "comment", "commit", "copy", "create", "deallocate"}
    | {"declare", "delete", "discard", "do", "drop", "end", "execute", "grant", "import", "insert", "listen", "load"}
    | {
        "lock",
        "merge",
        "notify",
        "prepare",
        "reassign",
        "refresh",
        "reindex",
        "reset",
        "revoke",
        "rollback",
        "savepoint",
    }
    | {"security", "set", "start", "truncate", "unlisten", "update", "vacuum"}
)
_HARMLESS = frozenset(
    {"random", "clock_timestamp", "timeofday", "gen_random_uuid", "pg_sleep", "pg_database_size", "pg_relation_size"}
    | {"pg_table_size", "pg_total_relation_size"}
)
_DECLARE = "DECLARE pxcap_query NO SCROLL CURSOR FOR "
_WHOLE = "SELECT * FROM (", "\n) pxcap_query"  # the statement may end in a comment
_ACCOUNT = "check user and password in the store URL"
_STATES: dict[str, tuple[Fate, str, str]] = {
    "28P01": (Fate.FATAL, "the server refuses this user or password", _ACCOUNT),
    "28000": (Fate.FATAL, "the server refuses this user or password", _ACCOUNT),
    "3D000": (Fate.FATAL, "the server has no such database", "createdb NAME makes it"),
    "42501": (Fate.FATAL, "no permission", "GRANT the user of the store URL CREATE on the schema"),
    "3F000": (Fate.FATAL, "no schema to make tables in", "GRANT the user of the store URL USAGE, CREATE on a schema"),
    "25006": (Fate.FATAL, "the server is read-only", "name the primary server"),
}
# A connection that was refused carries no SQLSTATE: the server's words (in English) are all there is.
_REFUSALS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ('role "', "28000"),
    ('database "', "3D000"),
)
_PASSING = (
    "08",
    "40",
    "53",
    "55",
    "57",
    "58",
)  # SQLSTATE classes: connection, conflict, resources, locks, shutdown, disk
_OF_ROWS = ("22", "23", "54")  # data exception, constraint, limit exceeded (JSON nested too deep)
_OF_STATEMENT = ("08P01", "0A", "21", "22", "2F", "34", "42", "54")


class _Number(Loader):
    """Numeric as int where it is whole, else float: what SQLite gives for the same sums and averages."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


class _Text(Loader):
    """JSON as the text it is."""

    def load(self, data: Any) -> str:
        return str(bytes(data), "utf-8")


class Postgres(Dialect):
    """A server, version 12 or newer."""

    create_view = "CREATE OR REPLACE VIEW"

    def __init__(self, url: URL) -> None:
        """Add timeouts, so that a server that fell silent is noticed; the URL's own options go before them."""
        super().__init__(url.set(drivername="postgresql", query={}).render_as_string(hide_password=True))
        self.url = url
        defaults = {
            "connect_timeout": str(CONNECT_SECONDS),
            "keepalives_idle": str(SILENCE_SECONDS // 2),
            "keepalives_interval": "5",
            "keepalives_count": "3",
            "tcp_user_timeout": str(SILENCE_SECONDS * 1000),
            "application_name": "pxcap",
            "client_encoding": "utf8",
        }
        self._options = {key: value for key, value in defaults.items() if key not in url.query}

    @classmethod
    def types(cls) -> Mapping[ColumnType, TypeEngine[Any]]:
        """JSON is kept as text, in the server's type for that."""
        return {
            ColumnType.INT64: BigInteger(),
            ColumnType.INT: Integer(),
            ColumnType.TEXT: Text(),
            ColumnType.JSON: JSON(),
            ColumnType.BOOL: Boolean(),
        }

    def check(self, create: bool) -> None:
        """Connect once."""
        try:
            self._connect().close()
        except psycopg.Error as error:
            fault = self.fault(error)
            raise StoreError(f"store {self.shown}: {fault.reason}", fault.hint) from error

    @cached_property
    def engine(self) -> Engine:
        """Connections of psycopg 3."""
        return create_engine(self.url, poolclass=NullPool, connect_args=self._options)

    def lock_schema(self, connection: Connection) -> None:
        """Take an advisory lock, and wait for other sessions' locks only so long."""
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{CONNECT_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")

    def insert(self, connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """COPY in its text form: a third faster than the binary one, whose fields the server receives one by one."""
        quote = connection.dialect.identifier_preparer.quote_identifier
        statement = f"COPY {quote(table)} ({', '.join(map(quote, columns))}) FROM STDIN"
        driver = cast("psycopg.Connection[TupleRow]", connection.connection.driver_connection)
        with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            write_row = copy.write_row
            for row in rows:
                write_row(row)

    def fault(self, error: Exception) -> Fault:
        """Judge by SQLSTATE; without one the connection broke or never was, or psycopg cannot send the value."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        text = _line(cause)
        if not isinstance(cause, psycopg.Error):
            unfit = isinstance(cause, (ValueError, OverflowError, TypeError))
            return Fault(Fate.ROWS if unfit else Fate.FATAL, text)
        state = cause.sqlstate or next((state for words, state in _REFUSALS if words in text), "")
        if state in _STATES:
            return Fault(*_STATES[state])
        if state.startswith(_PASSING) or (not state and isinstance(cause, psycopg.OperationalError)):
            return Fault(Fate.RETRY, text, "check that the server runs, its address, and its disk")
        unfit = state.startswith(_OF_ROWS) or not state
        return Fault(Fate.ROWS if unfit else Fate.FATAL, text)

    def read(self, sql: str, params: Mapping[str, object] | None, timeout: float | None, whole: bool) -> Reading:
        """Run it in a read-only transaction on a connection of its own."""
        word = first_word(sql)
        if word in _STATEMENTS:
            raise Refused(word.upper())
        if escaped_names(sql):
            raise Refused("a name with U&")
        text, values = numbered(sql, params or {})
        deadline = None if timeout is None else time.monotonic() + timeout
        connection = self._connect()
        try:
            connection.read_only = True
            connection.adapters.register_loader("numeric", _Number)
            connection.adapters.register_loader("json", _Text)
            connection.adapters.register_loader("jsonb", _Text)
            # The tokens are told apart by the standard's rules for strings; all rows will be wanted, not the first; and
            # compiling a statement (JIT) takes up to seconds, more than it saves.
            connection.execute(
                "SELECT set_config('standard_conforming_strings', 'on', true), set_config('jit', 'off', true),"
                " set_config('cursor_tuple_fraction', '1', true)"
            )
            _refuse_volatile(connection, calls(sql))
            _limit(connection, deadline)
            cursor = psycopg.RawCursor(connection)
            # Binary results mean the extended protocol, which takes one statement only.
            rows: Iterator[Row]
            if word in _REPORTS:
                cursor.execute(text.encode(), values, binary=True)
                rows = iter(cursor.fetchall())
            elif whole:
                stream = cursor.stream(text.join(_WHOLE).encode(), values, binary=True, size=_chunk())
                first = list(islice(stream, 1))
                rows = _streamed(first, stream)
                if not first:  # psycopg tells no columns then
                    cursor.execute((text.join(_WHOLE) + " LIMIT 0").encode(), values, binary=True)
            else:
                cursor.execute((_DECLARE + text).encode(), values, binary=True)
                cursor.execute(f"FETCH {FETCH} FROM pxcap_query".encode())
                rows = _rows(connection, cursor, cursor.fetchall(), deadline)
            columns = tuple(item.name for item in cursor.description or ())
        except BaseException:
            connection.close()
            raise
        return Reading(columns, rows, connection.close)

    def query_fault(self, error: Exception, sql: str) -> QueryFault | None:
        """Judge by SQLSTATE, and find names in the server's words."""
        if not isinstance(error, psycopg.Error):
            return None
        state = error.sqlstate or ""
        text = error.diag.message_primary or _line(error)
        if state == "57014":
            return QueryFault(Trouble.OTHER, "the statement took longer than allowed")
        if state == "42P01":
            return QueryFault(Trouble.TABLE, text, _name_in(text))
        if state == "42703":
            return QueryFault(Trouble.COLUMN, text, _name_in(text))
        if state == "25006" or "data-modifying" in text:
            return QueryFault(Trouble.WRITE, text.replace("DECLARE CURSOR", "a query"))
        if (
            state == "42601"
            and first_word(sql) == "with"
            and (match := re.search(r'near "(insert|update|delete|merge)"', text, re.IGNORECASE))
        ):
            return QueryFault(Trouble.WRITE, f"{match[1].upper()} is not allowed")
        if state == "42601":
            return QueryFault(Trouble.SYNTAX, text, position=_position(error, sql))
        unsendable = not state and isinstance(error, (psycopg.ProgrammingError, psycopg.DataError))
        return QueryFault(Trouble.OTHER, text) if unsendable or state.startswith(_OF_STATEMENT) else None

    def _connect(self) -> "psycopg.Connection[TupleRow]":
        positional, named = self.engine.dialect.create_connect_args(self.url)
        return psycopg.connect(*positional, **{**named, **self._options})


def _refuse_volatile(connection: "psycopg.Connection[TupleRow]", names: set[str]) -> None:
    asked = sorted(names - _HARMLESS)
    found = connection.execute(
        "SELECT proname FROM pg_proc WHERE provolatile = 'v' AND proname = ANY(%s) ORDER BY 1 LIMIT 1", (asked,)
    ).fetchone()
    if found:
        raise Refused(f"function {found[0]}, which may do more than read,")


def _limit(connection: "psycopg.Connection[TupleRow]", deadline: float | None) -> None:
    """Let the next statement take what is left of the time, at least a millisecond."""
    if deadline is not None:
        left = max(1, int((deadline - time.monotonic()) * 1000))
        connection.execute("SELECT set_config('statement_timeout', %s, true)", (str(left),))


def _chunk() -> int:
    """Rows psycopg takes at once of a stream: more than one where its libpq can."""
    return FETCH if psycopg.capabilities.has_stream_chunked() else 1


def _streamed(first: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    """All rows; closed early, it closes the stream, which tells the server."""
    yield from first
    yield from rest


def _rows(
    connection: "psycopg.Connection[TupleRow]",
    cursor: psycopg.RawCursor[TupleRow],
    rows: list[Row],
    deadline: float | None,
) -> Iterator[Row]:
    while rows:
        yield from rows
        if len(rows) < FETCH:
            return
        _limit(connection, deadline)
        cursor.execute(f"FETCH {FETCH} FROM pxcap_query".encode())
        rows = cursor.fetchall()


def _line(error: BaseException) -> str:
    """The first line of the driver's words, from where the server's own begin."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return re.sub(r"^connection failed: .* failed: (FATAL: +)?", "", first)


def _name_in(text: str) -> str:
    match = re.search(r'(?:relation|table|column) (?:"(.+?)"|(\S+))', text)
    return (match[1] or match[2]) if match else ""


def _position(error: psycopg.Error, sql: str) -> int | None:
    """Where in the person's SQL; unknown once parameters moved the text."""
    at = error.diag.statement_position
    if at is None or numbered(sql, {})[0] != sql:
        return None
    index = int(at) - 1 - len(_DECLARE)
    return index if 0 <= index <= len(sql) else None
