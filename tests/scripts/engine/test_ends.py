"""What was read from packets, asked for as clients saw it: the same on SQLite and PostgreSQL."""

from collections import Counter

import pytest
from tests.scripts.conftest import ROWS, START, connection

from pxcap.core.columns import CONN_STATS
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import run_plans
from pxcap.scripts.language import compile_script
from pxcap.scripts.names import Names
from pxcap.store import Store

SERVED = 3  # records of packets, stored as their server saw them
ASKED = "[['upid', 'trace_role', 'local_addr', 'local_port', 'remote_addr', 'remote_port']]"
TURNED = [("198.51.100.7", 1, "198.51.100.7", 50_000 + n, "192.0.2.9", 53) for n in range(SERVED)]


@pytest.fixture
def captured(store: Store) -> Store:
    """The store of `calls`, which are of processes at both ends, with some that were read from packets."""
    store.prepare([CONN_STATS])
    names = ("upid", "remote_addr", "local_addr", "local_port", "trace_role")
    totals = dict(zip(names, ("", "198.51.100.7", "192.0.2.9", 53, 2), strict=True))
    with store.writer() as writer:
        writer.write("conn_stats", [connection(time_=START, protocol="dns", bytes_sent=70, bytes_recv=30, **totals)])
        for n in range(SERVED):
            ends = "", "198.51.100.7", 50_000 + n, "192.0.2.9", 53, 2
            writer.write("calls", [(START + 10**12 + n, *ends, False, "packet", 200, True, "{}", 1, "")])
    return store


def shown(store: Store, text: str) -> list[tuple[object, ...]]:
    catalog = StoreCatalog(store)
    outputs = compile_script(f"import px\n{text}", "turned", {}, catalog).outputs
    ((_, table),) = run_plans(store, outputs, Names(), catalog.is_stored)
    return [tuple(row.values()) for row in table.to_pylist()]


def test_records_of_packets_are_seen_from_the_client(captured: Store) -> None:
    for clients in (
        "df = df[df.trace_role == 1]",
        "df = df[1 == df.trace_role and df.method == 'packet']",
        "df = df[df.trace_role != 2]",
        "df.asked = df.trace_role == 1\ndf = df[df.method != 'get']\ndf = df[df.asked]",
        "df.role = df.trace_role\ndf = df.head(1000)\ndf = df[df.role == 1]",
        "df = df[df.trace_role == 1]\ndf = df[df.trace_role == 1]",
    ):
        text = f"df = px.DataFrame('calls')\n{clients}\ndf = df[df.method == 'packet']\npx.display(df{ASKED})"
        assert shown(captured, text) == TURNED, clients


def test_those_of_processes_stay_as_they_are(captured: Store) -> None:
    text = "df = px.DataFrame('calls')\ndf = df[df.trace_role == 1]\n"
    text += "px.display(df.groupby(['upid', 'local_addr']).agg(n=('latency', px.count)))"
    found = shown(captured, text)
    asked = Counter(row[1] for row in ROWS if row[6] == 1)
    assert [row for row in found if row[1] == "192.0.2.9"] == [
        (upid, "192.0.2.9", asked[upid]) for upid in sorted(asked)
    ]
    assert [row for row in found if row[1] != "192.0.2.9"] == [("198.51.100.7", "198.51.100.7", SERVED)]


def test_groups_by_the_role_are_groups_of_clients(captured: Store) -> None:
    text = "df = px.DataFrame('calls')\ndf = df[df.method == 'packet']\n"
    text += (
        "df = df.groupby(['trace_role', 'local_addr']).agg(n=('latency', px.count))\npx.display(df[df.trace_role == 1])"
    )
    assert shown(captured, text) == [(1, "198.51.100.7", SERVED)]


def test_what_a_client_sent_its_server_received(captured: Store) -> None:
    text = "df = px.DataFrame('conn_stats')\ndf = df[df.trace_role == 1]\n"
    text += "df.pod = df.ctx['pod']\npx.display(df[['pod', 'remote_addr', 'local_port', 'bytes_sent', 'bytes_recv']].head(5))"
    assert set(shown(captured, text)) >= {("198.51.100.7", "192.0.2.9", 0, 30, 70)}


def test_an_output_that_has_them_as_the_server_saw_them_has_them_once(captured: Store) -> None:
    text = "df = px.DataFrame('calls')\ndf = df[df.method == 'packet']\n"
    both = "both = df[df.trace_role == 1].append(df[df.trace_role == 2])\n"
    assert shown(captured, f"{text}{both}px.display(both.agg(n=('latency', px.count)))") == [(SERVED,)]
    beside = "n = df.agg(n=('latency', px.count))\nn.all = 1\nasked = df[df.trace_role == 1].agg(asked=('latency', px.count))\n"
    beside += "asked.all = 1\nn = n.merge(asked, how='inner', left_on='all', right_on='all', suffixes=['', '_x'])\n"
    assert shown(captured, f"{text}{beside}px.display(n[['n', 'asked']])") == [(SERVED, SERVED)]  # a count tells no end


def test_a_store_of_processes_only(store: Store) -> None:
    asked = "df = px.DataFrame('calls')\npx.display(df[df.trace_role == 1].agg(n=('latency', px.count)))"
    assert shown(store, asked) == [(50,)]
    store.prepare([CONN_STATS])
    with store.writer() as writer:
        writer.write("conn_stats", [connection(time_=START, upid="host:1:7", trace_role=2)])
    assert shown(store, asked) == [(50,)]
