"""Functions computed by DuckDB, and by PostgreSQL where it can say them."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest
from tests.store.conftest import Server

from pxcap.scripts import functions
from pxcap.scripts.functions import SQL_TYPES, Dialect
from pxcap.scripts.functions.arrays import arrow_type
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Aggregation, Column, Expression, Literal
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, Type

TYPES = {bool: BOOLEAN, int: INT64, float: FLOAT64, str: STRING}
Rows = Sequence[tuple[Any, ...]]
Run = Callable[[str, Sequence[str], Sequence[Type], Rows, Names], list[Any]]


def type_of(value: object) -> Type:
    return TYPES[type(value)]


NOTHING = Names()


class Constant:
    """Marks an argument that is given as a constant, not as a column."""

    def __init__(self, value: bool | float | str) -> None:
        self.value = value


def fold(name: str, *values: bool | float | str) -> Any:
    """A call of constants."""
    found = functions.fold(functions.call(name, [Literal(value, type_of(value)) for value in values]))
    return found.value if found else None


class Calculator:
    """Computes calls over rows in one database; None instead of results where it cannot say them."""

    def __init__(self, dialect: Dialect, run: "Run") -> None:
        self.dialect, self.run = dialect, run

    def call(
        self, name: str, types: Sequence[Type | Constant], rows: Rows, names: Names | None = None
    ) -> list[Any] | None:
        """A function of columns of these types, for each row."""
        args: list[Expression] = []
        texts = []
        columns = [f"c{at}" for at in range(len(types))]
        for column, one in zip(columns, types, strict=True):
            if isinstance(one, Constant):
                kind = type_of(one.value)
                args.append(Literal(one.value, kind))
                text = str(one.value).replace("'", "''")
                texts.append(f"CAST('{text}' AS {SQL_TYPES[kind.data]})")
            else:
                args.append(Column(column, one))
                texts.append(column)
        call = functions.call(name, args)
        text = functions.sql(call, self.dialect, texts[: len(call.args)], names or NOTHING)
        if text is None:
            return None
        kinds = [type_of(one.value) if isinstance(one, Constant) else one for one in types]
        whole = [
            tuple(one.value if isinstance(one, Constant) else row[at] for at, one in enumerate(types)) for row in rows
        ]
        return self.run(f"SELECT {text} FROM t ORDER BY r", columns, kinds, whole, names or NOTHING)

    def aggregate(self, name: str, column: Type, values: Sequence[Any]) -> Any:
        """A function of a group of all values."""
        text = functions.aggregate_sql(Aggregation("out", name, "c0", column), column, self.dialect, "c0")
        if text is None:
            return None
        (found,) = self.run(f"SELECT {text} FROM t", ["c0"], [column], [(value,) for value in values], NOTHING)
        return found


_CONNECTIONS: dict[int, tuple[Names, duckdb.DuckDBPyConnection]] = {}


def connected(names: Names) -> duckdb.DuckDBPyConnection:
    """A connection that knows the functions."""
    if id(names) not in _CONNECTIONS:
        connection = duckdb.connect(":memory:")
        functions.register(connection, names)
        _CONNECTIONS[id(names)] = (names, connection)
    return _CONNECTIONS[id(names)][1]


def run_duckdb(sql: str, columns: Sequence[str], types: Sequence[Type], rows: Rows, names: Names) -> list[Any]:
    with connected(names).cursor() as cursor:
        arrays = [pa.array([row[at] for row in rows], arrow_type(kind.data)) for at, kind in enumerate(types)]
        cursor.register("given", pa.table([pa.array(range(len(rows)), pa.int64()), *arrays], ["r", *columns]))
        cursor.execute("CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM given")
        return [row[0] for row in cursor.execute(sql).fetchall()]


@pytest.fixture(scope="session")
def database(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A database that sorts as people do, not by bytes, where the server can have one."""
    try:
        server.execute("CREATE DATABASE human TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
        url = server.url("human")
    except psycopg.Error:
        url = server.url()
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def both(database: psycopg.Connection[Any]) -> list[Calculator]:
    """DuckDB, then PostgreSQL."""

    def run(sql: str, columns: Sequence[str], types: Sequence[Type], rows: Rows, names: Names) -> list[Any]:
        with database.cursor() as cursor:
            declared = ", ".join(
                f"{name} {SQL_TYPES[kind.data]}" for name, kind in zip(("r", *columns), (INT64, *types), strict=True)
            )
            cursor.execute(f"DROP TABLE IF EXISTS t; CREATE TEMP TABLE t ({declared})".encode())
            with cursor.copy(b"COPY t FROM STDIN") as copy:
                for at, row in enumerate(rows):
                    copy.write_row((at, *row))
            cursor.execute(sql.encode())
            return [row[0] for row in cursor.fetchall()]

    return [Calculator("duckdb", run_duckdb), Calculator("postgres", run)]


def same(left: object, right: object) -> bool:
    """Equal, floats but for their last bits."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-12) or (math.isnan(left) and math.isnan(right))
    return type(left) is type(right) and left == right
