"""Headers and capture files for the tests here, and a window's packets as rows that are easy to compare."""

import ipaddress
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pxcap.core.capture import CaptureReader
from pxcap.core.packets import PacketWindow

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
A4, B4 = "192.0.2.1", "192.0.2.2"
A6, B6 = "2001:db8::1", "2001:db8::2"
ETHERNET, NULL, RAW, LOOP, SLL, SLL2, PPP = 1, 0, 101, 108, 113, 276, 9


class Row(NamedTuple):
    time: int
    src: str
    sport: int
    dst: str
    dport: int
    proto: int
    flags: int
    seq: int
    ack: int
    payload: bytes
    wire: int
    ipid: int
    tag: int


def rows_of(window: PacketWindow) -> Iterator[Row]:
    w = window
    for i in range(len(w)):
        start, size = int(w.start[i]), int(w.size[i])
        assert 0 <= start <= start + size <= len(w.buf)
        assert size <= int(w.wire[i])
        yield Row(
            int(w.time[i]),
            _address(int(w.src_hi[i]), int(w.src_lo[i])),
            int(w.sport[i]),
            _address(int(w.dst_hi[i]), int(w.dst_lo[i])),
            int(w.dport[i]),
            int(w.proto[i]),
            int(w.flags[i]),
            int(w.seq[i]),
            int(w.ack[i]),
            w.buf[start : start + size],
            int(w.wire[i]),
            int(w.ipid[i]),
            int(w.tag[i]),
        )


def read(path: Path | str, window: int = 1 << 20) -> tuple[list[Row], CaptureReader]:
    """All rows of a file, and the reader as it is afterwards."""
    with CaptureReader(path, window) as reader:
        rows = [row for part in reader.windows() for row in rows_of(part)]
    return rows, reader


def _address(high: int, low: int) -> str:
    address = ipaddress.IPv6Address(high << 64 | low)
    return str(address.ipv4_mapped or address)


def tcp(payload: bytes = b"", seq: int = 1, ack: int = 2, flags: int = 0x18, options: bytes = b"") -> bytes:
    head = struct.pack(">HHIIBBHHH", 40000, 80, seq, ack, (20 + len(options)) // 4 << 4, flags, 500, 0, 0)
    return head + options + payload


def udp(payload: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack(">HHHH", 40000, 53, 8 + len(payload) if length is None else length, 0) + payload


def ip4(
    payload: bytes,
    proto: int = 6,
    ident: int = 7,
    options: bytes = b"",
    total: int | None = None,
    offset: int = 0,
    more: bool = False,
) -> bytes:
    header = 20 + len(options)
    size = header + len(payload) if total is None else total
    word = offset // 8 | (0x2000 if more else 0)
    src, dst = (ipaddress.IPv4Address(a).packed for a in (A4, B4))
    return (
        struct.pack(">BBHHHBBH4s4s", 0x40 | header // 4, 0, size, ident, word, 64, proto, 0, src, dst)
        + options
        + payload
    )


def ip6(payload: bytes, proto: int = 6, length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    src, dst = (ipaddress.IPv6Address(a).packed for a in (A6, B6))
    return struct.pack(">IHBB", 6 << 28, size, proto, 64) + src + dst + payload


def extension(following: int, payload: bytes, size: int = 8) -> bytes:
    """Hop-by-hop, routing or destination options before `payload`."""
    return bytes([following, size // 8 - 1]) + bytes(size - 2) + payload


def fragment6(following: int, payload: bytes, offset: int, more: bool, ident: int = 99) -> bytes:
    return struct.pack(">BBHI", following, 0, offset | more, ident) + payload


def ether(payload: bytes, kind: int = 0x0800, tags: Iterable[int] = ()) -> bytes:
    types = [*tags, kind]
    head = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + struct.pack(">H", types[0])
    return head + b"".join(struct.pack(">HH", 42, after) for after in types[1:]) + payload


class Packet(NamedTuple):
    time: int
    data: bytes
    wire: int = -1  # -1: as long as data

    @property
    def length(self) -> int:
        return len(self.data) if self.wire < 0 else self.wire


def pcap(packets: Iterable[Packet], link: int = ETHERNET, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    unit = 1 if magic == 0xA1B23C4D else 1000
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    out = [struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 262144, link)]
    for packet in packets:
        seconds, fraction = divmod(packet.time, SECOND)
        out.append(struct.pack(order + "IIII", seconds, fraction // unit, len(packet.data), packet.length))
        out.append(extra + packet.data)
    return b"".join(out)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<", major: int = 1) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, major, 0, -1), order)


def interface(link: int = ETHERNET, order: str = "<", snaplen: int = 0, options: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def enhanced(units: int, data: bytes, number: int = 0, order: str = "<", wire: int = -1, options: bytes = b"") -> bytes:
    wire = len(data) if wire < 0 else wire
    head = struct.pack(order + "IIIII", number, units >> 32, units & 0xFFFFFFFF, len(data), wire)
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


def simple(data: bytes, order: str = "<", wire: int = -1) -> bytes:
    return block(3, struct.pack(order + "I", len(data) if wire < 0 else wire) + data, order)


def old(units: int, data: bytes, number: int = 0, order: str = "<") -> bytes:
    head = struct.pack(order + "HHIIII", number, 0, units >> 32, units & 0xFFFFFFFF, len(data), len(data))
    return block(2, head + data, order)


def row(payload: bytes = b"", time: int = START, version: int = 4, proto: int = 6, **changes: object) -> Row:
    """What `tcp` or `udp` in `ip4` or `ip6` gives."""
    src, dst = (A4, B4) if version == 4 else (A6, B6)
    ports, flags, numbers = (80, 0x18, (1, 2)) if proto == 6 else (53, 0, (0, 0))
    made = Row(time, src, 40000, dst, ports, proto, flags, *numbers, payload, len(payload), 7 if version == 4 else 0, 0)
    return made._replace(**changes)  # type: ignore[arg-type]
