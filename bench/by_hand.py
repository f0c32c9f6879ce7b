"""The outputs of px/service_stats as a person would write them in SQL: `python -m bench.by_hand URL FILE`.

Names come from the tables themselves: of a process its program, of an address the program of the process that is at it.
"""

import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

Answers = Mapping[str, Mapping[str, Sequence[Any]]]
"""Columns by name, by output."""

_WINDOW = 10_000_000_000
_BIN = 50_000_000
_KEPT = "e.req_path <> '/healthz' AND e.req_path <> '/readyz'"
_EVENTS = f"http_events e JOIN processes p ON p.upid = e.upid WHERE {_KEPT}"
_RATES = f"""
    sum(CASE WHEN resp_status >= 400 THEN 1 ELSE 0 END) / {_WINDOW}.0 AS error_rate,
    count(*) / {_WINDOW}.0 AS request_throughput,
    coalesce(sum(resp_body_size), 0) / {_WINDOW}.0 AS bytes_throughput
"""
_STATUSES = f"""
    SELECT resp_status, count(*) AS count FROM {_EVENTS} AND resp_status IS NOT NULL GROUP BY resp_status
"""
_LATENCIES = f"""
    SELECT latency - latency % {_BIN} AS request_latency, count(*) AS count FROM {_EVENTS} AND latency IS NOT NULL
    GROUP BY 1
"""
_EDGES = f"""
    WITH address AS (
        SELECT c.local_addr, min(p.comm) AS comm FROM conn_stats c JOIN processes p ON p.upid = c.upid GROUP BY c.local_addr
    ), edge AS (
        SELECT coalesce(a.comm, e.remote_addr) AS requestor, p.comm AS responder, e.time_ / {_WINDOW} AS timestamp, {_RATES}
        FROM http_events e JOIN processes p ON p.upid = e.upid LEFT JOIN address a ON a.local_addr = e.remote_addr
        WHERE {_KEPT}
        GROUP BY 1, 2, 3
    )
    SELECT requestor, responder, avg(request_throughput) AS request_throughput,
        avg(bytes_throughput) AS bytes_throughput, avg(error_rate) AS error_rate
    FROM edge
    GROUP BY requestor, responder
"""
_POSTGRES_LET = f"""
    SELECT e.time_ - e.time_ % {_WINDOW} AS time_, p.comm AS k8s,
        floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY latency)) AS latency_p50,
        floor(percentile_cont(0.9) WITHIN GROUP (ORDER BY latency)) AS latency_p90,
        floor(percentile_cont(0.99) WITHIN GROUP (ORDER BY latency)) AS latency_p99, {_RATES}
    FROM {_EVENTS}
    GROUP BY 1, 2
"""


def _sqlite_quantile(at: float) -> str:
    place = f"({at} * (known - 1))"
    low = f"max(CASE WHEN place = CAST({place} AS INTEGER) THEN latency END)"
    high = f"max(CASE WHEN place = min(CAST({place} AS INTEGER) + 1, known - 1) THEN latency END)"
    share = f"max({place} - CAST({place} AS INTEGER))"
    return f"CAST({low} + {share} * ({high} - {low}) AS INTEGER)"


_SQLITE_LET = f"""
    WITH event AS (
        SELECT e.time_ - e.time_ % {_WINDOW} AS time_, p.comm AS k8s, latency, resp_status, resp_body_size FROM {_EVENTS}
    ), ranked AS (
        SELECT *, count(latency) OVER (PARTITION BY k8s, time_) AS known,
            row_number() OVER (PARTITION BY k8s, time_ ORDER BY latency IS NULL, latency) - 1 AS place
        FROM event
    )
    SELECT time_, k8s, {_sqlite_quantile(0.5)} AS latency_p50, {_sqlite_quantile(0.9)} AS latency_p90,
        {_sqlite_quantile(0.99)} AS latency_p99, {_RATES}
    FROM ranked
    GROUP BY time_, k8s
"""


def statements(url: str) -> dict[str, str]:
    """The SQL of each output in the words of that database."""
    return {
        "LET": _SQLITE_LET if url.startswith("sqlite") else _POSTGRES_LET,
        "Status Code Distribution": _STATUSES,
        "Request Latency Histogram": _LATENCIES,
        "Incoming Traffic": _EDGES,
        "Outgoing Traffic": _EDGES,
        "Service Graph": _EDGES,
    }


def answers(url: str, only: Sequence[str] = ()) -> Answers:
    """Ask for all outputs, or those named, one after the other on one connection."""
    texts = {name: text for name, text in statements(url).items() if name in only or not only}
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return {name: _columns(connection.execute(text)) for name, text in texts.items()}
    import psycopg

    with psycopg.connect(url) as server, server.cursor() as cursor:
        return {name: _columns(cursor.execute(text.encode())) for name, text in texts.items()}


def _columns(cursor: Any) -> dict[str, list[Any]]:
    rows = cursor.fetchall()
    return {item[0]: [row[at] for row in rows] for at, item in enumerate(cursor.description)}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(answers(sys.argv[1], sys.argv[3:]), default=float))
