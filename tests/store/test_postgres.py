from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from tests.store.conftest import EVENTS, Server, event_row

from pxcap.core.errors import StoreError
from pxcap.store import open_store
from pxcap.store.dialect import Fate
from pxcap.store.postgres import Postgres

POSTGRES = Postgres(sa.make_url("postgresql+psycopg://u:p@h/d"))


def test_sql_types(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        sql = (
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'http_events'"
            " AND column_name IN ('time_', 'encrypted', 'req_headers', 'resp_status', 'note') ORDER BY ordinal_position"
        )
        with store.query(sql) as result:
            assert dict(result.rows) == {
                "time_": "bigint",
                "encrypted": "boolean",
                "req_headers": "json",
                "resp_status": "integer",
                "note": "text",
            }


def test_json_can_be_asked(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with store.writer() as writer:
            writer.write("http_events", [event_row(1, headers='{"z":1,"a":[true,null]}')])
        with store.query("SELECT req_headers, req_headers->'a', req_headers->>'z' FROM http_events") as result:
            assert list(result) == [('{"z":1,"a":[true,null]}', "[true,null]", "1")]


def test_a_user_without_the_right_to_create(server: Server, postgres_url: str) -> None:
    server.execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'r'")
    with (
        open_store(server.url(user="reader", password="r")) as store,
        pytest.raises(StoreError, match="no permission") as caught,
    ):
        store.prepare([EVENTS])
    assert "GRANT" in caught.value.hint


def test_a_schema_in_the_url(server: Server, postgres_url: str) -> None:
    server.execute("DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other")
    with open_store(f"{postgres_url}?options=-csearch_path%3Dother") as store:
        store.prepare([EVENTS])
        with store.writer() as writer:
            writer.write("http_events", [event_row(1)])
        assert store.tables()[0].rows == 1
    with open_store(postgres_url) as store:
        assert store.tables() == []


def test_a_socket_in_the_url(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"store postgresql:///d: .*No such file"):
        open_store(f"postgresql:///d?host={tmp_path}")


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (psycopg.errors.AdminShutdown(), Fate.RETRY),
        (psycopg.errors.DiskFull(), Fate.RETRY),
        (psycopg.errors.DeadlockDetected(), Fate.RETRY),
        (
            psycopg.OperationalError("connection failed: x failed: FATAL:  the database system is starting up"),
            Fate.RETRY,
        ),
        (psycopg.errors.UndefinedTable("relation"), Fate.FATAL),
        (psycopg.OperationalError('x failed: FATAL:  password authentication failed for user "u"'), Fate.FATAL),
        (psycopg.errors.NumericValueOutOfRange("too large"), Fate.ROWS),
        (psycopg.DataError("NUL"), Fate.ROWS),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "no"), Fate.ROWS),
        (RuntimeError("other"), Fate.FATAL),
    ],
)
def test_the_fate_of_errors(error: Exception, fate: Fate) -> None:
    assert POSTGRES.fault(error).fate is fate
