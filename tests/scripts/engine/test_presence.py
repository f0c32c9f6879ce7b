"""Tables that tell only who was there: what was captured does, on both databases."""

import pytest
from tests.scripts.conftest import CALLS, START, connection

from pxcap.cli.drawing.outputs import rows_of
from pxcap.core.columns import CONN_STATS
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import run_plans
from pxcap.scripts.engine.presence import told
from pxcap.scripts.language import compile_script
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Rows, Scan
from pxcap.store import Store

SECOND = 1_000_000_000
LATE = START + 200 * SECOND


def shown(store: Store, text: str) -> list[tuple[object, ...]]:
    catalog = StoreCatalog(store, [CALLS, CONN_STATS])
    outputs = compile_script(f"import px\n{text}", "presence", {}, catalog).outputs
    ((_, table),) = run_plans(store, told(outputs, catalog), Names(), catalog.is_stored)
    return sorted(rows_of(table))


@pytest.fixture
def seen(store: Store) -> Store:
    """`calls`, and two connections of processes that called nobody, one of them read from packets."""
    places = {"local_addr": "192.0.2.7", "local_port": 81, "remote_addr": "192.0.2.8", "trace_role": 2, "protocol": "x"}
    store.prepare([CONN_STATS])
    with store.writer() as writer:
        rows = [connection(time_=LATE, first_time=LATE, upid=upid, **places) for upid in ("host:9:7", "")]
        writer.write("conn_stats", rows)
    return store


def test_processes_of_all_tables(seen: Store) -> None:
    found = shown(seen, "px.display(px.DataFrame('process_stats').groupby('upid').agg(n=('upid', px.count)))")
    assert found == [("192.0.2.7", 1), *((f"host:{n}:7", 100 // 3 + (n == 0)) for n in range(3)), ("host:9:7", 1)]


def test_in_the_time_asked_for(seen: Store) -> None:
    asked = (
        "px.display(px.DataFrame('process_stats', start_time='-101s').agg(a=('time_', px.min), b=('time_', px.max)))"
    )
    assert shown(seen, asked) == [(START + 99 * SECOND, LATE)]


def test_joined_with_what_else_is_known(seen: Store) -> None:
    text = (
        "who = px.DataFrame('process_stats')\nwho = who.groupby('upid').agg()\n"
        "df = px.DataFrame('calls').groupby('upid').agg(n=('latency', px.count))\n"
        "df = who.merge(df, how='left', left_on='upid', right_on='upid', suffixes=['', '_x'])\n"
        "px.display(df[['upid', 'n']])"
    )
    calls = {f"host:{n}:7": 33 + (n == 0) for n in range(3)}
    assert dict(shown(seen, text)) == {"192.0.2.7": 0, "host:9:7": 0} | calls


def test_a_store_without_records(store: Store) -> None:
    class Nothing(StoreCatalog):
        def tables(self) -> list[object]:  # type: ignore[override]
            return []

    (output,) = compile_script(
        "import px\npx.display(px.DataFrame('process_stats', select=['upid']))", "none", {}, StoreCatalog(store)
    ).outputs
    (made,) = told([output], Nothing(store))
    assert isinstance(made.plan.parent, Rows)  # type: ignore[union-attr]


def test_a_table_that_is_there_is_read(store: Store) -> None:
    class Filled(StoreCatalog):
        def schema(self, table: str):  # type: ignore[no-untyped-def]
            return super().schema("calls")

    (output,) = compile_script(
        "import px\npx.display(px.DataFrame('process_stats', select=['time_', 'method']))", "filled", {}, Filled(store)
    ).outputs
    assert told([output], Filled(store)) == [output]
    assert isinstance(output.plan.parent, Scan)  # type: ignore[union-attr]
