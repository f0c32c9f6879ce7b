"""The commands on PostgreSQL give what they give on SQLite."""

from pathlib import Path

import pytest
from bench.databases import PASSWORD
from tests.cli.conftest import Command
from tests.store.conftest import Server, postgres_url, server

from pxcap.core.registry import load_registry

__all__ = ["postgres_url", "server"]  # fixtures

SEVERAL_OUTPUTS = ("px/service_stats", "px/schemas", "pxcap/edges")  # tests/scripts/shipped has all scripts
ARGUMENTS = ("--", "--start_time", "-5m", "--source_filter", "192.0.2", "--destination_filter", ":", "--num_head", "3")


def test_the_same_rows_from_both(pxcap: Command, trace: Path, stored: str, postgres_url: str) -> None:
    done = pxcap("replay", str(trace), "--store", postgres_url)
    assert done.status == 0
    assert PASSWORD not in done.err
    data = [f"px/{protocol.name}_data" for protocol in load_registry().protocols]
    for name in (*data, *SEVERAL_OUTPUTS):
        for arguments in ((), ARGUMENTS) if name in data else ((),):
            here, there = (
                pxcap("run", name, "--store", url, "-o", "csv", *arguments) for url in (stored, postgres_url)
            )
            assert (there.status, there.err) == (here.status, here.err) == (0, here.err)
            assert sorted(there.out.splitlines()) == sorted(here.out.splitlines())
    query = (
        "SELECT req_path, count(*) AS n, avg(latency) AS latency FROM http_events GROUP BY req_path ORDER BY req_path"
    )
    assert pxcap("sql", query, "--store", postgres_url).out == pxcap("sql", query, "--store", stored).out
    assert (
        pxcap("tables", "--store", postgres_url, "-o", "csv").out == pxcap("tables", "--store", stored, "-o", "csv").out
    )


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["sql", "SELECT pth FROM http_events"], 2, "no such column: pth"),
        (["sql", "DELETE FROM http_events"], 2, "read-only"),
        (["schema", "nope"], 2, "no such table: nope"),
    ],
)
def test_mistakes(pxcap: Command, trace: Path, postgres_url: str, arguments: list[str], status: int, line: str) -> None:
    pxcap("replay", str(trace), "--store", postgres_url)
    done = pxcap(*arguments, "--store", postgres_url)
    assert (done.status, done.out) == (status, "")
    assert line in done.err.splitlines()[0]


def test_a_wrong_password(pxcap: Command, trace: Path, server: Server) -> None:
    done = pxcap("replay", str(trace), "--store", server.url(password="wr0ng"))
    lines = done.err.splitlines()
    assert (done.status, done.out, len(lines)) == (1, "", 2)
    assert lines[0].startswith("pxcap: error: store postgresql://pxcap:***@127.0.0.1:")
    assert "password" in lines[0]
    assert "wr0ng" not in done.err
