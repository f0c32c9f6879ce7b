"""PostgreSQL with psql, psycopg, asyncpg and pgbench: what the clients asked, record for record."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from bench.databases import PASSWORD, PostgreSQL
from bench.servers import find
from tests.live.conftest import Records, need
from tests.live.watch import WAYS, Seen, Watch

TABLE = "CREATE TABLE items (id int PRIMARY KEY, name text, price numeric, at timestamptz, raw bytea)"
INSERT = "INSERT INTO items (id, name) VALUES ($1, $2)"
COUNTED = "SELECT sum(calls), sum(rows) FROM pg_stat_statements WHERE query !~ '^(BEGIN|END)|pg_stat_statements'"
Asked = tuple[object, ...]
"""cmd, statement, parameters, tag, rows, SQLSTATE"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    need("postgres", "initdb", "psql", "pgbench")
    with PostgreSQL("-c", "shared_preload_libraries=pg_stat_statements") as running:
        running.ask("CREATE EXTENSION pg_stat_statements")
        yield running


@pytest.fixture
def url(server: PostgreSQL) -> str:
    server.ask("DROP TABLE IF EXISTS items")
    return server.url() + "?sslmode=disable&gssencmode=disable"


def rows_of(seen: Seen) -> Records:
    found = seen.records("pgsql_events")
    assert {row["note"] for row in found} == {""}
    assert seen.flaws("pgsql_events") == (0, 0)
    assert PASSWORD not in repr(found)
    return found


def asked(found: Records, *but: str) -> list[Asked]:
    """What was asked, leaving out kinds of requests."""
    return [
        (
            row["req_cmd"],
            row["req"],
            json.loads(str(row["req_params"])) if row["req_params"] else None,
            row["resp_tag"],
            row["resp_rows"],
            row["resp_sqlstate"],
        )
        for row in found
        if row["req_cmd"] not in but
    ]


def query(sql: str, tag: str | None, rows: int | None = 0, state: str | None = None) -> Asked:
    return ("Query", sql, None, tag, rows, state)


def execute(sql: str, params: list[Any], tag: str | None, rows: int | None = 0, state: str | None = None) -> Asked:
    return ("Execute", sql, params, tag, rows, state)


def test_psql(tmp_path: Path, watch: Watch, server: PostgreSQL, url: str) -> None:
    command = [find("psql") or "", "-X", "-q", f"host=127.0.0.1 port={server.port} user=pxcap dbname=postgres"]
    said = {"env": {"PGPASSWORD": PASSWORD, "PGGSSENCMODE": "disable", "PATH": "/usr/bin:/bin"}}
    (tmp_path / "rows.tsv").write_text("11\televen\n12\ttwelve\n")
    statements = [
        TABLE,
        "INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 10) n",
        "SELECT id, name FROM items ORDER BY id",
        "UPDATE items SET price = id WHERE id > 5; SELECT 1; DELETE FROM items WHERE id = 9",
        "SELECT nothing FROM items",
        f"\\copy items (id, name) from '{tmp_path}/rows.tsv'",
        "\\copy (select id, name from items) to '/dev/null'",
    ]
    with watch(server.port) as seen:
        words = [word for statement in statements for word in ("-c", statement)]
        subprocess.run([*command, *words], check=False, capture_output=True, timeout=120, **said)
        wrong = {"env": said["env"] | {"PGPASSWORD": "not the password"}}
        assert subprocess.run([*command, "-c", "SELECT 1"], check=False, capture_output=True, **wrong).returncode == 2
    found = rows_of(seen)
    assert asked(found, "Startup") == [
        query(statements[0], "CREATE TABLE"),
        query(statements[1], "INSERT 0 10", 10),
        query(statements[2], "SELECT 10", 10),
        query(statements[3], "UPDATE 5; SELECT 1; DELETE 1", 7),
        query(statements[4], None, None, "42703"),
        query("COPY  items ( id, name ) FROM STDIN ", "COPY 2", 2),
        query("COPY  ( select id, name from items ) TO STDOUT ", "COPY 11", 11),
    ]
    starts = [row for row in found if row["req_cmd"] == "Startup"]
    assert [row["resp_sqlstate"] for row in starts] == [None, "28P01"]
    assert all("user=pxcap" in str(row["req"]) for row in starts)
    assert "password authentication failed" in str(starts[1]["resp"])


def pipelined(connection: psycopg.Connection[Any]) -> None:
    with connection.pipeline():
        connection.execute(b"SELECT %s::int4", (1,))
        connection.execute(b"SELECT 1 / (id - %s) FROM items WHERE id = 5", (5,))
        connection.execute(b"SELECT %s::int8", (3,))


def test_psycopg(watch: Watch, server: PostgreSQL, url: str) -> None:
    when = datetime(2024, 2, 29, 1, 2, 3, 4, UTC)
    typed = "SELECT $1::int8, $2::numeric, $3::timestamptz, $4::date, $5::bytea, $6::bool, $7::text"
    values = [2**40, Decimal("12.50"), when, date(2020, 1, 1), b"\x00\xff", True, None]
    shown = [2**40, "12.50", "2024-02-29 01:02:03.000004+00", "2020-01-01", "\\x00ff", True, None]
    ranged = "SELECT id FROM items WHERE id > $1 ORDER BY id"
    with (
        watch(server.port) as seen,
        psycopg.connect(url, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(TABLE.encode())
        for mark in (b"%s", b"%b"):
            ask = b"SELECT %s::int8, %s::numeric, %s::timestamptz, %s::date, %s::bytea, %s::bool, %s::text"
            cursor.execute(ask.replace(b"%s", mark), values, binary=mark == b"%b")
            assert cursor.fetchone() == tuple(values)
        with cursor.copy(b"COPY items (id, name) FROM STDIN") as sending:
            for number in range(100):
                sending.write_row((number, f"item {number}"))
        with cursor.copy(b"COPY (SELECT id FROM items WHERE id < 30) TO STDOUT") as receiving:
            assert len(list(receiving.rows())) == 30
        cursor.executemany(b"INSERT INTO items (id, name) VALUES (%s, %s)", [(n, f"n{n}") for n in (201, 202, 203)])
        with pytest.raises(psycopg.errors.UniqueViolation):
            cursor.execute(b"INSERT INTO items (id, name) VALUES (%s, %s)", (201, "again"))
        with connection.transaction(), connection.cursor(name="c") as named:
            named.itersize = 40
            named.execute(b"SELECT id FROM items WHERE id > %s ORDER BY id", (9,))
            assert len(list(named)) == 93
        with pytest.raises(psycopg.errors.DivisionByZero):
            pipelined(connection)
    found = rows_of(seen)
    assert asked(found, "Startup", "Parse", "Bind", "Describe", "Sync", "Close", "Terminate") == [
        query(TABLE, "CREATE TABLE"),
        execute(typed, shown, "SELECT 1", 1),
        execute(typed, shown, "SELECT 1", 1),
        query("COPY items (id, name) FROM STDIN", "COPY 100", 100),
        query("COPY (SELECT id FROM items WHERE id < 30) TO STDOUT", "COPY 30", 30),
        execute(INSERT, [201, "n201"], "INSERT 0 1", 1),
        execute(INSERT, [202, "n202"], "INSERT 0 1", 1),
        execute(INSERT, [203, "n203"], "INSERT 0 1", 1),
        execute(INSERT, [201, "again"], None, None, "23505"),
        query("BEGIN", "BEGIN"),
        execute(f'DECLARE "c" CURSOR FOR {ranged}', [9], "DECLARE CURSOR"),
        query('FETCH FORWARD 40 FROM "c"', "FETCH 40", 40),
        query('FETCH FORWARD 40 FROM "c"', "FETCH 40", 40),
        query('FETCH FORWARD 40 FROM "c"', "FETCH 13", 13),
        query('CLOSE "c"', "CLOSE CURSOR"),
        query("COMMIT", "COMMIT"),
        execute("SELECT $1::int4", [1], "SELECT 1", 1),
        execute("SELECT 1 / (id - $1) FROM items WHERE id = 5", [5], None, None, "22012"),
        execute("SELECT $1::int8", [3], None, None),
    ]


def test_asyncpg(watch: Watch, server: PostgreSQL, url: str) -> None:
    if find_spec("asyncpg") is None:
        pytest.skip("not installed: asyncpg")

    async def client() -> None:
        import asyncpg

        connection = await asyncpg.connect(server.url(), ssl=False)
        try:
            await connection.execute(TABLE)
            await connection.execute("SELECT 1; SELECT 2")
            assert await connection.fetchval("SELECT $1::int4 + $2::int4", 40, 2) == 42
            await connection.executemany(INSERT, [(n, f"item {n}") for n in range(5)])
            records = [(n, f"item {n}") for n in range(100, 150)]
            await connection.copy_records_to_table("items", records=records, columns=["id", "name"])
            async with connection.transaction():
                seen = [row async for row in connection.cursor("SELECT id FROM items WHERE id > $1", 99, prefetch=20)]
            assert len(seen) == 50
            with pytest.raises(asyncpg.UndefinedColumnError):
                await connection.fetch("SELECT nothing FROM items")
        finally:
            await connection.close()

    with watch(server.port) as seen:
        asyncio.run(asyncio.wait_for(client(), 120))
    found = rows_of(seen)
    (copy,) = (str(row["req"]) for row in found if str(row["req"]).startswith("COPY"))
    assert copy.startswith('COPY "items"("id", "name") FROM STDIN')
    scrolled = "SELECT id FROM items WHERE id > $1"
    assert asked(found, "Startup", "Bind", "Describe", "Sync", "Close", "Terminate") == [
        query(TABLE, "CREATE TABLE"),
        query("SELECT 1; SELECT 2", "SELECT 1; SELECT 1", 2),
        ("Parse", "SELECT $1::int4 + $2::int4", None, None, None, None),
        execute("SELECT $1::int4 + $2::int4", [40, 2], None, 1),  # it wants one row, and does not ask on
        ("Parse", INSERT, None, None, None, None),
        *(execute(INSERT, [n, f"item {n}"], "INSERT 0 1", 1) for n in range(5)),
        ("Parse", 'SELECT "id", "name" FROM "items" LIMIT 1', None, None, None, None),
        query(copy, "COPY 50", 50),
        query("BEGIN;", "BEGIN"),
        ("Parse", scrolled, None, None, None, None),
        execute(scrolled, [99], None, 20),
        execute(scrolled, [99], None, 20),
        execute(scrolled, [99], "SELECT 10", 10),
        query("COMMIT;", "COMMIT"),
        ("Parse", "SELECT nothing FROM items", None, None, None, "42703"),
    ]


@pytest.mark.parametrize(
    ("watch", "mode"),
    [("tcpdump", "simple"), ("tcpdump", "extended"), *((way, "prepared") for way in WAYS)],
    indirect=["watch"],
)
def test_pgbench(watch: Watch, server: PostgreSQL, url: str, mode: str) -> None:
    """As many statements and rows as the server counted, and of the right kinds.

    PostgreSQL 15 counts prepared BEGIN and END but once.
    """
    subprocess.run([*server.program("pgbench"), "-i", "-q", "postgres"], check=True, capture_output=True, timeout=60)
    server.ask("SELECT pg_stat_statements_reset()")
    with watch(server.port) as seen:
        command = [find("pgbench") or "", "-n", "-M", mode, "-c", "3", "-t", "40", f"{url}&password={PASSWORD}"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    (counted,) = server.ask(COUNTED)
    found = [row for row in rows_of(seen) if row["req_cmd"] in ("Query", "Execute")]
    tags = Counter(row["resp_tag"] for row in found)
    assert (tags["BEGIN"], tags["COMMIT"], len(found)) == (120, 120, 120 * 7 + 2)  # it asks twice about its tables
    found = [row for row in found if row["resp_tag"] not in ("BEGIN", "COMMIT")]
    assert [str(len(found)), str(sum(int(str(row["resp_rows"] or 0)) for row in found))] == counted
    updates = [row for row in found if "UPDATE pgbench_accounts" in str(row["req"])]
    assert {(row["req_cmd"], row["resp_tag"], row["resp_rows"]) for row in updates} == {
        ("Query" if mode == "simple" else "Execute", "UPDATE 1", 1)
    }
