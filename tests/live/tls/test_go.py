"""Programs written in Go, which have TLS of their own: what they said, told by both ends."""

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack

import pytest
from bench.servers import find, free_port, running
from tests.live.conftest import need
from tests.live.tls.conftest import Certificate, Read
from tests.live.tls.talkers import CLIENTS, ROUNDS, expected, go_talker, started, talk
from tests.live.tls.test_talkers import check
from tests.live.watch import CLIENT, SERVER, counted

from pxcap.bpf.program import Choice
from pxcap.bpf.source import SocketSource
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import load_registry
from pxcap.core.sink import MemorySink

NATS_CLIENT = """
import asyncio, nats, ssl, sys
async def main(server, certificate):
    got, full = [], asyncio.Event()
    async def take(message):
        got.append(message)
        if len(got) == 20:
            full.set()
    trusting = ssl.create_default_context(cafile=certificate)
    patient = dict(tls=trusting, connect_timeout=120, allow_reconnect=False)
    one, two = [await nats.connect(server, **patient) for _ in range(2)]
    await two.subscribe("plain.*", cb=take)
    await two.flush()
    await two.flush()  # the first one of a new connection may be answered for its first ping
    for number in range(20):
        await one.publish(f"plain.{number}", b"p" * number * 1000, headers={"N": str(number)})
        await asyncio.sleep(0)
    await one.flush()
    await full.wait()
    await one.close()
    await two.close()
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def nats_server(port: int, certificate: Certificate, *more: str) -> list[str]:
    command = [find("nats-server") or "", "-a", "127.0.0.1", "-p", str(port), *more]
    return [*command, "--tls", "--tlscert", str(certificate.certificate), "--tlskey", str(certificate.key)]


def test_nats(read: Read, certificate: Certificate) -> None:
    """The server begins after the capture; connections turn to TLS after its first words."""
    need("nats-server")
    pytest.importorskip("nats")
    port = free_port()
    words = [sys.executable, "-c", NATS_CLIENT, f"tls://127.0.0.1:{port}", str(certificate.certificate)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        try:
            assert client.stdout is not None
            assert client.stdout.readline() == b"ready\n"
            with (
                read("--command", "nats-server", "--pid", str(client.pid), ports=[port]) as live,
                running(nats_server(port, certificate), port),
            ):
                client.communicate(b"go\n", timeout=300)
        finally:
            client.kill()
        assert client.returncode == 0
    every = [
        row for row in live.all("nats_events") if row["cmd"] != "INFO"
    ]  # whoever waits for the server has one, too
    rows = [row for row in every if row["trace_role"] == SERVER]
    assert counted([row for row in every if row["trace_role"] == CLIENT]) == counted(rows)
    assert live.flaws("nats_events") == (0, 0)
    for cmd in ("HPUB", "HMSG"):
        found = [row for row in rows if row["cmd"] == cmd]
        assert [(row["subject"], json.loads(str(row["body"]))["payload"]) for row in found] == [
            (f"plain.{number}", "p" * number * 1000) for number in range(20)
        ]
    assert {(row["encrypted"], row["note"]) for row in rows} == {(True, "")}
    connections = [row for row in live.all("connections") if row["encrypted"]]
    assert {(row["protocol"], row["opened"], row["bytes_lost"]) for row in connections} == {("nats", True, 0)}
    assert len(connections) == 4


def test_net_http(read: Read, certificate: Certificate) -> None:
    ports = {free_port(): way for way in ("http1", "http2")}
    with ExitStack() as stack:
        processes = {
            port: stack.enter_context(started([go_talker(), way], port, certificate)) for port, way in ports.items()
        }
        pids = [word for process in processes.values() for word in ("--pid", str(process.pid))]
        with read(*pids, ports=ports) as live:
            talk(*processes.values())
    for port, process in processes.items():
        check(live, port, process.pid)
    assert live.flaws("http_events") == (0, 0)
    versions = {(row["major_version"], row["local_port"] in ports) for row in live.all("http_events")}
    assert versions == {(major, server) for major in (1, 2) for server in (True, False)}


def test_unusual_circumstances(read: Read, certificate: Certificate) -> None:
    """Stacks that are moved within calls, hidden sockets, both directions at once, connections closed within calls."""
    port = free_port()
    with (
        started([go_talker(), "raw"], port, certificate) as process,
        read("--pid", str(process.pid), ports=[port]) as live,
    ):
        talk(process)
    rows = live.records("http_events")
    assert live.flaws("http_events") == (0, 0)
    assert {(row["req_path"], row["req_body"], row["resp_body"]) for row in rows} == expected()
    assert len(rows) == len(expected())
    assert {(row["encrypted"], row["note"]) for row in rows} == {(True, "")}
    connections = live.all("connections")
    assert len(connections) == 2 * 2 * CLIENTS  # half of them are closed before anything is said
    assert {(row["records"], row["bytes_lost"], row["opened"]) for row in connections} == {
        (0, 0, True),
        (ROUNDS, 0, True),
    }


def test_connections_older_than_the_capture(read: Read, certificate: Certificate) -> None:
    """What was waiting for bytes already cannot be read; what follows is, and what is sent from the first byte on."""
    port = free_port()
    with (
        started([go_talker(), "http1"], port, certificate, "warm") as process,
        read("--pid", str(process.pid), ports=[port]) as live,
    ):
        talk(process)
    rows = live.all("http_events")
    whole = {(row["req_path"], row["req_body"], row["resp_body"]) for row in rows if row["note"] == ""}
    assert whole <= expected()
    later = {each for each in expected() if not each[0].endswith("/0")}
    for role in (CLIENT, SERVER):
        found = {(row["req_path"], row["req_body"], row["resp_body"]) for row in rows if row["trace_role"] == role}
        assert later <= found
    assert {row["req_path"] for row in rows if row["trace_role"] == CLIENT} >= {each[0] for each in expected()}


def test_hidden_sockets_of_connections_older_than_the_capture(read: Read, certificate: Certificate) -> None:
    """What such a connection sends before it has received anything is counted, not taken for another's."""
    port = free_port()
    with (
        started([go_talker(), "raw"], port, certificate, "warm") as process,
        read("--pid", str(process.pid), ports=[port]) as live,
    ):
        live.expected.append("TLS calls whose connection could not be told")
        talk(process)
    rows = live.all("http_events")
    owners: dict[object, set[str]] = {}
    for row in rows:
        ends = frozenset((row["local_port"], row["remote_port"]))
        path, answer = str(row["req_path"] or ""), str(row["resp_body"] or "")
        owners.setdefault(ends, set()).update(path.split("/")[1:2], answer.split(":")[:1] if answer else ())
    assert sorted(map(sorted, owners.values())) == [[str(client)] for client in range(CLIENTS)]
    assert {row["encrypted"] for row in rows} == {True}


def test_kernels_that_tell_only_of_system_calls(probes: None, certificate: Certificate) -> None:
    port = free_port()
    sink = MemorySink()
    pipeline = Pipeline(load_registry(), sink, Options())
    source = SocketSource(pipeline, Choice(frozenset({port}), by_process=True, tls=True, by_call=True))
    try:
        with started([go_talker(), "raw"], port, certificate) as process:
            source.program.want([process.pid])
            assert source.tls is not None
            source.tls.look(process.pid, time.monotonic())
            talk(process)
    finally:
        source.finish()
    pipeline.flush()
    assert Counter((row[6], row[7], row[-1]) for row in sink.tables["http_events"]) == {
        (role, 1, ""): len(expected()) for role in (CLIENT, SERVER)
    }
