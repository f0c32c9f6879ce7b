from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.scripts.conftest import CALLS, ROWS, START, connection

from pxcap.core.columns import CONN_STATS
from pxcap.scripts.asked import StandIns, in_time
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.language import Compiled, Invocation, compile_script
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


def chosen(store: Store, text: str, kinds: dict[str, str]) -> dict[str, str]:
    """What stands for the arguments of the function `f`."""
    catalog = StoreCatalog(store)

    def compile_with(given: dict[str, str]) -> Compiled:
        values = dict.fromkeys(kinds, "") | given
        return compile_script(f"import px\n{text}", "t", {}, catalog, [Invocation("f", "f", values)])

    return StandIns(compile_with, store, catalog, load_names(store)).find(kinds)


SERVED = """
def f(svc: px.Service, start: str):
    df = px.DataFrame('calls', start_time=start)
    df = df[df.trace_role == 2]
    df.svc = df.ctx['service']
    return df[px.has_service_name(df.svc, svc)]
"""


def test_the_most_frequent_of_the_rows_that_are_chosen_by_it(edges: Store) -> None:
    kinds = {"svc": "PX_SERVICE"}
    text = SERVED.replace(", start: str", "").replace("start_time=start", "start_time={}")
    assert chosen(edges, text.format(START), kinds) == {"svc": "192.0.2.10"}  # a client has more
    assert chosen(edges, text.format(START + SECOND), kinds) == {"svc": "192.0.2.20"}


def test_a_time_has_no_value_that_stands_for_it(edges: Store) -> None:
    assert chosen(edges, SERVED, {"start": "PX_STRING", "svc": "PX_SERVICE"}) == {"svc": "192.0.2.10"}


def test_two_are_the_ends_of_an_edge(edges: Store) -> None:
    text = """
def f(asks: px.Pod, answers: px.Pod):
    df = px.DataFrame('calls')
    df = df[df.ctx['pod'] == answers]
    addresses = df.groupby('remote_addr').agg()
    addresses.asks = px.pod_id_to_pod_name(px.ip_to_pod_id(addresses.remote_addr))
    return addresses[addresses.asks == asks]
"""
    assert chosen(edges, text, {"asks": "PX_POD", "answers": "PX_POD"}) == {
        "asks": "192.0.2.20",
        "answers": "192.0.2.10",  # 192.0.2.30 has more, but nobody asks there who is known
    }


def test_texts_stand_for_what_they_equal(edges: Store) -> None:
    text = "def f(path: str, part: str):\n    df = px.DataFrame('calls')\n    df.same = df.method == path\n"
    text += "    return df[df.same and px.contains(df.method, part)]\n"
    assert chosen(edges, text, {"path": "PX_STRING", "part": "PX_STRING"}) == {"path": "get"}


def test_where_the_script_reads_nothing_it_is_who_has_most_connections(edges: Store) -> None:
    text = SERVED.replace("'calls'", "'process_stats'")
    assert chosen(edges, text, {"start": "PX_STRING", "svc": "PX_SERVICE"}) == {"svc": "192.0.2.40"}


def test_nobody_is_there(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
        empty.prepare([CALLS, CONN_STATS])
        assert chosen(empty, SERVED, {"start": "PX_STRING", "svc": "PX_SERVICE"}) == {}


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


def test_who_was_there_has_no_time_of_its_own(store: Store) -> None:
    store.prepare([LATER])
    with store.writer() as writer:
        writer.write("later", [row(START + 3600 * SECOND, "192.0.2.10", 2, "192.0.2.20")])
    text = (
        "who = px.DataFrame('process_stats', start_time='-5s').groupby('upid').agg()\npx.display(who, 'who')\n"
        "df = px.DataFrame('calls', start_time='-5s').groupby('upid').agg(n=('upid', px.count))\n"
        "px.display(who.merge(df, 'left', 'upid', 'upid'), 'both')"
    )
    catalog = StoreCatalog(store)
    found, moved = in_time(lambda now: compiled(store, text, now), catalog)
    newest = START + (len(ROWS) - 1) * SECOND
    assert moved == {"calls": newest}
    assert starts(found) == [newest - 5 * SECOND] * 3


def test_who_was_there_is_of_the_store_where_others_are_of_several_times(store: Store) -> None:
    store.prepare([LATER])
    with store.writer() as writer:
        writer.write("later", [row(START + 3600 * SECOND, "192.0.2.10", 2, "192.0.2.20")])
    catalog = StoreCatalog(store)
    tables = ("process_stats", "calls", "later")
    text = "\n".join(f"px.display(px.DataFrame('{one}', start_time='-5s', select=['time_']))" for one in tables)
    found, _ = in_time(lambda now: compiled(store, text, now), catalog)
    assert starts(found) == [START + 3595 * SECOND, START + 94 * SECOND, START + 3595 * SECOND]
