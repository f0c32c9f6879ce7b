from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.scripts.conftest import CALLS, ROWS, START, connection

from pxcap.core.columns import CONN_STATS
from pxcap.scripts.asked import in_time, stand_ins
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.language import Compiled, compile_script
from pxcap.scripts.plan import Scan
from pxcap.scripts.resolver import load_names
from pxcap.store import Store, open_store

SECOND = 10**9
LATER = replace(CALLS, name="later", aliases=())


def row(time: int, address: str, role: int, peer: str) -> tuple[object, ...]:
    ends = (peer, 40_000, address, 80) if role == 2 else (peer, 80, address, 40_000)
    return (time, "", *ends, role, False, "get", 200, True, "{}", 1000, "")


@pytest.fixture
def edges(tmp_path: Path) -> Iterator[Store]:
    """Two servers, one of which asks the other, and a client that asks most."""
    with open_store(f"sqlite:///{tmp_path / 'edges.db'}") as store:
        store.prepare([CALLS, CONN_STATS])
        with store.writer() as writer:
            writer.write("calls", [row(START, "192.0.2.10", 2, "198.51.100.7")] * 5)
            writer.write("calls", [row(START, "192.0.2.10", 2, "192.0.2.20")] * 3)
            writer.write("calls", [row(START + SECOND, "192.0.2.20", 2, "198.51.100.7")] * 2)
            writer.write("calls", [row(START, "192.0.2.30", 1, "198.51.100.7")] * 9)
            for address in ("192.0.2.10", "192.0.2.20", "192.0.2.40", "192.0.2.40"):
                writer.write("conn_stats", [connection(time_=START, local_addr=address, trace_role=2)])
        yield store


def compiled(store: Store, text: str, now: int | None = None) -> Compiled:
    return compile_script(f"import px\n{text}", "t", {}, StoreCatalog(store), (), now)


def chosen(store: Store, kinds: dict[str, str], start: int) -> dict[str, str]:
    outputs = compiled(store, f"px.display(px.DataFrame('calls', start_time={start}))").outputs
    return stand_ins(kinds, outputs, store, StoreCatalog(store), load_names(store))


def test_the_busiest_is_who_answers_most(edges: Store) -> None:
    assert chosen(edges, {"svc": "service"}, START) == {"svc": "192.0.2.10"}  # others ask more


def test_it_is_the_busiest_of_the_time_asked_for(edges: Store) -> None:
    found = chosen(edges, {"svc": "service", "ns": "namespace"}, START + SECOND)
    assert found == {"svc": "192.0.2.20", "ns": "default"}


def test_two_are_the_ends_of_an_edge(edges: Store) -> None:
    found = chosen(edges, {"requesting_pod": "pod", "responding_pod": "pod"}, START)
    assert found == {"requesting_pod": "192.0.2.20", "responding_pod": "192.0.2.10"}


def test_where_the_script_reads_nothing_it_is_who_has_most_connections(edges: Store) -> None:
    assert chosen(edges, {"svc": "service"}, START + 2 * SECOND) == {"svc": "192.0.2.40"}


def test_nobody_is_there(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
        empty.prepare([CALLS])
        assert chosen(empty, {"svc": "service"}, START) == {}


def starts(found: Compiled) -> list[int | None]:
    return [node.start for output in found.outputs for node in in_order([output.plan]) if isinstance(node, Scan)]


def test_each_output_counts_from_where_there_is_something(store: Store) -> None:
    store.prepare([LATER])
    with store.writer() as writer:
        writer.write("later", [row(START + 3600 * SECOND, "192.0.2.10", 2, "192.0.2.20")])
    text = "px.display(px.DataFrame('calls', start_time='-5s'))\npx.display(px.DataFrame('later', start_time='-5s'))"
    catalog = StoreCatalog(store)
    found, moved = in_time(lambda now: compiled(store, text, now), catalog)
    newest = START + (len(ROWS) - 1) * SECOND
    assert moved == {"calls": newest}
    assert starts(found) == [newest - 5 * SECOND, START + 3595 * SECOND]
