"""What a capture that reads inside TLS leaves behind, and what it says where it cannot read."""

import ssl
import time
import urllib.request
from pathlib import Path

from bench.servers import find, free_port, running
from tests.bpf.mapping import library_of_system, mapper
from tests.live.conftest import need
from tests.live.tls.conftest import Certificate, Read
from tests.live.watch import Live


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
