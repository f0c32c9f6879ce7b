"""Scripts over calls of every protocol, computed a second time in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scripts.shipped.conftest import Everywhere, Records, Row, Shown, quantile
from tests.scripts.shipped.test_services import edge, grown, server

from pxcap.core.columns import CONN_STATS, PROCESSES
from pxcap.core.registry import Registry
from pxcap.store import Store, open_store

PROTOCOLS = ("http", "dns", "mysql", "pgsql", "cql", "redis", "kafka", "nats")
FAILED: dict[str, Callable[[Row], bool]] = {
    "http": lambda row: (row["resp_status"] or 0) >= 400,
    "dns": lambda row: row["rcode"] not in (None, "NOERROR"),
    "mysql": lambda row: row["resp_status"] == 3,
    "pgsql": lambda row: bool(row["resp_sqlstate"]),
    "cql": lambda row: row["resp_op"] == 0,
    "redis": lambda row: bool(row["resp_error"]),
    "kafka": lambda row: bool(row["error_code"]),
    "nats": lambda row: "-ERR" in (row["resp"] or ""),
}


@pytest.fixture
def calls(records: Records) -> list[Row]:
    """All records of all protocols, with `protocol` and `failed`."""
    return [
        row | {"protocol": name, "failed": FAILED[name](row)} for name in PROTOCOLS for row in records(f"{name}_events")
    ]


def test_the_longest_come_first(everywhere: Everywhere, calls: list[Row]) -> None:
    shown = everywhere("pxcap/slowest", {"num_calls": "7"})["slowest"]
    longest = sorted((row["latency"] for row in calls if row["latency"] is not None), reverse=True)
    assert [row["latency"] for row in shown[:7]] == longest[:7]
    assert [row["rank"] for row in shown] == sorted(row["rank"] for row in shown)
    of = {(row["latency"], row["time_"]): row for row in calls}
    for row in shown:
        call = of[row["latency"], row["began"]]
        assert (row["protocol"], row["requestor"], row["responder"]) == (call["protocol"], *edge(call))


def test_errors_by_how(everywhere: Everywhere, calls: list[Row]) -> None:
    shown = everywhere("pxcap/errors", {"num_errors": "1000"})["errors"]
    failed = Counter((row["protocol"], server(row)) for row in calls if row["failed"])
    whole = Counter((row["protocol"], server(row)) for row in calls)
    found: Counter[tuple[str, str]] = Counter()
    for row in shown:
        key = row["protocol"], row["responder"]
        found[key] += row["errors"]
        assert row["error_rate"] == pytest.approx(row["errors"] / whole[key])
    assert found == failed
    statuses: Counter[str] = Counter()
    for row in shown:
        statuses[row["status"]] += row["errors"] * (row["protocol"] == "http")
    assert +statuses == Counter(str(row["resp_status"]) for row in calls if row["protocol"] == "http" and row["failed"])


def test_edges(everywhere: Everywhere, calls: list[Row], records: Records) -> None:
    shown = everywhere("pxcap/edges")["edges"]
    found = {(row["requestor"], row["responder"], row["protocol"]): row for row in shown}
    expected: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in calls:
        expected[*edge(row), row["protocol"]].append(row)
    assert {key for key, row in found.items() if row["calls"]} == set(expected)
    for key, rows in expected.items():
        row = found[key]
        assert row["calls"] == len(rows)
        assert row["error_rate"] == pytest.approx(sum(one["failed"] for one in rows) / len(rows))
        latencies = [one["latency"] for one in rows if one["latency"] is not None]
        if latencies:
            assert row["latency_p50"] == int(quantile(latencies, 0.5) + 1e-6)
    sent: Counter[tuple[str, str, str]] = Counter()
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in records("conn_stats"):
        groups[*edge(row), row["protocol"], row["local_addr"], row["local_port"]].append(row)
    for (requestor, responder, protocol, *_), rows in groups.items():
        sent[requestor, responder, protocol] += grown(rows, "bytes_recv")
    assert {key: row["requestor_bytes"] for key, row in found.items()} == sent


def test_queries_by_the_time_they_took(everywhere: Everywhere, calls: list[Row]) -> None:
    shown = everywhere("pxcap/top_queries", {"num_queries": "1000"})["top_queries"]
    redis = [row for row in calls if row["protocol"] == "redis"]
    found = {row["query"]: row for row in shown if row["protocol"] == "redis"}
    for name in {row["req_cmd"] for row in redis}:
        rows = [row for row in redis if row["req_cmd"] == name]
        latencies = [row["latency"] for row in rows if row["latency"] is not None]
        assert found[name]["calls"] == len(rows)
        assert found[name]["errors"] == sum(row["failed"] for row in rows)
        assert found[name]["total_time"] == sum(latencies)
        assert found[name]["latency_max"] == max(latencies)
    whole = sum(row["total_time"] for row in shown)
    for row in shown:
        assert row["share"] == pytest.approx(row["total_time"] / whole)
        assert len(row["histogram"]) == 7
        assert row["worst"] or row["latency_max"] is None  # never answered
    assert [row["total_time"] for row in shown] == sorted((row["total_time"] for row in shown), reverse=True)
    assert not [row for row in shown if row["protocol"] == "mysql" and "'" in row["query"]]  # constants are taken out


def test_only_one_protocol(run: Callable[..., Shown], sqlite: Store) -> None:
    for name in ("top_queries", "slowest", "errors", "edges"):
        shown = run(f"pxcap/{name}", sqlite, {"protocol": "redis"})[name]
        assert {row["protocol"] for row in shown} == {"redis"}


def test_what_was_lost(everywhere: Everywhere, records: Records, calls: list[Row]) -> None:
    shown = everywhere("pxcap/loss")
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in records("conn_stats"):
        groups[row["remote_addr"], row["local_addr"], row["local_port"], row["protocol"]].append(row)
    for column in ("bytes_lost", "parse_errors", "retransmits", "records"):
        expected = sum(grown(rows, column) for rows in groups.values())
        assert sum(row[column] for row in shown["loss"]) == expected
    notes = Counter((row["protocol"], row["note"]) for row in calls if row["note"])
    assert {(row["protocol"], row["note"]): row["records"] for row in shown["doubtful"]} == notes


def test_names_that_dns_was_asked_for(everywhere: Everywhere, records: Records) -> None:
    rows = records("dns_events")
    asked = Counter(row["qname"] for row in rows)
    shown = everywhere("sotw/dns_queries_filtered")["dns_requests"]
    found: Counter[str] = Counter()
    for row in shown:
        found[row["dns_query_name"]] += row["num_requests"]
    assert found == asked
    answered = Counter(row["qname"] for row in rows if '"answers":[{"name"' in (row["resp_body"] or ""))
    outside = {name: count for name, count in answered.items() if ".local" not in name and ".internal" not in name}
    external = everywhere("sotw/dns_external_fqdn_list")["fqdn_list"]
    assert {row["fqdn"]: row["num_requests"] for row in external} == outside


BASE = 1_700_000_000_000_000_000
WRITTEN = [column.name for column in CONN_STATS.columns]
CURL, SHOP = "host:7:1", "host:8:2"
PII = '{"mail":"jane.doe@example.com","card":"4111 1111 1111 1111"}'


def http(upid: str, role: int, at: int, body: str, remote: tuple[str, int], local: tuple[str, int]) -> Row:
    """A record as live capture makes it, at one of its ends."""
    told: Row = {"req_headers": "{}", "req_method": "POST", "req_path": "/a", "req_body": body, "resp_headers": "{}"}
    told |= {"req_body_size": len(body), "resp_status": 200, "resp_message": "OK", "latency": 1000 * at, "note": ""}
    places = {"remote_addr": remote[0], "remote_port": remote[1], "local_addr": local[0], "local_port": local[1]}
    return {"time_": BASE + at, "upid": upid, "trace_role": role, "encrypted": remote[1] == 443} | places | told


def totals(row: Row, at: int, sent: int, received: int) -> Row:
    """What is told of its connection then: the client's port is none of it."""
    places = {one: row[one] for one in ("upid", "remote_addr", "remote_port", "local_addr", "local_port", "trace_role")}
    places["remote_port" if row["trace_role"] == 2 else "local_port"] = 0
    told = {"protocol": "http", "ssl": row["encrypted"], "conn_open": 1, "bytes_sent": sent, "bytes_recv": received}
    return dict.fromkeys(WRITTEN, 0) | {"time_": BASE + at} | places | told


@pytest.fixture(params=["sqlite", "postgres"])
def live(request: pytest.FixtureRequest, tmp_path: Path, registry: Registry) -> Iterator[Store]:
    """What live capture would store: curl asks a shop on this machine, seen at both ends, and a server elsewhere."""
    here = ("127.0.0.1", 5000)
    shop = [
        http(CURL, 1, 10, PII, ("127.0.0.1", 80), here),
        http(SHOP, 2, 11, PII, here, ("127.0.0.1", 80)),
    ]
    away = [http(CURL, 1, 30, PII, ("203.0.113.9", 443), ("192.0.2.1", 5001))]
    tables = {
        "http_events": [*shop, *away],
        "conn_stats": [
            *(totals(shop[0], at, 100 * at, 10) for at in (20, 40)),
            *(totals(shop[1], at, 10, 100 * at) for at in (20, 40)),
            totals(away[0], 40, 7, 8),
        ],
        "processes": [
            {"time_": BASE, "upid": upid, "pid": pid, "ppid": 1, "comm": name, "cmdline": name, "node": "host"}
            for upid, pid, name in ((CURL, 7, "curl"), (SHOP, 8, "shop"))
        ],
    }  # fmt: skip
    url = f"sqlite:///{tmp_path / 'live.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    known = {table.name: table for table in (*registry.tables(), PROCESSES)}
    with open_store(url) as store:
        store.prepare(list(known.values()))
        with store.writer() as writer:
            for name, rows in tables.items():
                columns = [column.name for column in known[name].columns]
                writer.write(name, [tuple(row.get(column) for column in columns) for row in rows])
        yield store


def test_both_ends_have_names_and_a_call_counts_once(run: Callable[..., Shown], live: Store) -> None:
    edges = run("pxcap/edges", live)["edges"]
    found = {(row["requestor"], row["responder"]): row for row in edges}
    assert set(found) == {("curl", "shop"), ("curl", "203.0.113.9")}
    assert [found["curl", "shop"][one] for one in ("calls", "requestor_bytes", "responder_bytes")] == [1, 4000, 10]
    shown = run("px/service_stats", live)
    assert {(row["requestor"], row["responder"]) for row in shown["Incoming Traffic"]} == set(found)
    assert {row["k8s"] for row in shown["LET"]} == {"shop", "203.0.113.9"}
    assert len(run("px/pod_edge_stats", live)["HTTP Traffic"]) == 2


def test_totals_since_a_time_are_what_they_grew_by(run: Callable[..., Shown], live: Store) -> None:
    since = {"start_time": str(BASE + 30)}
    found = {row["responder"]: row["requestor_bytes"] for row in run("pxcap/edges", live, since)["edges"]}
    assert found == {"shop": 2000, "203.0.113.9": 7}
    (accepted,) = run("px/inbound_conns", live, since)["inbound_conns"]
    assert (accepted["conn_open"], accepted["bytes_recv"]) == (0, 2000)
    assert run("px/cluster", live)["Services"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {("curl-7", "127.0.0.1", False), ("curl-7", "203.0.113.9", True)}),
        ({"only_outside": "true"}, {("curl-7", "203.0.113.9", True)}),
        ({"filter_for_not_ssl": "true"}, {("curl-7", "127.0.0.1", False)}),
    ],
)
def test_where_personal_data_goes(
    run: Callable[..., Shown], live: Store, given: dict[str, str], expected: set[tuple[str, str, bool]]
) -> None:
    shown = run("pxbeta/pii_cluster_egress", live, given)
    rows = shown["Egress by pod, IP"]
    assert {(row["pod"], row["remote_addr"], row["ssl"]) for row in rows} == expected
    assert {row["bytes_egressed"] for row in rows} == {len(PII)}
    assert {row["ssl"] for row in shown["Cluster Egress"]} == {"ssl" if one[2] else "no_ssl" for one in expected}
