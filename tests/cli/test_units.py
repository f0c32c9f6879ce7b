"""Units of a result's columns."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pxcap.cli.units import units_of
from pxcap.store import open_store


def test_the_store_knows_its_units(stored: str) -> None:
    units = units_of(open_store(stored, create=False))
    assert (units["time_"], units["latency"], units["resp_body_size"]) == ("ns since epoch", "ns", "bytes")
    assert "req_path" not in units


def test_a_database_of_somebody_else_has_none(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE t (latency INTEGER)")
    assert units_of(open_store(f"sqlite:///{tmp_path}/other.db", create=False)) == {}
