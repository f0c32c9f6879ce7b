"""Runs the real cassandra-driver and prints, as JSON lines, what it asked and what came back; a process of its own, as the
driver leaves threads and warnings behind.

    python tests/live/cql_client.py PORT VERSION COMPRESSION(0 or 1) [USER:PASSWORD]
"""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster, NoHostAvailable
from cassandra.policies import RoundRobinPolicy
from cassandra.query import BatchStatement, BatchType, SimpleStatement

INSERT = "INSERT INTO ks.items (id, name, at) VALUES (?, ?, ?) /* types: int text timestamp */"
SELECT = "SELECT * FROM ks.rows_60 WHERE id = ? /* types: int */"


def say(cmd: str, cql: str, **more: Any) -> None:
    print(json.dumps({"cmd": cmd, "cql": cql, **more}))


def ask(session: Any, statement: Any, cql: str, params: Any = None, cmd: str = "QUERY", **more: Any) -> None:
    """Execute, read all pages, and say what came of it."""
    try:
        future = session.execute_async(statement, params, **more)
        result, pages, rows = future.result(), 1, []
        rows += result.current_rows
        while result.has_more_pages:
            result.fetch_next_page()
            pages += 1
            rows += result.current_rows
        first = [str(cell) for cell in rows[0]] if rows else None
        say(cmd, cql, params=params, rows=len(rows), pages=pages, first=first, warnings=future.warnings)
    except Exception as error:  # noqa: BLE001 - every kind is part of the exchange
        say(cmd, cql, params=params, error=type(error).__name__)


def main(port: int, version: int, compression: bool, password: str) -> None:
    auth = PlainTextAuthProvider(*password.split(":")) if password else None
    cluster = Cluster(
        ["127.0.0.1"],
        port,
        protocol_version=version,
        compression=compression,
        auth_provider=auth,
        load_balancing_policy=RoundRobinPolicy(),
        schema_event_refresh_window=-1,  # else it asks again at a random moment, perhaps while it is shut down
        schema_metadata_enabled=False,
    )
    try:
        session = cluster.connect()
    except NoHostAvailable as error:
        say("connect", "", error=str(error)[:200])
        return
    for cql in ("SELECT * FROM ks.rows_3", "SELECT * FROM ks.rows_0", "SELECT * FROM ks.rows_4000", "DELETE FROM ks.t"):
        ask(session, SimpleStatement(cql), cql)
    for cql in ("SELECT * FROM ks.rows_3_fail", "SELECT * FROM ks.rows_3_unavailable", "SELECT warned FROM ks.rows_1"):
        ask(session, SimpleStatement(cql), cql)
    paged = "SELECT paged FROM ks.rows_95"
    ask(session, SimpleStatement(paged, fetch_size=20, consistency_level=ConsistencyLevel.QUORUM), paged)
    ask(session, SimpleStatement("SELECT traced FROM ks.rows_2"), "SELECT traced FROM ks.rows_2", trace=True)
    select, insert = session.prepare(SELECT), session.prepare(INSERT)
    for number in range(5):
        ask(session, select, SELECT, [number], "EXECUTE")
    when = datetime.fromtimestamp(1_700_000_000, UTC).replace(tzinfo=None)
    session.execute(insert, [7, "ü漢字", when])
    say("EXECUTE", INSERT, params=[7, "ü漢字", "2023-11-14T22:13:20.000Z"], rows=0, pages=1)
    session.execute(insert, [8, None, when])
    say("EXECUTE", INSERT, params=[8, None, "2023-11-14T22:13:20.000Z"], rows=0, pages=1)
    futures = [session.execute_async(select, [number]) for number in range(100, 400)]
    for number, future in enumerate(futures, 100):
        say("EXECUTE", SELECT, params=[number], rows=len(future.result().current_rows), pages=1)
    batch = BatchStatement(BatchType.UNLOGGED)
    batch.add(insert, [9, "nine", when])
    batch.add(SimpleStatement("DELETE FROM ks.items WHERE id = 9"))
    session.execute(batch)
    say("BATCH", "", kind="UNLOGGED", statements=2)
    ask(session, "CREATE TABLE ks.made (id int PRIMARY KEY)", "CREATE TABLE ks.made (id int PRIMARY KEY)")
    time.sleep(0.3)  # for the event, and what the driver asks after it
    cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1", "".join(sys.argv[4:5]))
