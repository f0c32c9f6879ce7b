"""Written files, read back by pxcap's own reader, and by tshark's tools where they are installed."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.core.capture import wires
from tests.core.capture.wires import SECOND, START

from pxcap.core.capture import CaptureReader
from pxcap.core.capture.records import PAD, Records
from pxcap.core.capture.write import PcapngWriter
from pxcap.core.errors import CaptureError

FRAMES = [wires.ether(wires.ip4(wires.tcp(b"x" * size))) for size in (0, 1, 2, 3, 1000, 60000)]


def many(frames: list[bytes], link: int = wires.ETHERNET) -> tuple[bytes, Records]:
    """Packets 1 ns apart, in one buffer with other bytes between them."""
    size = np.array([len(frame) for frame in frames])
    start = np.cumsum(size + 3) - size
    buf = b"".join(b"..." + frame for frame in frames) + PAD
    return buf, Records(start, size, size.copy(), START + np.arange(len(frames)), link)


@pytest.mark.parametrize("by", ["packet", "packets"])
def test_what_was_written_is_read(tmp_path: Path, by: str) -> None:
    path = tmp_path / "x.pcapng"
    with PcapngWriter(path) as writer:
        number = writer.interface("eth0", wires.ETHERNET)
        if by == "packets":
            writer.packets(*many(FRAMES), number)
        else:
            for at, frame in enumerate(FRAMES):
                writer.packet(number, START + at, frame)
        writer.statistics(number, START + SECOND, 6, 0)
    rows, reader = wires.read(path)
    assert rows == [wires.row(frame[54:], START + at) for at, frame in enumerate(FRAMES)]
    assert (reader.skipped, reader.warnings) == ({}, [])


def test_interfaces_of_several_link_types(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    raw = wires.ip6(wires.udp(b"no ethernet"), 17)
    with PcapngWriter(path) as writer:
        assert [writer.interface("eth0", wires.ETHERNET), writer.interface("tun0", wires.RAW)] == [0, 1]
        writer.packet(1, START, raw)
        writer.packet(0, START + 1, FRAMES[4])
        assert writer.interface("eth1", wires.ETHERNET) == 2
        buf, packets = many([FRAMES[1], FRAMES[2]])
        writer.packets(buf, packets, np.array([2, 0]))
    rows, _ = wires.read(path)
    assert [row.payload for row in rows] == [b"no ethernet", b"x" * 1000, b"x", b"xx"]


def test_packets_that_were_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with PcapngWriter(path) as writer:
        writer.interface("eth0", wires.ETHERNET)
        writer.packet(0, START, FRAMES[4][:100], len(FRAMES[4]))
        buf, packets = many([FRAMES[5][:100]])
        packets.wire = np.array([len(FRAMES[5])])
        writer.packets(buf, packets, 0)
    rows, _ = wires.read(path)
    assert [(len(row.payload), row.wire) for row in rows] == [(46, 1000), (46, 60000)]


def test_flushed_packets_are_there_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with PcapngWriter(path) as writer:
        writer.interface("eth0", wires.ETHERNET)
        writer.packet(0, START, FRAMES[4])
        writer.flush()
        assert len(wires.read(path)[0]) == 1
        for _ in range(10):
            writer.packets(*many([FRAMES[5]] * 3), 0)
        assert path.stat().st_size > 1_000_000  # memory does not grow with the file
    writer.close()
    assert len(wires.read(path)[0]) == 31


@pytest.mark.parametrize("room", [1, 60, 100, 50_000, 300_000, 300_001])
@pytest.mark.parametrize("by", ["packet", "packets"])
def test_a_full_disk_leaves_whole_packets(tmp_path: Path, room: int, by: str) -> None:
    path = tmp_path / "x.pcapng"
    writer = PcapngWriter(path)
    with limited(room), pytest.raises(CaptureError, match=r"x\.pcapng: cannot be written \(file too large\)") as caught:
        fill(writer, by)
    writer.close()
    assert caught.value.hint
    size = path.stat().st_size
    assert size <= room
    if room < 60:
        assert size == 0
        return
    with CaptureReader(path) as reader:
        read = sum(len(window) for window in reader.windows())
    assert reader.warnings in ([], ["there are no packets in it"])
    assert room - size < 1054 + 32 + 3
    assert read == size // (1056 + 32)


def fill(writer: PcapngWriter, by: str) -> None:
    writer.interface("eth0", wires.ETHERNET)
    for _ in range(500):
        if by == "packet":
            writer.packet(0, START, FRAMES[4])
        else:
            writer.packets(*many([FRAMES[4]]), 0)
    writer.flush()


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Files of this process cannot grow beyond so many bytes meanwhile: as if the disk were full then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_device_that_is_full() -> None:
    writer = PcapngWriter("/dev/full")
    with pytest.raises(CaptureError, match=r"/dev/full: cannot be written \(no space left on device\)"):
        writer.close()
    writer.close()


def test_a_pipe(tmp_path: Path) -> None:
    here, there = os.pipe()
    with PcapngWriter(f"/dev/fd/{there}") as writer:
        os.close(there)
        number = writer.interface("eth0", wires.ETHERNET)
        writer.packet(number, START, FRAMES[4])
    with CaptureReader(f"/dev/fd/{here}") as reader:
        os.close(here)
        assert sum(len(window) for window in reader.windows()) == 1


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"cannot be written \(is a directory\)"):
        PcapngWriter(tmp_path)
    with pytest.raises(CaptureError, match=r"cannot be written \(no such file or directory\)"):
        PcapngWriter(tmp_path / "none" / "x")


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_as_tshark_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with PcapngWriter(path) as writer:
        for name in ("eth0", "lo"):
            writer.interface(name, wires.ETHERNET, "tcp port 80")
        writer.packets(*many(FRAMES), np.array([0, 1] * 3))
        for number, dropped in ((0, 0), (1, 7)):
            writer.statistics(number, START + SECOND, 3 + dropped, dropped)
    fields = ["frame.time_epoch", "frame.interface_name", "frame.len"]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        [f"{START // SECOND}.{at:09}", ("eth0", "lo")[at % 2], str(len(frame))] for at, frame in enumerate(FRAMES)
    ]
    if shutil.which("capinfos"):
        said = subprocess.run(["capinfos", str(path)], capture_output=True, text=True, check=True).stdout
        assert "Capture application: pxcap" in said
        assert "Filter string = tcp port 80" in said
