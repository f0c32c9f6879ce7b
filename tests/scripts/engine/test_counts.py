"""Totals of connections are counters that begin at zero and only grow, on both databases."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pxcap.cli.drawing.outputs import rows_of
from pxcap.core.columns import CONN_STATS
from pxcap.core.protocol import Row
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.counts import FIRST, counted
from pxcap.scripts.engine.execute import run_plans
from pxcap.scripts.language import compile_script
from pxcap.scripts.names import Names
from pxcap.scripts.plan import Counts, Scan
from pxcap.store import Store, open_store

NAMES = [column.name for column in CONN_STATS.columns]
GROWTH = """
import px
df = px.DataFrame('conn_stats'{when})
df = df.groupby(['remote_addr']).agg(low=('bytes_sent', px.min), high=('bytes_sent', px.max), opened=('conn_open', px.max))
df.sent = df.high - df.low
px.display(df[['remote_addr', 'sent', 'opened']])
"""


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/totals.db"
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_url"))
    with open_store(url) as opened:
        yield opened


def totals(peer: str, at: int, first: int | None, sent: int, opened: int = 1) -> Row:
    places = {"upid": "", "remote_addr": peer, "local_addr": "10.0.0.1", "local_port": 80, "trace_role": 2}
    told = {"protocol": "http", "ssl": False, "time_": at, FIRST: first, "bytes_sent": sent, "conn_open": opened}
    return tuple((dict.fromkeys(NAMES, 0) | places | told)[name] for name in NAMES)


def fill(store: Store, rows: Sequence[Row]) -> None:
    store.prepare([CONN_STATS])
    with store.writer() as writer:
        writer.write("conn_stats", list(rows))


def shown(store: Store, text: str) -> list[tuple[object, ...]]:
    catalog = StoreCatalog(store, [CONN_STATS])
    compiled = compile_script(text, "totals", {}, catalog)
    ((_, table),) = run_plans(store, compiled.outputs, Names(), catalog.is_stored)
    return list(rows_of(table))


def test_a_file_has_one_row_of_a_group_and_yet_it_grew(store: Store) -> None:
    fill(store, [totals("a", 100, 100, 7, 2), totals("b", 100, 100, 9)])
    assert sorted(shown(store, GROWTH.format(when=""))) == [("a", 7, 2), ("b", 9, 1)]


def test_captures_add_up_whichever_saw_more(store: Store) -> None:
    fill(store, [totals("a", 100, 100, 30), totals("a", 200, 200, 100), totals("a", 300, 300, 5)])
    assert shown(store, GROWTH.format(when="")) == [("a", 135, 3)]
    assert shown(store, GROWTH.format(when=", start_time=150")) == [("a", 105, 2)]
    fill(store, [totals("a", 300, 300, 5)])  # the last file once more
    assert shown(store, GROWTH.format(when="")) == [("a", 140, 4)]


def test_of_a_capture_that_began_before_only_what_was_added(store: Store) -> None:
    fill(store, [totals("a", 10, 10, 5), totals("a", 20, 10, 50), totals("a", 30, 10, 80), totals("b", 30, 30, 3)])
    assert sorted(shown(store, GROWTH.format(when=""))) == [("a", 80, 1), ("b", 3, 1)]
    assert sorted(shown(store, GROWTH.format(when=", start_time=15"))) == [("a", 30, 1), ("b", 3, 1)]


def test_each_count_has_a_row_of_where_it_began(store: Store) -> None:
    fill(store, [totals("a", 10, 10, 5), totals("a", 20, 10, 8), totals("a", 40, 40, 2)])
    text = "import px\ndf = px.DataFrame('conn_stats')\npx.display(df[['time_', 'bytes_sent']])\n"
    assert shown(store, text) == [(10, 0), (10, 5), (20, 8), (40, 8), (40, 10)]
    assert shown(store, text.replace(", 'bytes_sent'", "")) == [(10,), (20,), (40,)]


def test_totals_of_an_older_pxcap_begin_anew_where_they_fell(store: Store) -> None:
    old = replace(CONN_STATS, columns=tuple(column for column in CONN_STATS.columns if column.name != FIRST))
    store.prepare([old])
    with store.writer() as writer:
        writer.write("conn_stats", [totals("a", at, None, sent)[:-1] for at, sent in ((100, 7), (200, 9), (300, 4))])
    assert shown(store, GROWTH.format(when="")) == [("a", 6, 1)]
    fill(store, [totals("a", 400, 400, 4), totals("b", 400, 400, 4)])  # this pxcap adds the column: NULL in older rows
    assert sorted(shown(store, GROWTH.format(when=""))) == [("a", 10, 2), ("b", 4, 1)]


def test_other_tables_are_read_as_they_are(store: Store) -> None:
    store.prepare([CONN_STATS])
    schema = StoreCatalog(store, [CONN_STATS]).schema("conn_stats")
    assert schema is not None
    assert isinstance(counted(Scan("conn_stats", schema)), Counts)
    assert counted(Scan("http_events", schema)) == Scan("http_events", schema)
