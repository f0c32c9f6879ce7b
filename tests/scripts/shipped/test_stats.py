"""Latency, errors and throughput by protocol (px/*_stats), computed a second time in plain Python."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import mean

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records, Row, quantile

WINDOW = 10_000_000_000
SERVERS = {
    "mysql": "127.0.0.50:3306",
    "pgsql": "127.0.0.40:5432",
    "redis": "127.0.0.30:6379",
}


def at(server: str, rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if f"{row['local_addr']}:{row['local_port']}" == server]


def windows(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["time_"] // WINDOW * WINDOW].append(row)
    return found


@pytest.mark.parametrize("name", SERVERS)
def test_percentiles_and_throughput_of_each_window(name: str, everywhere: Everywhere, records: Records) -> None:
    server = SERVERS[name]
    shown = everywhere(f"px/{name}_stats", {"pod": server})
    rows = [row for row in at(server, records(f"{name}_events")) if row.get("resp_status") != 1]
    expected = windows(rows)
    assert [row["time_"] for row in shown["LET"]] == sorted(expected)
    for row in shown["LET"]:
        of_window = expected[row["time_"]]
        latencies = [one["latency"] for one in of_window if one["latency"] is not None]
        for column, share in (("latency_p50", 0.5), ("latency_p90", 0.9), ("latency_p99", 0.99)):
            assert row[column] == int(quantile(latencies, share) + 1e-6)
        assert row["destination"] == server
        assert row["request_throughput"] == pytest.approx(len(of_window) / WINDOW)
    (summary,) = shown["Summary"]
    assert summary["total_requests"] == len(rows)
    assert summary["request_throughput"] == pytest.approx(mean(len(one) / WINDOW for one in expected.values()))
    assert summary["latency"] == pytest.approx(mean(row["latency_p50"] for row in shown["LET"]))
    histogram = {row["request_latency"]: row["count"] for row in shown["Request Latency Histogram"]}
    assert sum(histogram.values()) == sum(row["latency"] is not None for row in rows)


def test_the_error_rate_of_mysql(everywhere: Everywhere, records: Records) -> None:
    (summary,) = everywhere("px/mysql_stats", {"pod": SERVERS["mysql"]})["Summary"]
    rows = [row for row in at(SERVERS["mysql"], records("mysql_events")) if row["resp_status"] != 1]
    rates = [sum(row["resp_code"] not in (None, 0) for row in one) / WINDOW for one in windows(rows).values()]
    assert summary["error_rate"] == pytest.approx(mean(rates))
    assert summary["error_rate"] > 0


def test_errors_and_the_latency_of_what_succeeded_in_cql(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/cql_stats")
    for row in shown["LET"]:
        of_window = windows(at(row["CQL IP"], records("cql_events")))[row["time_"]]
        failed = [one for one in of_window if one["resp_op"] == 0]
        latencies = [one["latency"] for one in of_window if one["resp_op"] != 0 and one["latency"] is not None]
        assert row["error_rate"] == pytest.approx(len(failed) / WINDOW)
        if latencies:
            assert row["latency_p90"] == int(quantile(latencies, 0.9) + 1e-6)
    assert any(row["error_rate"] for row in shown["LET"])


def test_commands_by_name(everywhere: Everywhere, records: Records) -> None:
    for name, column in (("kafka", "req_cmd"), ("redis", "req_cmd"), ("cql", "req_op")):
        shown = everywhere(f"px/{name}_stats")["Request Throughput per Cmd"]
        assert sum(row["throughput_total"] for row in shown) == len(records(f"{name}_events"))
        assert all(isinstance(row[column], str | None) for row in shown)
