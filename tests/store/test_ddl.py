import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.store.conftest import EVENTS, event_row

from pxcap.core.columns import CONN_STATS, Column, ColumnType, Table
from pxcap.core.errors import StoreError
from pxcap.store import Store, open_store

NEW = Column("resp_message", ColumnType.TEXT, "Reason phrase.")
NEWER = replace(EVENTS, columns=(*EVENTS.columns[:10], NEW, *EVENTS.columns[10:]))


def test_preparing_twice_changes_nothing(store: Store) -> None:
    before = store.schema("http_events")
    store.prepare([EVENTS, CONN_STATS])
    store.prepare([CONN_STATS, EVENTS])
    assert store.schema("http_events") == before
    assert [table.name for table in store.tables()] == ["conn_stats", "http_events"]


def test_columns_of_a_newer_plugin_are_added(store: Store, url: str) -> None:
    with store.writer() as writer:
        writer.write("http_events", [event_row(1)])
    with open_store(url) as newer:
        newer.prepare([NEWER])
        with newer.writer() as writer:
            row = event_row(2)
            writer.write("http_events", [(*row[:10], "OK", *row[10:])])
        for name in ("http_events", "http_events.beta"):
            with newer.query(f'SELECT resp_message, resp_status FROM "{name}" ORDER BY time_') as result:
                assert list(result) == [(None, 200), ("OK", 200)]
        assert [column.name for column in newer.schema("http_events")] == [column.name for column in NEWER.columns]


def test_an_older_plugin_still_writes(url: str) -> None:
    with open_store(url) as newer:
        newer.prepare([NEWER])
    with open_store(url) as older:
        older.prepare([EVENTS])
        with older.writer() as writer:
            writer.write("http_events", [event_row(1)])
        assert writer.written == {"http_events": 1}
        assert [column.name for column in older.schema("http_events")] == [column.name for column in NEWER.columns]


def test_a_column_of_another_type_is_refused(store: Store) -> None:
    columns = tuple(
        replace(item, type=ColumnType.TEXT) if item.name == "resp_status" else item for item in EVENTS.columns
    )
    with pytest.raises(StoreError, match=r"http_events\.resp_status is stored as INT, the plugin now declares TEXT"):
        store.prepare([replace(EVENTS, columns=columns)])


def test_a_better_sentence_replaces_the_old_one(store: Store) -> None:
    store.prepare([replace(EVENTS, meaning="Better.")])
    assert store.tables()[0].meaning == "Better."


def test_names_taken_by_others_are_refused(store: Store) -> None:
    plain = (Column("time_", ColumnType.INT64, "When."),)
    with pytest.raises(StoreError, match="already a pxcap_schema that pxcap did not make"):
        store.prepare([Table("pxcap_schema", plain, "Mine.")])
    with pytest.raises(StoreError, match="already a http_events that is no other name of dns_events"):
        store.prepare([Table("dns_events", plain, "DNS.", ("http_events",))])
    with pytest.raises(StoreError, match=r"already a http_events\.beta that is no other name of dns_events"):
        store.prepare([Table("dns_events", plain, "DNS.", ("http_events.beta",))])
    assert [table.name for table in store.tables()] == ["http_events"]  # the refused prepare left nothing


PREPARE = """
import sys
from pxcap.store import open_store
from tests.store.conftest import EVENTS, event_row
store = open_store(sys.argv[1])
store.prepare([EVENTS])
with store.writer(batch=50) as writer:
    for number in range(1000):
        writer.write("http_events", [event_row(number)])
"""


def test_processes_that_prepare_and_write_at_once(url: str) -> None:
    root = Path(__file__).parents[2]
    processes = [subprocess.Popen([sys.executable, "-c", PREPARE, url], cwd=root) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    with open_store(url, create=False) as store:
        assert store.tables()[0].rows == 2000
        with store.query("SELECT count(*) FROM pxcap_writers") as result:
            assert list(result) == [(0,)]


def test_an_interruption_while_a_connection_is_closed_is_raised_and_not_told(tmp_path: Path) -> None:
    program = f"""
from tests.store.conftest import EVENTS
from pxcap.store.sqlite import SQLite
from pxcap.store import open_store

def interrupted(connection):
    raise KeyboardInterrupt

made = SQLite.engine.func
def engine(dialect):
    found = made(dialect)
    found.dialect.do_close = interrupted
    return found
SQLite.engine.func = engine
try:
    open_store({f"sqlite:///{tmp_path / 'x.db'}"!r}).prepare([EVENTS])
except KeyboardInterrupt:
    print("raised")
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("raised\n", "")
