import signal
import sqlite3
import threading
from itertools import product
from pathlib import Path

import pytest
from tests.store.conftest import EVENTS, Server, event_row

from pxcap.core.errors import StoreError, UsageError
from pxcap.store import Store, open_store


@pytest.fixture
def filled(store: Store) -> Store:
    with store.writer() as writer:
        writer.write("http_events", [event_row(number, f"/{number}") for number in range(250)])
    return store


def test_rows_come_as_they_are_taken(filled: Store) -> None:
    result = filled.query("SELECT req_path, encrypted FROM http_events ORDER BY time_;  -- all")
    assert result.columns == ("req_path", "encrypted")
    assert next(result.rows) == ("/0", False)
    assert len(list(result)) == 249
    result.close()
    result.close()


def test_a_limit(filled: Store) -> None:
    with filled.query("SELECT req_path FROM http_events ORDER BY time_", limit=2) as result:
        assert list(result) == [("/0",), ("/1",)]
    with filled.query("SELECT req_path FROM http_events", limit=0) as result:
        assert list(result) == []


def test_all_rows_at_once(filled: Store) -> None:
    sql = "SELECT req_path, encrypted FROM http_events ORDER BY time_;  -- all"
    with filled.query(sql, whole=True) as result:
        assert result.columns == ("req_path", "encrypted")
        assert list(result) == [(f"/{n}", False) for n in range(250)]
    with filled.query("SELECT req_path AS path FROM http_events WHERE latency < 0", whole=True) as result:
        assert result.columns == ("path",)
        assert list(result) == []
    with filled.query("SELECT a.time_ FROM http_events a, http_events b, http_events c", whole=True) as result:
        assert len(next(result.rows)) == 1
    with filled.query("SELECT :x || '%'", {"x": "a"}, whole=True) as result:
        assert list(result) == [("a%",)]


def test_parameters(filled: Store) -> None:
    sql = "SELECT req_path, ':path', '100%' FROM http_events WHERE req_path = :path OR (:path = :other AND latency < :most)"
    with filled.query(sql, {"path": "/7", "other": "x", "most": 1}) as result:
        assert list(result) == [("/7", ":path", "100%")]
    with filled.query("SELECT req_path FROM http_events WHERE req_path = :x", {"x": "' OR 1=1 --"}) as result:
        assert list(result) == []
    with pytest.raises(UsageError):
        filled.query("SELECT req_path FROM http_events WHERE req_path = :missing", {"x": 1})
    with pytest.raises(UsageError):
        filled.query("SELECT :x", {"x": object()})


def test_values_are_alike_in_both_databases(filled: Store) -> None:
    sql = (
        "SELECT sum(latency), avg(latency), min(req_headers), max(encrypted), 1.5, NULL FROM"
        " (SELECT latency, CAST(req_headers AS TEXT) AS req_headers, CAST(encrypted AS INTEGER) AS encrypted"
        "  FROM http_events) AS inner_one"
    )
    with filled.query(sql) as result:
        assert list(result) == [(281125, 1124.5, '{"a":1}', 0, 1.5, None)]


WRITES = (
    "INSERT INTO http_events (note) VALUES ('x')",
    "UPDATE http_events SET note = 'x'",
    "DELETE FROM http_events",
    "  /* a */ -- b\n DROP TABLE http_events",
    "DROP VIEW \"http_events.beta\"",
    "CREATE TABLE t (a INTEGER)",
    "CREATE TEMPORARY TABLE t (a INTEGER)",
    "CREATE INDEX i ON http_events (time_)",
    "ALTER TABLE http_events ADD COLUMN x TEXT",
    "WITH x AS (SELECT 1) DELETE FROM http_events",
    "EXPLAIN ANALYZE DELETE FROM http_events",
    "VACUUM",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT s",
)  # fmt: skip
SQLITE_WRITES = (
    "ATTACH 'other.db' AS other",
    "DETACH main",
    "VACUUM INTO 'other.db'",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA wal_checkpoint",
    "SELECT load_extension('x')",
    "REPLACE INTO http_events (note) VALUES ('x')",
    "EXPLAIN QUERY PLAN DELETE FROM http_events",
)
POSTGRES_WRITES = (
    "SET transaction_read_only = off",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "RESET ALL",
    "COPY http_events TO PROGRAM 'cat'",
    "COPY http_events FROM '/etc/hostname'",
    "DO $$BEGIN DELETE FROM http_events; END$$",
    "CALL p()",
    "TRUNCATE http_events",
    "NOTIFY channel",
    "LOCK TABLE http_events",
    "WITH gone AS (DELETE FROM http_events RETURNING 1) SELECT * FROM gone",
    "SELECT * INTO t FROM http_events",
    "SELECT * FROM http_events FOR UPDATE",
    "SELECT pg_terminate_backend(pg_backend_pid())",
    "SELECT pg_catalog . \"pg_terminate_backend\" /* x */ (1)",
    "SELECT U&\"pg_\\0072eload_conf\"()",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT E'a'\n'\\'' || pg_notify('a', 'b')::text || '1'",
    "SELECT 1 --\r, pg_notify('a', 'b')",
    "SELECT query_to_xml('DELETE FROM http_events', true, true, '')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT nextval('s')",
    "EXPLAIN ANALYZE SELECT pg_reload_conf()",
)  # fmt: skip


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_can_be_written(filled: Store, sql: str) -> None:
    for whole in (False, True):
        with pytest.raises(UsageError):
            list(filled.query(sql, whole=whole))
    with filled.query("SELECT count(*), max(note) FROM http_events") as result:
        assert list(result) == [(250, "")]


@pytest.mark.parametrize("sql", WRITES[:10])
def test_an_attempt_to_write_is_named(store: Store, sql: str) -> None:
    with pytest.raises(UsageError, match=r"this is read-only SQL: \w+ is not allowed") as caught:
        store.query(sql)
    assert caught.value.hint


@pytest.mark.parametrize("sql", SQLITE_WRITES)
def test_nothing_else_can_be_done_in_sqlite(tmp_path: Path, sql: str) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        with pytest.raises(UsageError, match="read-only SQL"):
            list(store.query(sql))
        assert not (tmp_path / "other.db").exists()
        assert list(store.query("PRAGMA journal_mode")) == [("wal",)]


def test_nothing_else_can_be_done_in_postgres(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        for sql, whole in product((*POSTGRES_WRITES, "SELECT 1) x, (SELECT nextval('s')"), (False, True)):
            with pytest.raises(UsageError):
                list(store.query(sql, whole=whole))
        assert list(store.query("SHOW transaction_read_only")) == [("on",)]
        assert list(store.query("TABLE http_events")) == []
        assert list(store.query("(SELECT random() < 2)")) == [(True,)]


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELECT 1;;SELECT 2", "SELECT 1; DROP TABLE http_events"])
def test_one_statement_only(store: Store, sql: str) -> None:
    with pytest.raises(UsageError, match="only one statement at a time"):
        store.query(sql)


@pytest.mark.parametrize("sql", ["", "  ", "-- nothing", "/* nothing", ";"])
def test_no_statement(store: Store, sql: str) -> None:
    with pytest.raises(UsageError, match="no SQL statement given"):
        store.query(sql)


MISTAKES = {
    "table": ("SELECT * FROM http_event", "no such table: http_event", "did you mean http_events"),
    "far table": ("SELECT * FROM xyz", "no such table: xyz", "pxcap tables lists"),
    "alias unquoted": ("SELECT * FROM http_events.beta", "no such table: http_events.beta", 'write "http_events.beta"'),
    "column": ("SELECT resp_statu FROM http_events", "no such column: resp_statu", "did you mean resp_status"),
    "far column": ("SELECT xyz FROM http_events", "no such column: xyz", "pxcap schema http_events lists them"),
    "column of a table": ("SELECT e.resp_statu FROM http_events e", "no such column: e.resp_statu", "resp_status"),
    "column of no table": ("SELECT xyz", "no such column: xyz", "pxcap schema TABLE"),
    "syntax": ("SELECT *\nFORM http_events", "syntax error (line 2, column 1)", ""),
    "end": ("SELECT count(", "(line 1, column 14)", ""),
    "function": ("SELECT nosuch(1)", "nosuch", ""),
}


@pytest.mark.parametrize(("sql", "words", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_one_line_with_what_to_do(store: Store, sql: str, words: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        store.query(sql)
    with pytest.raises(UsageError):
        store.query(sql, whole=True)
    message = str(caught.value).replace(' at or near "FORM"', "").replace('near "FORM": ', "")
    assert words in message
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value) + caught.value.hint


def test_a_mistake_found_while_rows_are_taken(store: Store) -> None:
    with store.writer() as writer:
        writer.write("http_events", [event_row(1, "5"), event_row(2, "x")])
    negative = "abs(-9223372036854775807 - latency)"  # SQLite: overflows only for the row it meets
    with pytest.raises(UsageError):
        list(store.query(f"SELECT CASE WHEN req_path = 'x' THEN {negative} * {negative} / 0 END FROM http_events"
                         if store.url.startswith("postgresql")
                         else "SELECT json_extract(req_path, '$.a') FROM http_events"))  # fmt: skip


ENDLESS = "WITH RECURSIVE x(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM x WHERE a < 2000000000) SELECT count(*) FROM x"


def test_a_time_limit(store: Store) -> None:
    with pytest.raises(UsageError, match="took longer than allowed"):
        list(store.query(ENDLESS, timeout=0.1))
    with pytest.raises(UsageError, match="took longer than allowed"):
        list(store.query(ENDLESS, timeout=0.1, whole=True))
    with store.query("SELECT 1", timeout=60) as result:
        assert list(result) == [(1,)]


def test_an_interrupt_ends_a_long_statement(store: Store) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            list(store.query(ENDLESS))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_reader_does_not_wait_for_a_writer(filled: Store, tmp_path: Path) -> None:
    if filled.url.startswith("sqlite"):
        holder = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    with filled.query("SELECT time_ FROM http_events") as result:
        next(result.rows)
        if filled.url.startswith("sqlite"):
            holder.rollback()
            holder.close()
        with filled.writer() as writer:
            writer.write("http_events", [event_row(300)])
        assert len(list(result)) == 249


def test_a_result_may_be_read_in_another_thread(filled: Store) -> None:
    result = filled.query("SELECT time_ FROM http_events")
    taken: list[object] = []
    thread = threading.Thread(target=lambda: taken.extend(result.rows))
    thread.start()
    thread.join()
    assert len(taken) == 250


def test_a_server_that_goes_away_while_rows_are_taken(server: Server, postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        result = store.query("SELECT generate_series(1, 100000)")
        next(result.rows)
        server.stop()
        with pytest.raises(StoreError):
            list(result.rows)
        with pytest.raises(StoreError):
            store.tables()
        server.start()


def test_a_damaged_file(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        with store.writer() as writer:
            writer.write("http_events", [event_row(number, "x" * 500) for number in range(2000)])
        content = bytearray((tmp_path / "a.db").read_bytes())
        content[100_000:400_000] = b"\xff" * 300_000
        (tmp_path / "a.db").write_bytes(content)
        with pytest.raises(StoreError, match="damaged"):
            list(store.query("SELECT * FROM http_events"))
