"""Scripts of services, pods and machines, computed a second time in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from statistics import mean

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records, Row, Shown, quantile

from pxcap.store import Store

WINDOW = 10_000_000_000
SCRIPTS = (
    *(
        "px/services",
        "px/service",
        "px/service_stats",
        "px/service_edge_stats",
        "px/pods",
        "px/pod",
        "px/pod_edge_stats",
    ),
    *("px/namespaces", "px/namespace", "px/nodes", "px/node", "px/cluster", "px/inbound_conns", "px/outbound_conns"),
    *("px/upids", "pxbeta/service_endpoint", "pxbeta/service_endpoints"),
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_same_everywhere(name: str, everywhere: Everywhere) -> None:
    assert everywhere(name)


@pytest.mark.parametrize("name", ["px/schemas", "px/funcs", "px/agent_status", "px/ip"])
def test_what_there_is_without_records_too(
    name: str, run: Callable[..., Shown], sqlite: Store, postgres: Store
) -> None:
    ours, theirs = run(name, sqlite), run(name, postgres)
    assert all(ours.values())
    for output, rows in ours.items():
        for row, other in zip(rows, theirs[output], strict=True):
            assert row == pytest.approx(other)


def server(row: Row) -> str:
    host = f"[{row['local_addr']}]" if ":" in row["local_addr"] else row["local_addr"]
    loopback = row["local_addr"].startswith("127.") or row["local_addr"] == "::1"
    return f"{host}:{row['local_port']}" if loopback else row["local_addr"]


def edge(row: Row) -> tuple[str, str]:
    return row["remote_addr"], server(row)


def grouped(rows: Iterable[Row], key: Callable[[Row], object]) -> dict[object, list[Row]]:
    found: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def rate(rows: list[Row]) -> float:
    return sum((row["resp_status"] or 0) >= 400 for row in rows) / len(rows)


def test_percentiles_errors_and_throughput_over_time(everywhere: Everywhere, records: Records) -> None:
    expected = grouped(records("http_events"), lambda row: (server(row), row["time_"] - row["time_"] % WINDOW))
    shown = everywhere("px/service_stats")
    assert {(row["k8s"], row["time_"]) for row in shown["LET"]} == set(expected)
    for row in shown["LET"]:
        rows = expected[row["k8s"], row["time_"]]
        latencies = [one["latency"] for one in rows if one["latency"] is not None]
        for column, at in (("latency_p50", 0.5), ("latency_p90", 0.9), ("latency_p99", 0.99)):
            assert row[column] == int(quantile(latencies, at) + 1e-6)
        assert row["request_throughput"] == len(rows) / WINDOW
        assert row["error_rate"] == pytest.approx(rate(rows) * len(rows) / WINDOW)
        assert row["bytes_throughput"] == sum(one["resp_body_size"] or 0 for one in rows) / WINDOW
    codes = Counter(row["resp_status"] for row in records("http_events") if row["resp_status"] is not None)
    assert {row["resp_status"]: row["count"] for row in shown["Status Code Distribution"]} == codes


def test_edges_between_services(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/service_stats")
    found = {(row["requestor"], row["responder"]): row for row in shown["Incoming Traffic"]}
    expected = grouped(records("http_events"), edge)
    assert set(found) == set(expected)
    assert shown["Service Graph"] == shown["Incoming Traffic"]
    for key, rows in expected.items():
        windows = list(grouped(rows, lambda row: row["time_"] // WINDOW).values())
        row = found[key]  # type: ignore[index]
        assert row["request_throughput"] == pytest.approx(mean(len(one) for one in windows) / WINDOW)
        assert row["error_rate"] == pytest.approx(mean(rate(one) * len(one) for one in windows) / WINDOW)


def test_services_that_were_seen_and_who_asks_them(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/services")
    assert {row["service"]: row["pod_count"] for row in shown["Services"]} == {
        server(row): 1 for row in records("conn_stats")
    }
    expected = grouped(records("http_events"), edge)
    found = {(row["requesting_svc"], row["responder"]): row for row in shown["Inbound HTTP Traffic to Services"]}
    assert set(found) == set(expected)
    for key, rows in expected.items():
        assert found[key]["error_rate"] == pytest.approx(rate(rows))  # type: ignore[index]
    calls = {(row["requestor_service"], row["responder_service"]): row["throughput_total"]
             for row in shown["HTTP Service Map"]}  # fmt: skip
    assert calls == {key: len(rows) for key, rows in expected.items()}


def test_one_service_and_one_pod(run: Callable[..., Shown], sqlite: Store, records: Records) -> None:
    names = Counter(server(row) for row in records("http_events"))
    (name, requests), *_ = names.most_common(1)
    of_service = run("px/service", sqlite, {"service": name})
    of_pod = run("px/pod", sqlite, {"pod": name})
    assert [row["pod"] for row in of_service["Pod List"]] == [name]
    assert sum(row["request_throughput"] for row in of_service["inbound_let_timeseries"]) * WINDOW == pytest.approx(
        requests
    )
    assert sum(row["request_throughput"] for row in of_pod["inbound_requests"]) * WINDOW == pytest.approx(requests)
    edges = run("px/pod_edge_stats", sqlite, {"responding_pod": name})
    assert len(edges["HTTP Traffic"]) == requests
    assert not run("px/pod_edge_stats", sqlite, {"responding_pod": name + "x"})["HTTP Traffic"]


def grown(rows: list[Row], column: str) -> int:
    """What a counter came to: each replayed file has a row of its own for each group."""
    return sum(row[column] for row in rows)


def test_bytes_of_connections(everywhere: Everywhere, records: Records) -> None:
    def endpoints(row: Row) -> tuple[object, ...]:
        return tuple(row[one] for one in ("local_addr", "local_port", "remote_addr", "protocol", "ssl"))

    expected: Counter[tuple[str, str, str]] = Counter()
    for rows in grouped(records("conn_stats"), endpoints).values():
        for column in ("bytes_sent", "bytes_recv"):
            expected[server(rows[0]), rows[0]["remote_addr"], column] += grown(rows, column)
    accepted = everywhere("px/inbound_conns")["inbound_conns"]
    for row in accepted:
        for column in ("bytes_sent", "bytes_recv"):
            assert row[column] == expected[row["pod"], row["remote_addr"], column]
    opened = everywhere("px/outbound_conns")["outbound_conns"]  # the same connections, from the other side
    assert sum(row["bytes_sent"] for row in opened) == sum(row["bytes_recv"] for row in accepted)
    assert sum(row["bytes_recv"] for row in opened) == sum(row["bytes_sent"] for row in accepted)


def test_what_an_address_sent_and_got(run: Callable[..., Shown], sqlite: Store, records: Records) -> None:
    address = Counter(row["remote_addr"] for row in records("conn_stats")).most_common(1)[0][0]
    shown = run("px/ip", sqlite, {"ip": address})
    (whole,) = shown["IP Summary"]
    assert whole["resolved_domain"]
    for column in ("bytes_per_s_from_ip", "bytes_per_s_to_ip"):
        assert whole[column] == pytest.approx(sum(row[column] for row in shown["Pod Traffic to IP"]))
    assert {row["requestor"] for row in shown["Net Flow Graph"]} == {address}


def test_only_what_is_asked_for(run: Callable[..., Shown], sqlite: Store) -> None:
    assert not run("px/services", sqlite, {"namespace": "elsewhere"})["Services"]
    assert run("px/services", sqlite, {"namespace": "default"}) == run("px/services", sqlite)
    assert not any(run("px/service_edge_stats", sqlite, {"requesting_svc": "nobody"}).values())
    assert not run("px/inbound_conns", sqlite, {"ip_filter": "203.0.113."})["inbound_conns"]
    by_service = run("px/node", sqlite, {"groupby": "service"})["Traffic"]
    assert len(by_service) == len(run("px/services", sqlite)["Services"])


def test_the_latest_records_only(run: Callable[..., Shown], sqlite: Store, records: Records) -> None:
    times = sorted(row["time_"] for row in records("http_events"))
    half = times[len(times) // 2]
    shown = run("px/service_stats", sqlite, {"start_time": str(half)})
    assert sum(row["request_throughput"] for row in shown["LET"]) * WINDOW == pytest.approx(
        sum(time >= half for time in times)
    )


def test_endpoints_of_a_service(run: Callable[..., Shown], sqlite: Store, records: Records) -> None:
    shown = run("pxbeta/service_endpoints", sqlite)
    assert all('"script":"pxbeta/service_endpoint"' in row["endpoint"] for row in shown["Endpoints"])
    total = len(records("http_events"))
    assert sum(row["request_throughput"] for row in shown["endpoint_let"]) * WINDOW == pytest.approx(total)
    one = max(shown["endpoint_let"], key=lambda row: row["request_throughput"])["endpoint"]
    of_one = run("pxbeta/service_endpoint", sqlite, {"endpoint": one})
    assert 0 < sum(row["request_throughput"] for row in of_one["endpoint_let_timeseries"]) * WINDOW <= total
