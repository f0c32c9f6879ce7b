import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.store.conftest import EVENTS, event_row

from pxcap.core.columns import Column, ColumnType, Table
from pxcap.store import open_store
from pxcap.store.sqlite import GROUP, MAX_VARIABLES, PAGE_SIZE

ROOT = Path(__file__).parents[2]
READ_ONLY = """
import os, sys
import pxcap.store.sqlite
from pxcap.core.errors import StoreError
from pxcap.store import open_store
from tests.store.conftest import EVENTS, event_row
folder = sys.argv[1]
url = f"sqlite:///{folder}/a.db"
store = open_store(url)
store.prepare([EVENTS])
with store.writer() as writer:
    writer.write("http_events", [event_row(1)])
os.chmod(f"{folder}/a.db", 0o444)
os.chmod(folder, 0o555)
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
print(open_store(url, create=False).tables()[0].rows)
for refused in (url, f"sqlite:///{folder}/b.db"):
    try:
        open_store(refused)
    except StoreError as error:
        print(error)
try:
    store.prepare([EVENTS])
except StoreError as error:
    print(error)
"""


def test_a_folder_that_can_only_be_read() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-c", READ_ONLY, folder], capture_output=True, text=True, cwd=ROOT, check=False
        )
        Path(folder).chmod(0o755)
    assert run.returncode == 0, run.stderr
    rows, no_file, no_folder, no_prepare = run.stdout.splitlines()
    assert rows == "1"
    assert "the file is read-only" in no_file
    assert "is not writable" in no_folder
    assert "the file is read-only" in no_prepare


def test_settings_of_a_new_file(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        for pragma, value in (("page_size", PAGE_SIZE), ("journal_mode", "wal")):
            with store.query(f"PRAGMA {pragma}") as result:
                assert list(result) == [(value,)]
        with store.query("SELECT name, type FROM pragma_table_info('http_events') WHERE name LIKE 'e%'") as result:
            assert list(result) == [("encrypted", "BOOLEAN")]
        with store.writer() as writer:
            writer.write("http_events", [event_row(1)])
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]  # no log is left behind


def test_json_can_be_asked(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        with store.writer() as writer:
            writer.write("http_events", [event_row(1, headers='{"z":1,"a":[true,null]}')])
        with store.query("SELECT key, value FROM http_events, json_each(req_headers)") as result:
            assert list(result) == [("z", 1), ("a", "[true,null]")]


def test_every_size_of_a_batch_is_stored(tmp_path: Path) -> None:
    """Rows go in groups; what is over goes alone."""
    sizes = [1, GROUP - 1, GROUP, GROUP + 1, 2 * GROUP, 3 * GROUP + 7]
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        with store.writer() as writer:
            number = 0
            for size in sizes:
                writer.write("http_events", [event_row(number + at) for at in range(size)])
                number += size
                writer.flush()
        with store.query("SELECT time_, latency FROM http_events ORDER BY rowid") as result:
            assert list(result) == [(event_row(at)[0], 1000 + at) for at in range(sum(sizes))]


def test_a_table_of_very_many_columns(tmp_path: Path) -> None:
    columns = tuple(Column(f"c{at}", ColumnType.INT, "") for at in range(MAX_VARIABLES + 5))
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([Table("wide", columns, "Wide.")])
        with store.writer() as writer:
            writer.write("wide", [tuple(range(len(columns)))] * 3)
        assert (writer.written, writer.reasons) == ({"wide": 3}, {})
        assert store.tables()[0].first_time is None


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()
    with open_store(f"sqlite:///{tmp_path}/a.db", create=False) as store:
        assert store.tables() == []
        with store.query("SELECT * FROM notes") as result:
            assert (result.columns, list(result)) == (("text",), [])


@pytest.mark.parametrize("value", [None, False, True])
def test_none_and_bool_are_found_among_the_adapters_at_once(value: bool | None) -> None:
    adapt = sqlite3.adapters[type(value), sqlite3.PrepareProtocol]
    assert adapt(value) == value
