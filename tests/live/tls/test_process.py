"""What a capture that reads inside TLS leaves behind, writes to a file, and says where it cannot read."""

import sys
import time
from collections import Counter
from pathlib import Path

from bench.servers import free_port
from tests.bpf.mapping import library_of_system, mapper
from tests.live.conftest import records
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
