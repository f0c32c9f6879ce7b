"""Stores that were never written to, and stores of an older pxcap, on both databases."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.scripts.conftest import CALLS, ROWS

from pxcap.cli.drawing.outputs import rows_of
from pxcap.core.columns import Column, ColumnType
from pxcap.core.registry import load_registry
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import run_plans
from pxcap.scripts.language import compile_script
from pxcap.scripts.names import Names
from pxcap.scripts.run import run_script
from pxcap.scripts.shelf import listed
from pxcap.store import Store, open_store

NEWER = replace(
    CALLS, columns=(*CALLS.columns, Column("rows", ColumnType.INT64, "Rows."), Column("why", ColumnType.TEXT, "Why."))
)
TEXT = """
import px
df = px.DataFrame('calls'{when})
df.why = px.select(df.why == '', 'none', 'some')
df = df[df.rows >= 0 or df.status == 200]
px.display(df.groupby(['status', 'why']).agg(n=('time_', px.count), rows=('rows', px.sum)))
"""


@pytest.mark.parametrize("when", ["", ", start_time=1"])
def test_columns_that_an_older_pxcap_did_not_store_are_null(store: Store, when: str) -> None:
    catalog = StoreCatalog(store, [NEWER])
    schema = catalog.schema("calls.beta")
    assert schema is not None
    assert [field.name for field in schema] == [column.name for column in NEWER.columns]
    assert set(catalog.columns("calls.beta")) == {column.name for column in CALLS.columns}
    compiled = compile_script(TEXT.format(when=when), "older", {}, catalog)
    ((_, table),) = run_plans(store, compiled.outputs, Names(), catalog.is_stored)
    at = [column.name for column in CALLS.columns].index("status")
    assert list(rows_of(table)) == [(200, "some", sum(row[at] == 200 for row in ROWS), 0)]


def test_a_store_that_was_never_written_to_is_empty(tmp_path: Path) -> None:
    (tmp_path / "none.db").touch()
    registry = load_registry()
    with open_store(f"sqlite:///{tmp_path}/none.db", create=False) as empty:
        catalog = StoreCatalog(empty, registry.tables())
        assert (catalog.newest(), catalog.tables(), catalog.columns("http_events")) == (0, [], [])
        script = listed(registry.protocols)["px/http_data"]
        (shown,) = run_script(script, {}, empty, registry.tables()).outputs
        assert len(shown.table) == 0


def test_a_store_that_is_being_written(store: Store) -> None:
    """Each run shows what was stored when it began to read, and the writer is not held up."""
    script = (
        "import px\ndf = px.DataFrame('calls')\npx.display(df.agg(n=('time_', px.count), last=('time_', px.max)))\n"
    )
    over = threading.Event()

    def write() -> None:
        with store.writer(batch=10) as writer:
            while not over.wait(0.001):
                writer.write("calls", ROWS)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        counts = []
        while len(counts) < 8 or counts[-1] == counts[0]:
            assert thread.is_alive()
            catalog = StoreCatalog(store)
            compiled = compile_script(script, "growing", {}, catalog)
            ((_, table),) = run_plans(store, compiled.outputs, Names(), catalog.is_stored)
            counts.append(table["n"][0].as_py())
    finally:
        over.set()
        thread.join()
    assert counts == sorted(counts)
