"""Many connections at once in Python and Node, both ends in one process: each record is where it belongs."""

import sys
from contextlib import ExitStack
from pathlib import Path

from bench.servers import find, free_port
from tests.live.conftest import need
from tests.live.tls.conftest import Certificate, Read
from tests.live.tls.talkers import ASYNCIO, CLIENTS, NODE, THREADS, expected, started, talk
from tests.live.watch import CLIENT, SERVER, Live, Records

PROGRAMS = ([sys.executable, "-c", THREADS], [sys.executable, "-c", ASYNCIO], [find("node") or "", "-e", NODE])


def check(live: Live, port: int, pid: int, opened: bool = True) -> None:
    def of(table: str) -> Records:
        return [row for row in live.all(table) if port in (row["local_port"], row["remote_port"])]

    every = [row for row in of("http_events") if row["req_path"] not in (None, "/warm")]
    for role in (CLIENT, SERVER):
        rows = [row for row in every if row["trace_role"] == role]
        assert {(row["req_path"], row["req_body"], row["resp_body"]) for row in rows} == expected()
        assert len(rows) == len(expected())
    assert {(row["encrypted"], str(row["upid"]).split(":")[1]) for row in every} == {(True, str(pid))}
    assert {row["note"] for row in every} == {""}
    streams = {(row["local_port"], row["remote_port"], str(row["req_path"]).split("/")[1]) for row in every}
    assert len(streams) == 2 * CLIENTS  # one client's requests are on one connection
    connections = of("connections")
    assert len(connections) == 2 * CLIENTS
    assert {(row["encrypted"], row["opened"], row["bytes_lost"]) for row in connections} == {(True, opened, 0)}
    if opened:
        sums = [sum(int(str(row[name])) for row in connections) for name in ("bytes_sent", "bytes_recv")]
        assert sums[0] == sums[1]


def programs() -> dict[int, list[str]]:
    """Each program's port, and how it is started."""
    need("node")
    return {free_port(): words for words in PROGRAMS}


def test_processes_that_run(read: Read, certificate: Certificate) -> None:
    with ExitStack() as stack:
        ports = {port: stack.enter_context(started(words, port, certificate)) for port, words in programs().items()}
        pids = [word for process in ports.values() for word in ("--pid", str(process.pid))]
        with read(*pids, ports=ports) as live:
            talk(*ports.values())
    for port, process in ports.items():
        check(live, port, process.pid)
    assert live.flaws("http_events") == (0, 0)


def test_connections_older_than_the_capture(read: Read, certificate: Certificate) -> None:
    """What was waiting for bytes already, or is sent before any came, cannot be read; what follows is."""
    with ExitStack() as stack:
        ports = {
            port: stack.enter_context(started(words, port, certificate, "warm")) for port, words in programs().items()
        }
        pids = [word for process in ports.values() for word in ("--pid", str(process.pid))]
        with read(*pids, ports=ports) as live:
            live.expected.append("TLS calls whose connection could not be told")
            talk(*ports.values())
    for port, process in ports.items():
        check(live, port, process.pid, opened=False)


def test_processes_that_begin(read: Read, certificate: Certificate, tmp_path: Path) -> None:
    python = tmp_path / "talker"  # a name that no other process has
    python.symlink_to(Path(sys.executable).resolve())
    chosen = {port: [str(python), *words[1:]] if "-c" in words else words for port, words in programs().items()}
    with read("--command", "talker", "--command", "node", ports=chosen) as live, ExitStack() as stack:
        ports = {port: stack.enter_context(started(words, port, certificate)) for port, words in chosen.items()}
        talk(*ports.values())
    for port, process in ports.items():
        check(live, port, process.pid)
    assert live.flaws("http_events") == (0, 0)
