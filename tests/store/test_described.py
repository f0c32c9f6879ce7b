import sqlite3
from contextlib import closing
from pathlib import Path

from tests.store.conftest import EVENTS

from pxcap.store import ColumnInfo, open_store
from pxcap.store.described import ALIAS, DESCRIBED, TABLE


def test_a_store_tells_of_a_table_by_these_names(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/x.db") as store:
        store.prepare([EVENTS])
        first = EVENTS.columns[0]
        assert store.schema(EVENTS.name)[0] == ColumnInfo(first.name, first.type.value, first.unit, first.meaning)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        told = connection.execute(f"SELECT table_name, column_name, type, meaning FROM {DESCRIBED}").fetchall()
    assert (EVENTS.name, "", TABLE, EVENTS.meaning) in told
    assert (EVENTS.aliases[0], "", ALIAS, EVENTS.name) in told
