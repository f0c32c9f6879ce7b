"""Who asks whom: px/*_flow_graph and px/dns_query_summary."""

import json
from collections import Counter
from statistics import mean

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records, Row
from tests.truth import captures as shared

PROTOCOLS = ("mysql", "pgsql", "redis", "kafka", "cql")


def server(row: Row) -> str:
    host = f"[{row['local_addr']}]" if ":" in row["local_addr"] else row["local_addr"]
    return f"{host}:{row['local_port']}"


@pytest.mark.parametrize("name", PROTOCOLS)
def test_an_edge_for_each_client_and_server(name: str, everywhere: Everywhere, records: Records) -> None:
    shown = everywhere(f"px/{name}_flow_graph")
    edges = Counter((row["remote_addr"], server(row)) for row in records(f"{name}_events"))
    for rows in shown.values():
        assert {(row["source"], row["destination"]): row["throughput_total"] for row in rows} == edges
    assert list(shown) == [f"{name}_flow", f"{name}_summary_with_links"]


def test_filters(everywhere: Everywhere) -> None:
    given = {"destination_filter": "127.0.0.50", "source_filter": "127.0.0.1", "namespace": "default"}
    (edge,) = everywhere("px/mysql_flow_graph", given)["mysql_flow"]
    assert (edge["source"], edge["destination"]) == ("127.0.0.1", "127.0.0.50:3306")


def test_latency_of_dns(everywhere: Everywhere, records: Records) -> None:
    rows = [row for row in records("dns_events") if row["local_addr"] == "127.0.0.53"]
    (edge,) = everywhere("px/dns_flow_graph", {"to_entity_filter": "127.0.0.53"})["dns_flow"]
    latencies = [row["latency"] for row in rows if row["latency"] is not None]
    assert edge["latency_avg"] == pytest.approx(mean(latencies))
    assert (edge["latency_max"], edge["count"]) == (max(latencies), len(rows))


def test_bytes_of_all_connections(everywhere: Everywhere, records: Records) -> None:
    shown = everywhere("px/net_flow_graph")["net_flow"]
    stats = records("conn_stats")
    tables = ("http", "dns", "redis", "mysql", "pgsql", "cql", "kafka", "nats")
    times = [row["time_"] for name in tables for row in records(f"{name}_events")] + [row["time_"] for row in stats]
    window = max(times) - min(times)
    asked, answered = Counter[tuple[object, ...]](), Counter[tuple[object, ...]]()
    for row in stats:  # of each replayed file one for each group
        assert row["trace_role"] == 2
        asked[row["remote_addr"], server(row)] += row["bytes_recv"]
        answered[row["remote_addr"], server(row)] += row["bytes_sent"]
    for row in shown:
        edge = row["from_entity"], row["to_entity"]
        assert row["bytes_sent"] * window == pytest.approx(asked[edge])
        assert row["bytes_recv"] * window == pytest.approx(answered[edge])
    assert len(shown) == sum(asked[edge] + answered[edge] > 0 for edge in asked)


def test_little_traffic_is_left_out_when_asked_for(everywhere: Everywhere) -> None:
    shown = everywhere("px/net_flow_graph")["net_flow"]
    most = max(row["bytes_total"] for row in shown)
    given = {"throughput_filter": str(most * 10**9 * 0.99)}
    assert [row["bytes_total"] for row in everywhere("px/net_flow_graph", given)["net_flow"]] == [pytest.approx(most)]


def test_names_that_were_asked_for_as_the_clients_tell_it(everywhere: Everywhere) -> None:
    path = shared.ROOT / "dns" / "basic_udp.pcap"
    if not path.exists():
        pytest.skip(shared.WHY_SKIPPED)
    shown = everywhere("px/dns_query_summary", {"dns_server_filter": "127.0.0.1:53"})["dns_flow"]
    case = shared.load(path)
    truth = [op for op in case.ops if op.get("response") and op["qname"] != "."]
    for name, asked in Counter(op["qname"].rstrip(".").lower() for op in truth).items():
        found = [row for row in shown if row["qname"].lower() == name]
        assert sum(row["num_requests"] for row in found) >= asked
        missing = sum(op["response"]["rcode"] == "NXDOMAIN" for op in truth if op["qname"].rstrip(".").lower() == name)
        assert sum(row["num_nxdomain"] for row in found) == missing


def test_shares_of_names_without_an_answer(everywhere: Everywhere, records: Records) -> None:
    asked, answered = Counter[str](), Counter[str]()
    for row in records("dns_events"):
        asked[row["qname"]] += 1
        answered[row["qname"]] += bool(row["resp_body"] and json.loads(row["resp_body"]).get("answers"))
    shown = everywhere("px/dns_query_summary", {"dns_server_filter": "127.0.0.53"})["dns_flow"]
    for row in shown:
        assert row["unresolved_rate"] == pytest.approx(1 - answered[row["qname"]] / asked[row["qname"]])
        assert row["qgroup"] == f"{row['qname']} @{row['dns_server']}"
