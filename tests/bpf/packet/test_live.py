"""Packets as a source: from loopback to records, and a good end whatever happens."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.bpf.packet import traffic
from tests.bpf.packet.conftest import Pair
from tests.core.flows.tape import Recorder

from pxcap.bpf.capture import capture
from pxcap.bpf.packet import PacketSource
from pxcap.bpf.packet.live import PacketCapture
from pxcap.bpf.saved.file import SaveFile
from pxcap.core.columns import CONNECTIONS
from pxcap.core.errors import CaptureError
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.core.registry import Registry
from pxcap.core.replay import replay
from pxcap.core.sink import MemorySink


class Run:
    """A capture of one port of an interface."""

    def __init__(self, interface: str, port: int, file: Path | None = None, netns: str | None = None) -> None:
        self.recorder = Recorder()
        self.registry = Registry()
        self.registry.add(self.recorder.spec, "tests")
        self.sink = MemorySink()
        self.pipeline = Pipeline(self.registry, self.sink, Options(), (CONNECTIONS,))
        self.told: list[str] = []
        saved = SaveFile(file, lambda message, _: self.told.append(message)) if file else None
        self.source = PacketCapture(self.pipeline, PacketSource([interface], "", [port], netns, 4), saved)

    def until(self, enough: Callable[[], bool]) -> int:
        """Poll until it is; gives how many packets that took."""
        taken = 0
        for _ in range(6000):
            taken += self.source.poll()
            if enough():
                return taken
            time.sleep(0.01)
        raise AssertionError("not within a minute")

    def finish(self) -> int:
        left = self.source.finish()
        self.pipeline.flush()
        return left


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_from_packets_to_records(rights: None, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    run = Run("lo", port)
    before = time.time_ns()
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        client.sendall(b"TAPE")
        traffic.receive(server, 4)
        server.sendall(b"answer")
        traffic.receive(client, 6)
        run.until(lambda: bool(run.recorder.tapes) and run.recorder.tapes[0].sides[RESPONSE].data == b"answer")
        (alive,) = run.source.alive()
        assert alive.ends[1 - alive.flip][1] == port
        assert before < run.source.now < time.time_ns()
    run.finish()
    assert list(run.source.alive()) == []
    (row,) = run.sink.tables["connections"]
    assert row[1:7] == ("", "127.0.0.1", client_port(run), "127.0.0.1", port, 2)
    assert run.source.losses() == {}


def client_port(run: Run) -> int:
    (tape,) = run.recorder.tapes
    return tape.info.client_port


def test_the_end_takes_what_is_left(rights: None, listener: socket.socket) -> None:
    run = Run("lo", listener.getsockname()[1])
    traffic.tcp_exchange(listener, b"TAPE", b"answer")
    assert run.finish() >= 8
    (tape,) = run.recorder.tapes
    assert [side.data for side in tape.sides] == [b"TAPE", b"answer"]


def test_a_share_of_connections_is_left_out(rights: None, listener: socket.socket) -> None:
    run = Run("lo", listener.getsockname()[1])
    run.source.shed(256)
    traffic.tcp_exchange(listener, b"TAPE", b"answer")
    run.finish()
    assert run.recorder.tapes == []
    assert [(row[8], row[12], row[13]) for row in run.sink.tables["connections"]] == [("", 6, 4)]


def test_drops_are_told(rights: None, listener: socket.socket) -> None:
    run = Run("lo", listener.getsockname()[1])
    traffic.tcp_exchange(listener, b"TAPE" + os.urandom(9_000_000), b"answer")
    run.finish()
    assert run.source.losses()["packets the kernel dropped"] > 0


def test_a_round_ends_though_packets_keep_coming(
    rights: None, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run("lo", listener.getsockname()[1])
    with monkeypatch.context() as patched:
        patched.setattr(PacketSource, "frames", lambda self, timeout: SimpleNamespace(interface=[1]))
        patched.setattr(PacketSource, "decode", lambda self, frames: None)
        assert 0 < run.source.poll() < 1000
    run.finish()


def test_what_is_written_replays_as_what_was_captured(rights: None, listener: socket.socket, tmp_path: Path) -> None:
    path = tmp_path / "live.pcapng"
    run = Run("lo", listener.getsockname()[1], path)
    for number in range(3):
        traffic.tcp_exchange(listener, b"TAPE%d" % number, b"answer" * number)
    run.finish()
    sink = MemorySink()
    replay([str(path)], run.registry, sink, Options())
    assert run.told == []
    assert len(run.sink.tables["tape_events"]) == 3
    assert sorted(sink.tables["tape_events"]) == sorted(run.sink.tables["tape_events"])


def test_an_interface_that_is_removed_ends_the_capture_with_what_there_was(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "live.pcapng"
    with socket.create_server((pair.address, 0)) as server:
        port = server.getsockname()[1]
        run = Run(pair.here, port, path)
        ask = f"import socket; s = socket.create_connection(('{pair.address}', {port})); s.sendall(b'TAPE'); s.recv(9)"
        client = subprocess.Popen(["ip", "netns", "exec", pair.netns, "python3", "-c", ask])
        try:
            with server.accept()[0] as end:
                traffic.receive(end, 4)
                end.sendall(b"answer")
                run.until(lambda: bool(run.recorder.tapes) and bool(run.recorder.tapes[0].sides[RESPONSE].data))
                subprocess.run(["ip", "link", "del", pair.here], check=True)
                with pytest.raises(CaptureError, match=f"{pair.here}: the interface was removed"):
                    capture(run.source, run.pipeline, lambda seconds: bool(time.sleep(seconds)), 5.0)
        finally:
            with suppress(ProcessLookupError):
                client.kill()
            client.wait()
    (tape,) = run.recorder.tapes
    assert [side.data for side in tape.sides] == [b"TAPE", b"answer"]
    assert len(run.sink.tables["tape_events"]) == len(run.sink.tables["conn_stats"]) == 1
    sink = MemorySink()
    replay([str(path)], run.registry, sink, Options())
    assert len(sink.tables["tape_events"]) == 1
    assert tape.sides[REQUEST].gaps == []
