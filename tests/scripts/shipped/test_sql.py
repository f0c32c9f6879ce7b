"""Statements of MySQL and PostgreSQL: px/sql_queries and px/sql_query."""

from collections import defaultdict
from statistics import mean

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records, quantile

WINDOW = 10_000_000_000
STATEMENT = "SELECT price FROM products WHERE id = ?"
DEMO = "127.0.0.50:3306"


def test_one_statement_whatever_its_values(everywhere: Everywhere, records: Records) -> None:
    rows = [
        row
        for row in records("mysql_events")
        if row["local_addr"] == "127.0.0.50" and row["req_body"].startswith("SELECT price FROM products WHERE id = ")
    ]
    windows: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        windows[row["time_"] // WINDOW].append(row["latency"])
    shown = everywhere("px/sql_queries", {"pod": DEMO})
    (summary,) = (row for row in shown["Summary"] if row["normed_query"] == STATEMENT)
    assert summary["total_requests"] == len(rows) > 1
    assert summary["request_throughput"] == pytest.approx(mean(len(one) for one in windows.values()) / WINDOW)
    assert summary["latency"] == pytest.approx(mean(int(quantile(one, 0.5)) for one in windows.values()))


def test_a_statement_by_its_values(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/sql_query", {"pod": DEMO, "query": STATEMENT})
    assert {row["normed_query"] for rows in shown.values() for row in rows} == {STATEMENT}
    values: dict[str, int] = defaultdict(int)
    for row in records("mysql_events"):
        if row["local_addr"] == "127.0.0.50" and row["req_body"].startswith("SELECT price FROM products WHERE id = "):
            values[f'["{row["req_body"].rpartition(" ")[2]}"]'] += 1
    assert {row["params"]: row["total_requests"] for row in shown["Summary"]} == values


def test_both_databases_are_asked(everywhere: Everywhere) -> None:
    queries = {row["normed_query"] for row in everywhere("px/sql_queries")["Summary"]}
    assert any("?" in query for query in queries)
    assert any("$1" in query for query in queries)
