"""Real servers on loopback, watched by tcpdump or by a live capture."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.servers import find
from tests.live.watch import SOURCES, WAYS, Records, Watch, capturing

from pxcap.core.protocol import Settings
from pxcap.core.registry import load_registry
from pxcap.core.replay import ReplayOptions, ReplayReport, replay
from pxcap.core.sink import MemorySink
from pxcap.core.testing.golden import as_record

END = b"the capture ends with this datagram"


def need(*programs: str) -> None:
    """Skip the test, with the reason, where it cannot run."""
    missing = [program for program in (*programs, "tcpdump") if find(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        pytest.skip("tcpdump needs root to capture on loopback")


@contextmanager
def captured(path: Path, port: int) -> Iterator[None]:
    """Capture the port's traffic on loopback while the block runs."""
    program = find("tcpdump")
    assert program is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.bind(("127.0.0.1", 0))
        end = int(last.getsockname()[1])
    command = [program, "-i", "lo", "-U", "-B", "16384", "-s", "0", "-w", str(path)]
    command += [f"port {port} or udp port {end}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "listening on" in line:
            break
    else:
        pytest.skip("tcpdump cannot capture on loopback here")
    try:
        yield
        _wait_for_the_end(path, end)
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert "0 packets dropped by kernel" in said, said


def _wait_for_the_end(path: Path, port: int) -> None:
    """Send a last datagram and wait until tcpdump has written it: all before it is then in the file."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(END, ("127.0.0.1", port))
    for _ in range(6000):
        if path.exists() and END in path.read_bytes()[-4096:]:
            return
        time.sleep(0.02)
    raise AssertionError("tcpdump did not write the last datagram within two minutes")


def records(path: Path, table: str, redact: bool = True) -> tuple[Records, ReplayReport]:
    """The records of a table in order of time, and the report."""
    registry = load_registry()
    sink = MemorySink()
    report = replay([str(path)], registry, sink, ReplayOptions(Settings(redact=redact)))
    schema = next(found for found in registry.tables() if found.name == table)
    rows = sorted(sink.tables.get(table, []), key=lambda row: row[0])
    return [as_record(schema, row) for row in rows], report


class Replayed:
    """What tcpdump wrote, replayed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def records(self, table: str) -> Records:
        return records(self._path, table)[0]

    def flaws(self, table: str) -> tuple[int, int]:
        count = records(self._path, table)[1].tables[table]
        return count.errors, count.bytes_lost


@contextmanager
def replaying(folder: Path, port: int) -> Iterator[Replayed]:
    """Let tcpdump write what passes the port while the block runs."""
    path = folder / "watched.pcap"
    with captured(path, port):
        yield Replayed(path)


@pytest.fixture(params=WAYS)
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Watch:
    """A way to see what passes a port."""
    if request.param == "tcpdump":
        return lambda port: replaying(tmp_path, port)
    return lambda port: capturing(request.param, tmp_path, "--port", str(port))


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    """A source of `pxcap capture`."""
    return str(request.param)
