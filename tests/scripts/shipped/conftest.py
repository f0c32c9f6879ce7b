"""Stores with the same captures in SQLite and in PostgreSQL, and what scripts of the library show of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.store.conftest import Server
from tests.truth import captures as shared

from pxcap.core.registry import Registry, load_registry
from pxcap.core.replay import ReplayOptions, replay
from pxcap.scripts.run import run_script
from pxcap.scripts.shelf import find
from pxcap.store import Store, open_store

Row = dict[str, Any]
Shown = dict[str, list[Row]]
Everywhere = Callable[..., Shown]
Records = Callable[[str], list[Row]]

FIXTURES = Path(__file__).parents[3] / "fixtures"
OWN = ("demo/shop", "kafka/core", "kafka/flexible", "cql/queries", "cql/errors")
SHARED = (
    "http/requests_keepalive",
    "http/wrk_short",
    "dns/basic_udp",
    "mysql/pymysql_basic",
    "mysql/connector_prepared",
    "pgsql/psycopg_extended",
    "redis/pipeline_multi",
    "kafka/tansu_confluent",
    "kafka/tansu_rebalance",
    "cql/v4_basic",
    "cql/v4_errors",
)


def fill(url: str, sources: list[str]) -> str:
    registry = load_registry()
    with open_store(url) as opened:
        opened.prepare(registry.tables())
        with opened.writer() as writer:
            report = replay(sources, registry, writer, ReplayOptions())
    assert not report.failed
    return url


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry()


@pytest.fixture(scope="session")
def captured() -> list[str]:
    """Fixtures of this repository, and the captures with ground truth where they are."""
    own = [str(FIXTURES / f"{name}.pcap") for name in OWN]
    more = [shared.ROOT / f"{name}.pcap" for name in SHARED]
    return own + [str(path) for path in more if path.exists()]


@pytest.fixture(scope="session")
def sqlite_url(captured: list[str], tmp_path_factory: pytest.TempPathFactory) -> str:
    return fill(f"sqlite:///{tmp_path_factory.mktemp('library') / 'records.db'}", captured)


@pytest.fixture(scope="session")
def library_postgres_url(captured: list[str], server: Server) -> str:
    """The same in a database of its own: other tests empty the one they share."""
    server.execute("CREATE DATABASE library")
    return fill(server.url("library"), captured)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, create=False) as store:
        yield store


@pytest.fixture
def postgres(library_postgres_url: str) -> Iterator[Store]:
    with open_store(library_postgres_url, create=False) as store:
        yield store


@pytest.fixture
def run(registry: Registry) -> Callable[..., Shown]:
    """Run a script of the library over a store: rows of each output by its name."""

    def shown(name: str, store: Store, given: Mapping[str, str] | None = None) -> Shown:
        done = run_script(find(name, registry.protocols), given or {}, store, registry.tables())
        assert not done.refused
        return {one.name: one.table.to_pylist() for one in done.outputs}

    return shown


@pytest.fixture
def records(sqlite: Store, registry: Registry) -> Records:
    """All rows of a table, to compute from in plain Python."""

    def read(table: str) -> list[Row]:
        assert table in {one.name for one in registry.tables()}
        with sqlite.query(f"SELECT * FROM {table}") as result:
            return [dict(zip(result.columns, row, strict=True)) for row in result]

    return read


@pytest.fixture(scope="session")
def empty_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fill(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'records.db'}", [])


@pytest.fixture
def empty(empty_url: str) -> Iterator[Store]:
    """A store prepared for every table, with no record."""
    with open_store(empty_url, create=False) as store:
        yield store


@pytest.fixture
def everywhere(run: Callable[..., Shown], sqlite: Store, empty: Store, request: pytest.FixtureRequest) -> Everywhere:
    """Run a script on both databases; each output is the same and has rows, and a store without records is no error."""

    def shown(name: str, given: Mapping[str, str] | None = None) -> Shown:
        outputs = run(name, sqlite, given)
        for output, rows in outputs.items():
            assert rows, output
        assert not any(run(name, empty, given).values())
        theirs = run(name, request.getfixturevalue("postgres"), given)
        assert list(outputs) == list(theirs)
        for output, rows in outputs.items():
            assert comparable(rows) == comparable(theirs[output])
        return outputs

    return shown


def comparable(rows: Sequence[Row]) -> list[str]:
    """Rows in an order of their own; sums of floats depend on the order they are added in, in the last digits."""
    return sorted(repr([(name, _shortened(value)) for name, value in row.items()]) for row in rows)


def _shortened(value: object) -> object:
    return f"{value:.9g}" if isinstance(value, float) else value


def quantile(values: Sequence[int], at: float) -> float:
    """Between the two values around it by their distance, computed as written in textbooks."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * at
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
