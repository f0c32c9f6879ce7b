"""What a capture that reads inside TLS leaves behind, writes to a file, and says where it cannot read."""

import socket
import ssl
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

from bench.servers import find, free_port, running
from tests.bpf.mapping import library_of_system, mapper
from tests.live.conftest import need, records
from tests.live.tls.conftest import Certificate, Read
from tests.live.tls.talkers import ASYNCIO, THREADS, expected, started, talk
from tests.live.watch import CLIENT, SERVER, Live

from pxcap.bpf.program import Choice
from pxcap.bpf.source import SocketSource
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import load_registry
from pxcap.core.sink import MemorySink


def test_no_probe_stays_behind(read: Read) -> None:
    library = library_of_system()
    with mapper() as process:
        plain = process.load(library)
        with read("--command", "no-such-command", ports=[free_port()]):
            assert process.code(library) != plain
        assert process.code(library) == plain


def test_no_probe_stays_behind_when_it_is_killed(tmp_path: Path, read: Read) -> None:
    library = library_of_system()
    with mapper() as process:
        plain = process.load(library)
        live = Live("bpf", tmp_path, "--tls", "--command", "no-such-command")
        probed = process.code(library)
        live.kill()
        assert probed != plain
        deadline = time.monotonic() + 10
        while process.code(library) != plain and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.code(library) == plain
    events = Path("/sys/kernel/tracing/uprobe_events")
    if events.exists():
        assert events.read_text() == ""


def test_go_is_said_not_to_be_read_and_is_counted(read: Read, certificate: Certificate) -> None:
    need("nats-server")
    nats, port = free_port(), free_port()
    command = [find("nats-server") or "", "-a", "127.0.0.1", "-p", str(nats), "-ms", str(port)]
    command += ["--tls", "--tlscert", str(certificate.certificate), "--tlskey", str(certificate.key)]
    trusting = ssl.create_default_context(cafile=str(certificate.certificate))
    with running(command, port), read("--command", "nats-server", ports=[port]) as live:
        live.expected.append("nats-server")
        for _ in range(3):
            with urllib.request.urlopen(f"https://localhost:{port}/varz", context=trusting, timeout=10) as answer:
                size = len(answer.read())
    said = [line for line in live.said if "Go" in line]
    assert len(said) == 1
    assert "is written in Go, which has TLS of its own (what it sends inside TLS is not read, but counted)" in said[0]
    rows = live.all("connections")
    assert {(row["encrypted"], row["protocol"], row["trace_role"], row["records"]) for row in rows} == {
        (True, "", 2, 0)
    }
    assert all(int(str(row["bytes_sent"])) > size for row in rows)
    assert len(rows) == 3


def test_where_go_turns_to_tls_after_a_greeting(read: Read, certificate: Certificate) -> None:
    need("nats-server")
    port = free_port()
    command = [find("nats-server") or "", "-a", "127.0.0.1", "-p", str(port)]
    command += ["--tls", "--tlscert", str(certificate.certificate), "--tlskey", str(certificate.key)]
    trusting = ssl.create_default_context(cafile=str(certificate.certificate))
    with running(command, port), read("--command", "nats-server", ports=[port]) as live:
        live.expected.append("nats-server")
        with socket.create_connection(("127.0.0.1", port), 10) as clear:
            assert clear.recv(4096).startswith(b"INFO ")
            with trusting.wrap_socket(clear, server_hostname="localhost") as inside:
                inside.sendall(b'CONNECT {"verbose":false,"tls_required":true}\r\nPING\r\n')
                assert inside.recv(4096).startswith(b"PONG")
    assert len([line for line in live.said if "Go" in line]) == 1
    (row,) = live.all("connections")
    assert (row["protocol"], row["encrypted"], row["bytes_lost"]) == ("nats", False, 0)
    assert int(str(row["bytes_recv"])) > 500  # the ciphertext is counted


def test_the_capture_file_holds_the_plain_text(read: Read, certificate: Certificate, tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "inside.pcapng"
    with (
        started([sys.executable, "-c", THREADS], port, certificate) as process,
        read("--pid", str(process.pid), "-w", str(path), ports=[port]),
    ):
        talk(process)
    found, report = records(path, "http_events")
    assert {(row["req_path"], row["req_body"], row["resp_body"]) for row in found} == expected()
    assert len(found) == len(expected())
    assert report.tables["http_events"].bytes_lost == 0
    assert b"plain text from inside TLS" in path.read_bytes()


def test_kernels_that_tell_only_of_system_calls(probes: None, certificate: Certificate) -> None:
    port = free_port()
    sink = MemorySink()
    pipeline = Pipeline(load_registry(), sink, Options())
    source = SocketSource(pipeline, Choice(frozenset({port}), by_process=True, tls=True, by_call=True))
    try:
        with started([sys.executable, "-c", ASYNCIO], port, certificate) as process:
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
