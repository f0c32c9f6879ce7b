import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from bench.databases import PASSWORD
from tests.store.conftest import EVENTS, Server, event_row

from pxcap.core.errors import PxcapError, StoreError, UsageError
from pxcap.store import ColumnInfo, Store, TableInfo, open_store

SECRET = "hunter2"
BAD_URLS = {
    "no url": ("records.db", UsageError, "not a database URL"),
    "other database": (f"mysql://u:{SECRET}@h/d", UsageError, "pxcap knows no mysql databases"),
    "other driver": (f"postgresql+psycopg2://u:{SECRET}@h/d", UsageError, "pxcap knows no postgresql+psycopg2"),
    "bad port": (f"postgresql://u:{SECRET}@h:port/d", UsageError, "not a database URL"),
    "bad host": (f"postgresql://u:{SECRET}@[::1/d", UsageError, "not a database URL"),
    "at sign in password": (f"oracle://u:{SECRET}@{SECRET}@h/d", UsageError, "pxcap knows no oracle"),
    "password as option": (f"foo://h/d?password={SECRET}", UsageError, "pxcap knows no foo"),
    "memory": ("sqlite://", UsageError, "names no file"),
    "memory by name": ("sqlite:///:memory:", UsageError, "names no file"),
    "folder": ("sqlite:///{}", StoreError, "is a folder"),
    "no folder": ("sqlite:///{}/none/x.db", StoreError, "none does not exist"),
    "text file": ("sqlite:///{}/text", StoreError, "not an SQLite database"),
    "refused": (f"postgresql://u:{SECRET}@127.0.0.1:1/d", StoreError, "Connection refused"),
    "no host": (f"postgresql://u:{SECRET}@nohost.invalid/d", StoreError, "failed to resolve host 'nohost.invalid'"),
    "unknown option": (f"postgresql://u:{SECRET}@127.0.0.1:1/d?colour={SECRET}", StoreError, "colour"),
}


@pytest.mark.parametrize(("url", "kind", "words"), BAD_URLS.values(), ids=BAD_URLS.keys())
def test_bad_urls_are_one_line_without_the_password(
    url: str, kind: type[PxcapError], words: str, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("not a database, " * 100)
    with pytest.raises(kind) as caught:
        open_store(url.format(tmp_path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value) + caught.value.hint


def test_missing_store_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*none\.db") as caught:
        open_store(f"sqlite:///{tmp_path}/none.db", create=False)
    assert caught.value.hint.startswith("run pxcap replay FILE first")
    open_store(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["x.db", "/a/x.db", "../a b/c:d@e.db", "x#y.db", "", ":memory:", "file:x"])
def test_plain_urls_are_understood_as_sqlalchemy_does(path: str) -> None:
    import sqlalchemy as sa

    assert sa.make_url(f"sqlite:///{path}").database == path


def test_reading_a_file_does_without_sqlalchemy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    with open_store(url) as store:
        store.prepare([EVENTS])
    program = (
        f"import sys; from pxcap.store import open_store; store = open_store({url!r}, create=False); store.tables();"
        " list(store.query('SELECT * FROM http_events')); print('sqlalchemy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"


def test_missing_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pxcap.store.postgres", None)
    with pytest.raises(UsageError) as caught:
        open_store("postgresql://h/d")
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize("name", ["with space.db", "per%20cent.db", "quest?ion#hash.db"])
def test_file_names_with_odd_characters(tmp_path: Path, name: str) -> None:
    import sqlalchemy as sa

    url = sa.URL.create("sqlite", database=str(tmp_path / name)).render_as_string()
    with open_store(url) as store:
        store.prepare([EVENTS])
        assert [table.rows for table in store.tables()] == [0]
    assert name in os.listdir(tmp_path)


def test_wrong_password_and_missing_database(server: Server) -> None:
    for url, words in (
        (server.url(password="wrong-one"), "refuses this user or password"),
        (server.url(user="nobody", password="wrong-one"), "refuses this user or password"),
        (server.url("nowhere"), "no such database"),
    ):
        with pytest.raises(StoreError, match=words) as caught:
            open_store(url)
        assert "wrong-one" not in str(caught.value)
        assert PASSWORD not in str(caught.value)


def test_every_way_to_say_postgres(postgres_url: str) -> None:
    for scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        with open_store(postgres_url.replace("postgresql", scheme, 1)) as store:
            assert PASSWORD not in store.url
            assert store.url.startswith("postgresql://pxcap:***@")


def test_an_empty_store_has_no_tables(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite"):
        sqlite3.connect(tmp_path / "records.db").close()
        (tmp_path / "records.db").touch()
    with open_store(url, create=False) as store:
        assert store.tables() == []
        with pytest.raises(UsageError, match="no such table: http_events"):
            store.schema("http_events")


def test_tables_and_schema(store: Store) -> None:
    assert store.tables() == [TableInfo("http_events", 0, None, None, EVENTS.meaning)]
    with store.writer() as writer:
        writer.write("http_events", [event_row(number) for number in (3, 1, 2)])
    first = event_row(1)[0]
    assert store.tables() == [TableInfo("http_events", 3, first, first + 2, EVENTS.meaning)]
    columns = store.schema("http_events")
    assert [column.name for column in columns] == [column.name for column in EVENTS.columns]
    assert columns[11] == ColumnInfo("resp_body_size", "INT64", "bytes", "Size of the body.")
    assert store.schema("http_events.beta") == columns
    with pytest.raises(UsageError, match=r"no such table: http_event$") as caught:
        store.schema("http_event")
    assert "did you mean http_events" in caught.value.hint


def test_what_was_written_is_read(store: Store) -> None:
    rows = [event_row(1, "/ü\U0001f600\\n\t\n"), event_row(2, "", None, '{"b":"x\\ty","a":[1,2]}')]
    rows.append((*event_row(3)[:-2], None, None))
    rows.append((-(2**63), *event_row(4)[1:11], 2**63 - 1, *event_row(4)[12:]))
    with store.writer() as writer:
        writer.write("http_events", rows)
    with store.query("SELECT * FROM http_events ORDER BY latency") as result:
        assert result.columns == tuple(column.name for column in EVENTS.columns)
        assert sorted(result, key=str) == sorted(rows, key=str)
    with store.query('SELECT count(*) FROM "http_events.beta" WHERE encrypted = false') as result:
        assert list(result) == [(4,)]
