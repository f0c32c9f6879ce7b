"""Many connections at once in Python and Node, both ends in one process: each record is where it belongs."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.servers import find, free_port
from tests.live.conftest import need
from tests.live.tls.conftest import Certificate, Read
from tests.live.tls.talkers import ASYNCIO, CLIENTS, NODE, THREADS, expected
from tests.live.watch import CLIENT, SERVER, Live

PYTHON = Path(sys.executable).name[:15]
PROGRAMS = {
    "threads": (PYTHON, [sys.executable, "-c", THREADS]),
    "asyncio": (PYTHON, [sys.executable, "-c", ASYNCIO]),
    "node": ("node", [find("node") or "", "-e", NODE]),
}


@contextmanager
def started(command: list[str], port: int, certificate: Certificate, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A program that is ready; ended, if it was not by then."""
    words = [*command, str(port), str(certificate.certificate), str(certificate.key), *more]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def talk(process: subprocess.Popen[str]) -> None:
    process.communicate("go\n", timeout=60)
    assert process.returncode == 0


def check(live: Live, pid: int, opened: bool = True) -> None:
    every = [row for row in live.all("http_events") if row["req_path"] not in (None, "/warm")]
    for role in (CLIENT, SERVER):
        rows = [row for row in every if row["trace_role"] == role]
        assert {(row["req_path"], row["req_body"], row["resp_body"]) for row in rows} == expected()
        assert len(rows) == len(expected())
    assert {(row["encrypted"], str(row["upid"]).split(":")[1]) for row in every} == {(True, str(pid))}
    assert {row["note"] for row in every} == {""}
    streams = {
        (row["trace_role"], row["local_port"], row["remote_port"], str(row["req_path"]).split("/")[1]) for row in every
    }
    assert len(streams) == 2 * CLIENTS  # one client's requests are on one connection
    assert live.flaws("http_events") == (0, 0)
    connections = live.all("connections")
    assert len(connections) == 2 * CLIENTS
    assert {(row["encrypted"], row["opened"], row["bytes_lost"]) for row in connections} == {(True, opened, 0)}
    if opened:
        sums = [sum(int(str(row[name])) for row in connections) for name in ("bytes_sent", "bytes_recv")]
        assert sums[0] == sums[1]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_process_that_runs(read: Read, certificate: Certificate, name: str) -> None:
    _, words = PROGRAMS[name]
    need(*(["node"] if name == "node" else []))
    port = free_port()
    with started(words, port, certificate) as process:
        with read(port, "--pid", str(process.pid)) as live:
            talk(process)
        check(live, process.pid)


@pytest.mark.parametrize("name", PROGRAMS)
def test_connections_older_than_the_capture(read: Read, certificate: Certificate, name: str) -> None:
    _, words = PROGRAMS[name]
    need(*(["node"] if name == "node" else []))
    port = free_port()
    with started(words, port, certificate, "warm") as process:
        with read(port, "--pid", str(process.pid)) as live:
            live.expected.append("TLS calls whose connection could not be told")
            talk(process)
        check(live, process.pid, opened=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_process_that_begins(read: Read, certificate: Certificate, name: str) -> None:
    command, words = PROGRAMS[name]
    need(*(["node"] if name == "node" else []))
    port = free_port()
    with read(port, "--command", command) as live, started(words, port, certificate) as process:
        talk(process)
    check(live, process.pid)
