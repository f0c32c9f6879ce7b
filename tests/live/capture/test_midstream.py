"""Connections that are older than the capture: what is asked from then on is a record, and says when it may be doubted."""

from pathlib import Path

import psycopg
from bench.databases import PostgreSQL
from tests.live.capture.conftest import Client, Redis
from tests.live.conftest import need
from tests.live.watch import SERVER, capturing

PREPARED, LATER = b"SELECT %s::int4 + 1", b"SELECT %s::int4 + 2"


def test_redis(tmp_path: Path, redis: Redis, source: str) -> None:
    client = Client(redis.port)
    client.ask("SET", "before", "1")
    sent, received = client.sent, client.received
    with capturing(source, tmp_path, "--port", str(redis.port)) as live:
        for number in range(20):
            client.ask("SET", "n", str(number))
            client.ask("GET", "n")
    client.close()
    found = live.records("redis_events")
    assert [(row["req_cmd"], row["req_args"], row["resp"]) for row in found] == [
        told for number in range(20) for told in (("SET", f'["n","{number}"]', "OK"), ("GET", '["n"]', str(number)))
    ]
    assert {row["note"] for row in found} == {""}
    assert live.flaws("redis_events") == (0, 0)
    for row in live.all("connections"):
        ends = (client.sent - sent, client.received - received)
        assert (row["bytes_sent"], row["bytes_recv"]) == (ends[::-1] if row["trace_role"] == SERVER else ends)
        assert (row["opened"], row["closed_time"], row["records"]) == (False, None, 40)


def test_postgresql(tmp_path: Path, source: str) -> None:
    need("postgres", "initdb")
    with (
        PostgreSQL() as server,
        psycopg.connect(server.url() + "?sslmode=disable&gssencmode=disable", autocommit=True) as connection,
    ):
        connection.execute(PREPARED, (1,), prepare=True)
        with capturing(source, tmp_path, "--port", str(server.port)) as live:
            for number in range(3):
                assert connection.execute(PREPARED, (number,), prepare=True).fetchone() == (number + 1,)
            connection.execute("SELECT 7")
            for number in range(3):
                assert connection.execute(LATER, (number,), prepare=True).fetchone() == (number + 2,)
    found = [row for row in live.records("pgsql_events") if row["req_cmd"] in ("Query", "Execute")]
    assert [(row["req"], row["req_params"], row["resp_tag"], row["note"]) for row in found] == [
        *(('statement "_pg3_0"', f'["\\\\x000{number}"]', "SELECT 1", "midstream") for number in range(3)),
        ("SELECT 7", None, "SELECT 1", ""),
        *(("SELECT $1::int4 + 2", f"[{number}]", "SELECT 1", "") for number in range(3)),
    ]
    assert live.flaws("pgsql_events") == (0, 0)
    assert {(row["opened"], row["protocol"]) for row in live.all("connections")} == {(False, "pgsql")}
