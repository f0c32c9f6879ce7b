"""Every link type leads to the same TCP packet; what carries no IP is named."""

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.core.capture import wires
from tests.core.capture.wires import START, Packet, Row

from pxcap.core.capture.link import locate
from pxcap.core.capture.records import PAD, Records

IP = wires.ip4(wires.tcp(b"hello"))
IP6 = wires.ip6(wires.tcp(b"hello"))
SLL = struct.pack(">HHH8s", 4, 772, 6, b"") + struct.pack(">H", 0x0800)
SLL2 = struct.pack(">HHIHBB8s", 0x86DD, 0, 3, 772, 4, 6, b"")
PPPOE = b"\x11\0\0\1\0\7"


def read(tmp_path: Path, data: bytes, link: int) -> tuple[list[Row], dict[str, int]]:
    path = tmp_path / "x.pcap"
    path.write_bytes(wires.pcap([Packet(START, data)], link))
    rows, reader = wires.read(path)
    return rows, reader.skipped


@pytest.mark.parametrize(
    ("link", "data"),
    [
        (1, wires.ether(IP)),
        (1, wires.ether(IP, tags=[0x8100])),
        (1, wires.ether(IP, tags=[0x88A8, 0x8100])),
        (1, wires.ether(IP, tags=[0x9100, 0x9100, 0x8100, 0x8100])),
        (1, wires.ether(PPPOE + b"\0\x21" + IP, 0x8864)),
        (1, wires.ether(PPPOE + b"\0\x21" + IP, 0x8864, tags=[0x8100])),
        (0, b"\2\0\0\0" + IP),
        (0, b"\0\0\0\2" + IP),
        (108, b"\0\0\0\2" + IP),
        (12, IP),
        (14, IP),
        (101, IP),
        (228, IP),
        (9, b"\0\x21" + IP),
        (9, b"\xff\3\0\x21" + IP),
        (50, b"\xff\3\0\x21" + IP),
    ],
)
def test_ipv4(tmp_path: Path, link: int, data: bytes) -> None:
    assert read(tmp_path, data, link) == ([wires.row(b"hello")], {})


@pytest.mark.parametrize(
    ("link", "data"),
    [
        (1, wires.ether(IP6, 0x86DD)),
        (1, wires.ether(PPPOE + b"\0\x57" + IP6, 0x8864)),
        *((0, struct.pack(order + "I", family) + IP6) for order in "<>" for family in (10, 24, 28, 30)),
        (101, IP6),
        (229, IP6),
        (9, b"\0\x57" + IP6),
    ],
)
def test_ipv6(tmp_path: Path, link: int, data: bytes) -> None:
    assert read(tmp_path, data, link) == ([wires.row(b"hello", version=6)], {})


def test_cooked_packets_say_where_they_were_seen(tmp_path: Path) -> None:
    assert read(tmp_path, SLL + IP, 113) == ([wires.row(b"hello", tag=4)], {})
    assert read(tmp_path, SLL2 + IP6, 276) == ([wires.row(b"hello", version=6, tag=3 << 8 | 4)], {})
    tagged = SLL[:14] + b"\x81\0\0\x2a\x08\0"
    assert read(tmp_path, tagged + IP, 113) == ([wires.row(b"hello", tag=4)], {})


@pytest.mark.parametrize(
    ("link", "data", "reason"),
    [
        (1, wires.ether(bytes(28), 0x0806), "arp"),
        (1, wires.ether(bytes(28), 0x8847), "mpls"),
        (1, wires.ether(bytes(28), 0x0026), "not IP"),
        (1, wires.ether(bytes(28), 0x8863), "not IP"),
        (1, wires.ether(PPPOE + b"\xc0\x21" + bytes(20), 0x8864), "not IP"),
        (1, wires.ether(IP, tags=[0x8100] * 5), "not IP"),
        (1, wires.ether(IP)[:13], "header cut short"),
        (1, wires.ether(IP)[:14], "header cut short"),
        (1, wires.ether(IP, tags=[0x8100])[:17], "not IP"),
        (1, b"", "header cut short"),
        (0, b"\2\0\0", "header cut short"),
        (0, b"\2\0\1\0" + IP, "not IP"),
        (0, b"\2\2\0\2" + IP, "not IP"),
        (101, b"\x10" + IP, "not IP"),
        (101, b"", "header cut short"),
        (9, b"\xff", "header cut short"),
        (127, IP, "link type 127"),
    ],
)
def test_skipped(tmp_path: Path, link: int, data: bytes, reason: str) -> None:
    assert read(tmp_path, data, link) == ([], {reason: 1})


def test_each_packet_of_a_stretch_has_its_own_depth() -> None:
    frames = [wires.ether(IP, tags=[0x8100] * depth) for depth in (0, 3, 1, 0, 2)]
    buf = b"".join(frames) + PAD
    sizes = np.array([len(frame) for frame in frames], np.int64)
    start = sizes.cumsum() - sizes
    located = locate(buf, 1, Records(start, sizes, sizes, start, 1))
    assert located is not None
    assert (located[0] - start).tolist() == [14, 26, 18, 14, 22]
    assert locate(buf, 4711, Records(start, sizes, sizes, start, 4711)) is None
