"""Calls whose both ends were captured: the same on SQLite and PostgreSQL."""

import pytest
from tests.scripts.conftest import CALLS, START, connection

from pxcap.core.columns import CONN_STATS
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import run_plans
from pxcap.scripts.language import compile_script
from pxcap.scripts.names import Names
from pxcap.store import Store

HERE, CLIENT, SERVER = "127.0.0.1", "host:1:7", "host:2:7"


def ends(upid: str, remote: tuple[str, int], local: tuple[str, int], role: int) -> tuple[object, ...]:
    method = f"{upid} of {remote[1]}"
    return (START, upid, *remote, *local, role, False, method, 200, True, "{}", 1000, "")


@pytest.fixture
def both(store: Store) -> Store:
    """The store of `calls`, with a connection seen at both ends, and two seen at one."""
    store.prepare([CALLS, CONN_STATS])
    with store.writer() as writer:
        writer.write(
            "calls", [ends(SERVER, (HERE, 50_001), (HERE, 8080), 2), ends(CLIENT, (HERE, 8080), (HERE, 50_001), 1)]
        )
        writer.write("calls", [ends(CLIENT, (HERE, 8080), (HERE, 50_002), 1)])  # its server's end was left out
        writer.write("calls", [ends(CLIENT, ("198.51.100.7", 443), ("192.0.2.9", 50_001), 1)])
        totals = {"trace_role": 1, "upid": CLIENT, "local_addr": HERE, "remote_addr": HERE}
        writer.write("conn_stats", [connection(time_=START, **totals), connection(time_=START, trace_role=2)])
    return store


def shown(store: Store, text: str) -> list[tuple[object, ...]]:
    catalog = StoreCatalog(store)
    outputs = compile_script(f"import px\n{text}", "once", {}, catalog).outputs
    ((_, table),) = run_plans(store, outputs, Names(), catalog.is_stored)
    return [tuple(row.values()) for row in table.to_pylist()]


def calls(store: Store, condition: str) -> list[tuple[object, ...]]:
    chosen = f"df = px.DataFrame('calls')\ndf = df[px.contains(df.method, ' of ')]\n{condition}\n"
    return sorted(shown(store, f"{chosen}px.display(df[['upid', 'remote_addr', 'local_port', 'trace_role']])"))


def test_a_call_is_told_by_its_server(both: Store) -> None:
    assert calls(both, "") == [
        (CLIENT, HERE, 50_002, 1),
        (CLIENT, "198.51.100.7", 50_001, 1),
        (SERVER, HERE, 8080, 2),
    ]


def test_what_clients_saw_is_there_for_those_who_ask(both: Store) -> None:
    seen = [(CLIENT, HERE, 50_001, 1), (CLIENT, HERE, 50_002, 1), (CLIENT, "198.51.100.7", 50_001, 1)]
    assert calls(both, "df = df[df.trace_role == 1]") == seen
    assert calls(both, "df = df[df.trace_role == 2]") == [(SERVER, HERE, 8080, 2)]


def test_totals_are_of_each_end(both: Store) -> None:
    assert shown(both, "px.display(px.DataFrame('conn_stats').agg(n=('upid', px.count)))") == [(2,)]


def test_rows_are_what_they_were_in_their_order(both: Store) -> None:
    catalog = StoreCatalog(both)
    outputs = compile_script("import px\npx.display(px.DataFrame('calls'))", "once", {}, catalog).outputs
    ((output, table),) = run_plans(both, outputs, Names(), catalog.is_stored)
    assert table.column_names == [field.name for field in output.plan.schema]
    assert table.num_rows == 103
