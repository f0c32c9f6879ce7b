from dataclasses import replace
from pathlib import Path

import pytest
from bench.by_hand import statements
from bench.databases import PostgreSQL, postgresql_binaries
from bench.measure import Usage
from bench.scripts import Line, answers, differences, measure
from bench.traffic import fill, requests

from pxcap.store import open_store

ROWS = 3000


def test_the_traffic_is_always_the_same() -> None:
    rows = list(requests(500))
    assert rows == list(requests(500))
    assert rows == sorted(rows, key=lambda row: row[0])
    assert len({len(row) for row in rows}) == 1


def test_sqlite_both_ways(tmp_path: Path) -> None:
    line = measure(f"sqlite:///{tmp_path}/a.db", ROWS, 1)
    assert line.differences == []
    assert float(line.verdict) > 0


@pytest.mark.skipif(postgresql_binaries() is None, reason="PostgreSQL is not installed")
def test_postgresql_both_ways() -> None:
    with PostgreSQL() as server:
        assert measure(server.url(), ROWS, 1, server).differences == []


def test_all_outputs_are_written_by_hand(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    with open_store(url) as store:
        fill(store, 100)
    assert answers(url).keys() == statements(url).keys() == statements("postgresql://x/y").keys()


def test_a_ratio_counts_only_when_the_numbers_are_the_same() -> None:
    line = Line(Usage(1, 1, 3.0), Usage(1, 1, 2.0), [])
    assert line.verdict == "1.50"
    assert replace(line, differences=["no 'LET'"]).verdict == "none: no 'LET'"


def test_differences_are_told() -> None:
    one = {"a": {"k8s": ["x", "y"], "n": [1.0, 2.0]}}
    assert differences(one, {"a": {"n": [2.0, 1.0 + 1e-9], "k8s": ["y", "x"]}}) == []
    assert differences({}, one) == ["no 'a'"]
    assert differences(one, {"a": {"k8s": ["x"], "n": [1.0]}}) == ["'a': 2 rows, and 1, 1 of them alike"]
    assert differences(one, {"a": {"k8s": ["x", "y"], "n": [1.0, 3.0]}}) == ["'a' at ('y',): [2.0], and [3.0]"]
    assert differences(one, {"a": {"k8s": ["x", "y"]}}) == ["columns of 'a': k8s, and k8s, n"]
