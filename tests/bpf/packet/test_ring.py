"""The ring by itself: whole packets, counts, and what is left unread."""

import socket
from collections.abc import Iterator

import pytest

from pxcap.bpf.packet.filter import attach, ports_program, selecting
from pxcap.bpf.packet.ring import BLOCK, HEADER, Ring
from pxcap.core.capture.records import PAD, gather
from pxcap.core.errors import CaptureError

MIB = 1 << 20


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        yield made


@pytest.fixture
def packets(rights: None, receiver: socket.socket) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as made:
        attach(made, selecting(ports_program([receiver.getsockname()[1]])))
        made.bind(("lo", 3))
        yield made


def send(receiver: socket.socket, count: int, size: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(count):
            sender.sendto(number.to_bytes(2, "big") * (size // 2), receiver.getsockname())


def test_packets_of_many_blocks(packets: socket.socket, receiver: socket.socket) -> None:
    ring = Ring(packets, 4)
    send(receiver, 50, 60000)
    found: list[bytes] = []
    while len(found) < 50:
        ring.wait(5)
        buf, at = ring.take(MIB)
        assert len(buf) <= MIB + BLOCK
        assert buf.endswith(PAD)
        rows = gather(buf, at, HEADER)
        begin = at + rows["mac"] + 28
        found += [buf[start : start + size - 28] for start, size in zip(begin.tolist(), rows["size"], strict=True)]
    assert found == [number.to_bytes(2, "big") * 30000 for number in range(50)]
    ring.count()
    assert (ring.received, ring.dropped) == (50, 0)
    ring.close()


def test_blocks_are_used_again(packets: socket.socket, receiver: socket.socket) -> None:
    ring = Ring(packets, 1)
    for _ in range(6):
        send(receiver, 5, 60000)
        seen = 0
        while seen < 5:
            ring.wait(5)
            seen += len(ring.take(MIB)[1])
    ring.count()
    assert (ring.received, ring.dropped) == (30, 0)
    ring.close()


def test_drops_are_counted_when_nobody_reads(packets: socket.socket, receiver: socket.socket) -> None:
    ring = Ring(packets, 1)
    send(receiver, 100, 60000)
    ring.count()
    assert ring.dropped > 70
    assert ring.received + ring.dropped == 100
    kept = 0
    while kept < ring.received:
        ring.wait(5)
        kept += len(ring.take(MIB)[1])
    ring.count()
    assert kept == ring.received
    ring.close()


def test_nothing_to_take(packets: socket.socket) -> None:
    ring = Ring(packets, 1)
    ring.wait(0.01)
    buf, at = ring.take(MIB)
    assert (buf, len(at)) == (PAD, 0)
    ring.close()


def test_what_came_before_the_ring_does_not_count(rights: None, receiver: socket.socket) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)) as unfiltered:
        send(receiver, 10, 10)
        attach(unfiltered, selecting(ports_program([receiver.getsockname()[1]])))
        ring = Ring(unfiltered, 1)
        ring.count()
        assert (ring.received, ring.dropped) == (0, 0)
        ring.close()


def test_refused(packets: socket.socket) -> None:
    with pytest.raises(CaptureError, match="the kernel refused a ring of 0 MiB"):
        Ring(packets, 0)
    with socket.socket() as plain, pytest.raises(CaptureError, match="the kernel refused a ring of 1 MiB"):
        Ring(plain, 1)
