"""How fast rows reach a database: the bare driver against our writer, in one run on the same rows.

    python bench/sink.py [ROWS]

Raw `sqlite3.executemany` stores into an equal table of a file with SQLite's own defaults but WAL and synchronous NORMAL. With
PXCAP_TEST_POSTGRES set to a URL, PostgreSQL is measured as well, in a schema of its own that is dropped at the end.
"""

import contextlib
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from pxcap.core.columns import LEADING_COLUMNS, TRAILING_COLUMNS, Column, ColumnType, Table
from pxcap.core.protocol import Row
from pxcap.store import open_store
from pxcap.store.engine import BATCH

ROUNDS = 5
T = ColumnType
Rates = tuple[float, float]
HTTP = Table(
    "http_events",
    (
        *LEADING_COLUMNS,
        Column("major_version", T.INT, ""),
        Column("minor_version", T.INT, ""),
        Column("content_type", T.INT, ""),
        Column("req_headers", T.JSON, ""),
        Column("req_method", T.TEXT, ""),
        Column("req_path", T.TEXT, ""),
        Column("req_body", T.TEXT, ""),
        Column("req_body_size", T.INT64, ""),
        Column("resp_headers", T.JSON, ""),
        Column("resp_status", T.INT, ""),
        Column("resp_message", T.TEXT, ""),
        Column("resp_body", T.TEXT, ""),
        Column("resp_body_size", T.INT64, ""),
        *TRAILING_COLUMNS,
    ),
    "HTTP/1 requests with their responses",
)
REDIS = Table(
    "redis_events",
    (
        *LEADING_COLUMNS,
        Column("req_cmd", T.TEXT, ""),
        Column("req_args", T.JSON, ""),
        Column("resp", T.TEXT, ""),
        Column("resp_error", T.BOOL, ""),
        *TRAILING_COLUMNS,
    ),
    "Redis commands with their replies",
)


class Clock:
    """Rows a second, and rows a second of CPU time of this process, of what runs in its `with` block."""

    rates: Rates

    def __init__(self, rows: list[Row]) -> None:
        self._count = len(rows)

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exception: object) -> None:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        self.rates = (self._count / wall, self._count / cpu)


def lead(i: int, port: int) -> Row:
    """The leading columns."""
    return (1700000000000000000 + i * 1000, "", f"192.0.2.{i % 250}", 40000 + i % 999, "198.51.100.1", port, 2, False)


def http_row(i: int) -> Row:
    """A short JSON answer to a GET."""
    body = f'{{"id":{i},"name":"item {i}","tags":["a","b"],"text":"{"x" * 60}"}}'
    asked = '{"host":"shop.example","user-agent":"client/1.0","accept":"*/*"}'
    told = '{"content-type":"application/json","server":"example","content-length":"104"}'
    middle = (1, 1, 1, asked, "GET", f"/api/items/{i}?page=1", "", 0, told, 200, "OK", body, len(body))
    return (*lead(i, 80), *middle, 250000 + i, "")


def redis_row(i: int) -> Row:
    """A SET."""
    return (*lead(i, 6379), "SET", f'["key:{i}","value {i}"]', "OK", False, 90000 + i, "")


def batches(rows: list[Row]) -> list[list[Row]]:
    """The rows in slices of a batch each."""
    return [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]


def raw_sqlite(folder: Path, table: Table, rows: list[Row]) -> Rates:
    """The bare driver, one transaction a batch."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    names = ", ".join(column.name for column in table.columns)
    kinds = {T.INT64: "INTEGER", T.INT: "INTEGER", T.BOOL: "BOOLEAN", T.TEXT: "TEXT", T.JSON: "TEXT"}
    columns = ", ".join(f"{column.name} {kinds[column.type]}" for column in table.columns)
    connection.execute(f"CREATE TABLE {table.name} ({columns})")
    insert = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(table.columns))})"
    with Clock(rows) as clock, contextlib.closing(connection):
        for part in batches(rows):
            connection.execute("BEGIN")
            connection.executemany(insert, part)
            connection.execute("COMMIT")
    return clock.rates


def ours(url: str, table: Table, rows: list[Row]) -> Rates:
    """The store, as a replay uses it."""
    with open_store(url) as store:
        store.prepare([table])
        with Clock(rows) as clock, store.writer() as writer:
            for at in range(0, len(rows), 500):  # as the pipeline hands them over
                writer.write(table.name, rows[at : at + 500])
    return clock.rates


def raw_postgres(url: str, table: Table, rows: list[Row], copy: bool) -> Rates:
    """The bare driver, one transaction a batch."""
    import psycopg

    names = ", ".join(column.name for column in table.columns)
    with psycopg.connect(url) as connection, connection.cursor() as cursor, Clock(rows) as clock:
        for part in batches(rows):
            if copy:
                with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN".encode()) as sending:
                    for row in part:
                        sending.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(table.columns))
                cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})".encode(), part)
            connection.commit()
    return clock.rates


def show(title: str, rates: dict[str, list[Rates]], base: str) -> None:
    """Print medians, with ratios to `base`."""
    middle = {
        name: tuple(statistics.median(column) for column in zip(*seen, strict=True)) for name, seen in rates.items()
    }
    print(f"{title:<44} {'rows/s':>9} {'ratio':>6} {'rows/CPU s':>11} {'ratio':>6}")
    for name, (wall, cpu) in middle.items():
        print(f"  {name:<42} {wall:>9.0f} {wall / middle[base][0]:>6.2f} {cpu:>11.0f} {cpu / middle[base][1]:>6.2f}")


def sqlite_round(table: Table, rows: list[Row]) -> dict[str, Rates]:
    """Each way once, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {
            "raw sqlite3 executemany": raw_sqlite(folder, table, rows),
            "pxcap writer": ours(f"sqlite:///{folder}/ours.db", table, rows),
        }


def postgres_round(url: str, table: Table, rows: list[Row]) -> dict[str, Rates]:
    """Each way once, in a schema of its own."""
    import psycopg

    apart = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dpxcap_bench"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS pxcap_bench CASCADE")
        connection.execute("CREATE SCHEMA pxcap_bench")
        try:
            with open_store(apart) as store:
                store.prepare([table])
            return {
                "raw COPY": raw_postgres(apart, table, rows, copy=True),
                "raw executemany": raw_postgres(apart, table, rows, copy=False),
                "pxcap writer": ours(apart, table, rows),
            }
        finally:
            connection.execute("DROP SCHEMA pxcap_bench CASCADE")


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    url = os.environ.get("PXCAP_TEST_POSTGRES", "")
    for table, make in ((HTTP, http_row), (REDIS, redis_row)):
        rows = [make(i) for i in range(count)]
        width = f"{len(table.columns)} columns, median of {ROUNDS}"
        rounds = [sqlite_round(table, rows) for _ in range(ROUNDS)]
        show(f"SQLite, {table.name}, {width}", _gathered(rounds), "raw sqlite3 executemany")
        if url:
            rounds = [postgres_round(url, table, rows) for _ in range(ROUNDS)]
            show(f"PostgreSQL, {table.name}, {width}", _gathered(rounds), "raw COPY")
    if not url:
        print("PostgreSQL: not measured (PXCAP_TEST_POSTGRES names no server)")


def _gathered(rounds: list[dict[str, Rates]]) -> dict[str, list[Rates]]:
    return {name: [seen[name] for seen in rounds] for name in rounds[0]}


if __name__ == "__main__":
    main()
