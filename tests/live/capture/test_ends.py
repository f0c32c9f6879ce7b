"""Both ends of connections between processes of this machine: who they were, when, and how many bytes they moved."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from bench.databases import PASSWORD, PostgreSQL
from bench.servers import free_port, path_of
from tests.live.capture.conftest import Client, Redis
from tests.live.conftest import need
from tests.live.watch import CLIENT, SERVER, capturing

NETNS = os.stat("/proc/self/ns/net").st_ino


def test_records_processes_connections_and_totals(tmp_path: Path, redis: Redis, source: str) -> None:
    with capturing(source, tmp_path, "--port", str(redis.port)) as live:
        begun = time.time_ns()
        one, two = Client(redis.port), Client(redis.port)
        asked = [
            (client.port, words, client.ask(*words))
            for client, words in (
                (one, ("SET", "colour", "blue")),
                (two, ("GET", "colour")),
                (one, ("LPUSH", "colour", "x")),
                (two, ("SET", "long", "x" * 50_000)),
                (two, ("GET", "long")),
            )
        ]
        one.close()
        while str(one.port).encode() in (listed := two.ask("CLIENT", "LIST")):
            asked.append((two.port, ("CLIENT", "LIST"), listed))
        asked.append((two.port, ("CLIENT", "LIST"), listed))
        ended = time.time_ns()
    two.close()
    assert live.flaws("redis_events") == (0, 0)
    roles = (CLIENT, SERVER) if source == "bpf" else (SERVER,)
    pids = {CLIENT: os.getpid(), SERVER: redis.pid}
    processes = {row["upid"]: row for row in live.all("processes")}
    for role in roles:
        found = [row for row in live.all("redis_events") if row["trace_role"] == role]
        us, them = ("remote_port", "local_port") if role == SERVER else ("local_port", "remote_port")
        assert [(row[us], row["req_cmd"], json.loads(str(row["req_args"]))) for row in found] == [
            (port, words[0], list(words[1:])) for port, words, _ in asked
        ]
        for row, (_, _, reply) in zip(found, asked, strict=True):
            assert str(row["resp"]).encode() in reply
            assert row["resp_error"] == reply.startswith(b"-")
            assert (row[them], row["remote_addr"], row["local_addr"]) == (redis.port, "127.0.0.1", "127.0.0.1")
            assert (row["note"], row["encrypted"]) == ("", False)
            assert begun <= row["time_"] < row["time_"] + row["latency"] <= ended  # type: ignore[operator]
            if source == "bpf":
                assert processes[row["upid"]]["pid"] == pids[role]

    kept = {(row["trace_role"], row["local_port"], row["remote_port"]): row for row in live.all("connections")}
    for role in roles:
        for client, closed in ((one, True), (two, False)):
            ports = (redis.port, client.port) if role == SERVER else (client.port, redis.port)
            row = kept.pop((role, *ports))
            moved = (client.received, client.sent) if role == SERVER else (client.sent, client.received)
            assert (row["bytes_sent"], row["bytes_recv"], row["bytes_lost"], row["retransmits"]) == (*moved, 0, 0)
            assert (row["transport"], row["protocol"], row["encrypted"], row["opened"]) == ("tcp", "redis", False, True)
            assert row["records"] == sum(port == client.port for port, _, _ in asked)
            assert begun <= row["time_"] <= ended  # type: ignore[operator]
            assert (row["closed_time"] is not None) == closed
            if source == "bpf":
                assert row["netns"] == NETNS
                assert row["rtt"] > 0  # type: ignore[operator]
    assert kept == {}

    totals = {row["trace_role"]: row for row in live.all("conn_stats")}
    assert set(totals) == set(roles)
    for role, row in totals.items():
        moved = (one.sent + two.sent, one.received + two.received)
        assert (row["bytes_sent"], row["bytes_recv"]) == (moved if role == CLIENT else moved[::-1])
        assert (row["conn_open"], row["conn_close"], row["conn_active"]) == (2, 1, 1)
        assert (row["records"], row["bytes_lost"], row["parse_errors"]) == (len(asked), 0, 0)

    if source == "bpf":
        (server,) = (row for row in processes.values() if row["pid"] == redis.pid)
        assert (server["comm"], server["ppid"], server["uid"]) == ("redis-server", os.getpid(), os.geteuid())
        assert f":{redis.port}" in str(server["cmdline"])
        (client_,) = (row for row in processes.values() if row["pid"] == os.getpid())
        assert (client_["ppid"], client_["exe"]) == (os.getppid(), os.readlink("/proc/self/exe"))
        assert len(processes) == 2
    else:
        assert processes == {}


def test_every_backend_is_a_process_of_its_own(tmp_path: Path) -> None:
    need("postgres", "initdb")
    with PostgreSQL() as server, capturing("bpf", tmp_path, "--port", str(server.port)) as live:
        pids = []
        for _ in range(3):
            with psycopg.connect(server.url() + "?sslmode=disable&gssencmode=disable") as connection:
                assert connection.execute("SELECT pg_backend_pid()").fetchone() == (connection.info.backend_pid,)
                pids.append(connection.info.backend_pid)
    found = [row for row in live.records("pgsql_events") if row["req"] == "SELECT pg_backend_pid()"]
    processes = {row["upid"]: row for row in live.all("processes")}
    backends = [processes[row["upid"]] for row in found]
    assert [row["pid"] for row in backends] == pids
    assert {row["comm"] for row in backends} == {"postgres"}
    assert len({row["upid"] for row in backends}) == 3
    assert PASSWORD not in repr(live.all("pgsql_events"))


@pytest.mark.parametrize("role", [CLIENT, SERVER])
def test_only_some_processes(tmp_path: Path, redis: Redis, role: int) -> None:
    chosen = ("--command", "redis-cli") if role == CLIENT else ("--pid", str(redis.pid))
    with capturing("bpf", tmp_path, *chosen) as live:
        pids = []
        for number in range(5):
            command = [path_of("redis-cli"), "-p", str(redis.port), "SET", "n", str(number)]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as client:
                pids.append(client.pid if role == CLIENT else redis.pid)
    found = [row for row in live.all("redis_events") if redis.port in (row["remote_port"], row["local_port"])]
    assert [(row["trace_role"], json.loads(str(row["req_args"]))) for row in found] == [
        (role, ["n", str(number)]) for number in range(5)
    ]
    processes = {row["upid"]: row for row in live.all("processes")}
    assert [processes[row["upid"]]["pid"] for row in found] == pids


def test_a_connection_that_is_refused(tmp_path: Path, source: str) -> None:
    """To packets, one that was opened and closed at once; to sockets, none."""
    begun, port = time.time_ns(), free_port()
    with (
        capturing(source, tmp_path, "--port", str(port)) as live,
        socket.socket() as client,
        pytest.raises(ConnectionRefusedError),
    ):
        client.connect(("127.0.0.1", port))
    ended = time.time_ns()
    found = live.all("connections")
    assert len(found) == (source == "packet")
    for row in found:
        assert begun < row["time_"] <= row["closed_time"] < ended  # type: ignore[operator]
        assert (row["local_port"], row["protocol"], row["bytes_sent"], row["bytes_recv"]) == (port, "", 0, 0)
    assert [(row["conn_open"], row["conn_close"], row["conn_active"]) for row in live.all("conn_stats")] == (
        [(1, 1, 0)] if source == "packet" else []
    )
