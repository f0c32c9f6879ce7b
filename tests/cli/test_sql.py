"""pxcap sql."""

import json
import subprocess
import sys

from tests.cli.conftest import Command
from tests.cli.traffic import HTTP_RECORDS


def test_formats(pxcap: Command, stored: str) -> None:
    query = "SELECT req_path, latency, encrypted FROM http_events ORDER BY time_ LIMIT 1"
    assert pxcap("sql", query, "--store", stored, "-o", "json").rows == [
        {"req_path": "/products/7", "latency": 1_800_000, "encrypted": False}
    ]
    assert pxcap("sql", query, "--store", stored, "-o", "csv").out == (
        "req_path,latency,encrypted\n/products/7,1800000,false\n"
    )
    assert pxcap("sql", query, "--store", stored).out == ("req_path     latency  encrypted\n/products/7   1.8 ms  no\n")


def test_json_columns_hold_json(pxcap: Command, stored: str) -> None:
    row = pxcap("sql", "SELECT req_headers FROM http_events LIMIT 1", "--store", stored, "-o", "json").rows[0]
    assert json.loads(row["req_headers"]) == {"Host": "api"}


def test_limit_tells_that_there_are_more(pxcap: Command, stored: str) -> None:
    query = "SELECT req_path FROM http_events"
    done = pxcap("sql", query, "--store", stored, "--limit", "2", "-o", "json")
    assert (len(done.rows), done.err) == (2, "the first 2 rows are shown; --limit 0 shows all\n")
    done = pxcap("sql", query, "--store", stored, "--limit", str(HTTP_RECORDS), "-o", "json")
    assert (len(done.rows), done.err) == (HTTP_RECORDS, "")


def test_a_table_is_limited_by_itself_and_json_is_not(pxcap: Command, stored: str) -> None:
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT i FROM n"
    assert len(pxcap("sql", query, "--store", stored).out.splitlines()) == 1001
    assert len(pxcap("sql", query, "--store", stored, "-o", "json").rows) == 1500


def test_a_reader_that_goes_away_is_no_error(stored: str) -> None:
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n"
    for form in ("json", "csv"):
        process = subprocess.Popen(
            [sys.executable, "-m", "pxcap.cli.main", "sql", query, "--store", stored, "-o", form],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(60) == 1
