"""Stores for scripts: the same records in SQLite and in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.conftest import (
    postgres_url,  # noqa: F401 - a fixture
    server,  # noqa: F401
)

from pxcap.core.columns import CONN_STATS, LEADING_COLUMNS, TRAILING_COLUMNS, Column, ColumnType, Table
from pxcap.core.protocol import Row
from pxcap.store import Store, open_store

T = ColumnType
CALLS = Table(
    "calls",
    (
        *LEADING_COLUMNS,
        Column("method", T.TEXT, "What was called."),
        Column("status", T.INT, "How it went."),
        Column("ok", T.BOOL, "Whether it did."),
        Column("body", T.JSON, "What was said."),
        *TRAILING_COLUMNS,
    ),
    "Calls.",
    ("calls.beta",),
)
START = 1_700_000_000_000_000_000
ROWS = [
    (
        *(
            START + n * 1_000_000_000,
            f"host:{n % 3}:7",
            f"192.0.2.{n % 4}",
            40_000 + n,
            "192.0.2.9",
            80,
            1 + n % 2,
            False,
        ),
        *(("get", "put", "café")[n % 3], (200, 404, 500)[n % 7 % 3], n % 5 > 0, f'{{"b":{n},"a":"x"}}'),
        *(None if n % 10 == 9 else 1000 * n + n % 13, "" if n % 10 < 9 else "no_response"),
    )
    for n in range(100)
]


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with ROWS in `calls`, in each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'calls.db'}"
    else:
        url = str(request.getfixturevalue("postgres_url"))
    with open_store(url) as opened:
        opened.prepare([CALLS])
        with opened.writer() as writer:
            writer.write("calls", ROWS)
        yield opened


def connection(**values: object) -> Row:
    """A row of `conn_stats`; numbers that are not given are 0, texts empty."""
    return tuple(values.get(one.name, "" if one.type is T.TEXT else 0) for one in CONN_STATS.columns)
