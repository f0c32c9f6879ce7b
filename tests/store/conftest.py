"""A PostgreSQL server of the tests' own, on loopback, and stores in both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from bench.databases import PostgreSQL, postgresql_binaries

from pxcap.core.columns import LEADING_COLUMNS, TRAILING_COLUMNS, Column, ColumnType, Table
from pxcap.core.protocol import Row
from pxcap.store import Store, open_store

OWN = (
    Column("req_path", ColumnType.TEXT, "Path of the request."),
    Column("req_headers", ColumnType.JSON, "Headers as JSON."),
    Column("resp_status", ColumnType.INT, "Status of the response."),
    Column("resp_body_size", ColumnType.INT64, "Size of the body.", "bytes"),
)
EVENTS = Table(
    "http_events",
    (*LEADING_COLUMNS, *OWN, *TRAILING_COLUMNS),
    "HTTP requests with their responses.",
    ("http_events.beta",),
)


def event_row(number: int, path: str = "/", status: int | None = 200, headers: str = '{"a":1}') -> Row:
    lead = (1_700_000_000_000_000_000 + number, "", "192.0.2.1", 40000, "192.0.2.2", 80, 2, False)
    return (*lead, path, headers, status, 10, 1000 + number, "")


class Server(PostgreSQL):
    """PostgreSQL on a free loopback port, with a password."""

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.encode())


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if postgresql_binaries() is None:
        pytest.skip("PostgreSQL is not installed: no postgres and initdb on PATH or in /usr/lib/postgresql/*/bin")
    running = Server()
    yield running
    running.remove()


@pytest.fixture
def postgres_url(server: Server) -> str:
    """The server's database, emptied."""
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
    )
    server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")
    return server.url()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for a store, in each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store prepared for EVENTS."""
    with open_store(url) as opened:
        opened.prepare([EVENTS])
        yield opened


@pytest.fixture
def count(url: str) -> Callable[[], int]:
    """How many events are stored now."""

    def counted() -> int:
        with open_store(url, create=False).query("SELECT count(*) FROM http_events") as result:
            return int(next(result.rows)[0])

    return counted
