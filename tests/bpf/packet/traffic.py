"""Makes traffic whose bytes are known, and reads what a source has of it."""

import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.core.capture.wires import Row, rows_of

from pxcap.bpf.packet import PacketSource


def tcp_exchange(listener: socket.socket, sent: bytes, back: bytes) -> tuple[str, int]:
    """One connection to a listener, with bytes both ways; returns the client's address."""
    address = listener.getsockname()[:2]
    with socket.create_connection(address) as client:
        server, _ = listener.accept()
        with server, ThreadPoolExecutor(1) as sender:
            for one, other, data in ((client, server, sent), (server, client, back)):
                sending = sender.submit(one.sendall, data)
                receive(other, len(data))
                sending.result()
        name: tuple[str, int] = client.getsockname()[:2]
        return name


def receive(end: socket.socket, size: int) -> None:
    while size:
        data = end.recv(size)
        assert data, "the connection ended early"
        size -= len(data)


def collect(source: PacketSource, packets: int) -> list[Row]:
    """Read until so many packets were seen, and then what else there is."""
    found: list[Row] = []
    end = time.monotonic() + 10
    while len(found) < packets:
        assert time.monotonic() < end, f"{len(found)} packets seen in 10 s, expected {packets}"
        found += _read(source, 0.2)
    return found + list(_read(source, 0.2))


def _read(source: PacketSource, timeout: float) -> Iterator[Row]:
    window = source.read(timeout)
    return rows_of(window) if window else iter(())


def payload(rows: Sequence[Row], sport: int) -> bytes:
    """What one end sent over TCP, put together by sequence numbers; a busy kernel may send some of it twice."""
    parts = [row for row in rows if row.sport == sport and row.payload]
    ahead = [(row.seq - parts[0].seq + 0x80000000 & 0xFFFFFFFF) - 0x80000000 for row in parts]
    found = bytearray(max(at + len(row.payload) for at, row in zip(ahead, parts, strict=True)) - min(ahead))
    for at, row in zip(ahead, parts, strict=True):
        found[at - min(ahead) : at - min(ahead) + len(row.payload)] = row.payload
    return bytes(found)
