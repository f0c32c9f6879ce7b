"""Units of a result's columns."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pxcap.scripts.units import units_of
from pxcap.store import Store, open_store


def test_the_store_knows_its_units(store: Store) -> None:
    assert units_of(store) == {"time_": "ns since epoch", "latency": "ns"}


def test_a_database_of_somebody_else_has_none(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE t (latency INTEGER)")
    assert units_of(open_store(f"sqlite:///{tmp_path}/other.db", create=False)) == {}
