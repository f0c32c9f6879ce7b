"""Scripts of HTTP, computed a second time in plain Python, and against what a server logged."""

import json
from collections import Counter, defaultdict
from statistics import mean

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records, Row, quantile
from tests.truth import captures as shared

WINDOW = 5_000_000_000
CLIENT_LEFT = 499  # what nginx logs where it sent nothing


def by_service(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[f"{row['local_addr']}:{row['local_port']}"].append(row)
    return found


def test_percentiles_errors_and_throughput_of_services(everywhere: Everywhere, records: Records) -> None:
    expected = by_service(records("http_events"))
    shown = everywhere("px/http_request_stats")["output"]
    assert {row["service"] for row in shown} == set(expected)
    for row in shown:
        of_service = expected[row["service"]]
        latencies = [one["latency"] for one in of_service if one["latency"] is not None]
        for column, share in (("latency(p50)", 0.5), ("latency(p90)", 0.9), ("latency(p99)", 0.99)):
            assert row[column] == int(quantile(latencies, share) + 1e-6)
        answered = [one["resp_status"] for one in of_service if one["resp_status"] is not None]
        assert row["errors"] == pytest.approx(sum(status >= 400 for status in answered) / len(of_service))
        assert row["throughput total"] == len(of_service)
        windows = Counter(one["time_"] // WINDOW for one in of_service)
        assert row["throughput"] == pytest.approx(mean(windows.values()) / WINDOW)


def test_requests_and_errors_as_the_server_logged_them(everywhere: Everywhere) -> None:
    logs = [shared.ROOT / "http" / f"{name}.server.jsonl" for name in ("requests_keepalive", "wrk_short")]
    if not all(log.exists() for log in logs):
        pytest.skip(shared.WHY_SKIPPED)
    entries = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    (row,) = (row for row in everywhere("px/http_request_stats")["output"] if row["service"] == "127.0.0.1:8080")
    failed = sum(entry["status"] >= 400 and entry["status"] != CLIENT_LEFT for entry in entries)
    assert row["throughput total"] == len(entries)
    assert row["errors"] == pytest.approx(failed / len(entries))


def test_the_largest_response(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/largest_http_request")
    most = max(row["resp_body_size"] or 0 for row in records("http_events"))
    assert {row["resp_size_bytes"] for rows in shown.values() for row in rows} == {most}
    times = [row for row in records("http_events") if row["resp_body_size"] == most]
    assert sum(row["num_requests"] for row in shown["number of reqs"]) == len(times)


def test_the_path_that_sends_most(everywhere: Everywhere, records: Records) -> None:
    sums = Counter[tuple[str, str]]()
    for row in records("http_events"):
        sums[f"{row['local_addr']}:{row['local_port']}", row["req_path"]] += row["resp_body_size"] or 0
    shown = everywhere("px/most_http_data")["max_path_pod"]
    greatest = max(sums.values())
    assert {(row["pod"], row["req_path"]) for row in shown} == {key for key, size in sums.items() if size == greatest}
    assert {row["resp_bytes_sum"] for row in shown} == {greatest}


def test_the_slowest_hundredth(everywhere: Everywhere, records: Records) -> None:
    (output,) = everywhere("px/slow_http_requests").values()
    expected = []
    for rows in by_service(records("http_events")).values():
        latencies = [row["latency"] for row in rows if row["latency"] is not None]
        limit = int(quantile(latencies, 0.99) + 1e-6)
        expected += [latency for latency in latencies if latency >= limit]
    assert sorted(row["latency"] for row in output) == sorted(expected)


def test_only_what_took_longer_than_asked_for(everywhere: Everywhere) -> None:
    (output,) = everywhere("px/slow_http_requests", {"min_latency": "100ms", "namespace": "default"}).values()
    assert all(row["latency"] >= 100_000_000 for row in output)


def test_post_requests(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/http_post_requests")["output"]
    times = sorted(row["time_"] for row in records("http_events") if row["req_method"] == "POST")
    assert [row["time_"] for row in shown] == times[-100:]


def test_filters(everywhere: Everywhere) -> None:
    shown = everywhere("px/http_data_filtered", {"svc": "127.0.0.20", "pod": ":8000", "req_path": "/report"})
    assert {(row["svc"], row["req_path"]) for row in shown["HTTP Data"]} == {("127.0.0.20:8000", "/report")}
