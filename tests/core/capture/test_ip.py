"""IP headers: options, padding, lengths that lie, and what of it the snap length took away."""

from collections import Counter

import numpy as np
import pytest
from tests.core.capture import wires
from tests.core.capture.wires import Row

from pxcap.core.capture.decode import Decoder
from pxcap.core.capture.ip import Columns, HeaderReader
from pxcap.core.capture.records import PAD, Records

T, U = wires.tcp(b"hello"), wires.udp(b"hello")


def decode(*packets: bytes, cut: int | None = None) -> tuple[list[Row], Counter[str]]:
    """Rows of raw IP packets, of which the first `cut` bytes were captured."""
    kept = [packet[:cut] for packet in packets]
    sizes = np.array([len(packet) for packet in kept], np.int64)
    wire = np.array([len(packet) for packet in packets], np.int64)
    time = np.full(len(kept), wires.START, np.int64)
    decoder = Decoder()
    window = decoder.decode(b"".join(kept) + PAD, Records(sizes.cumsum() - sizes, sizes, wire, time, 101))
    return list(wires.rows_of(window)) if window else [], +decoder.skipped


@pytest.mark.parametrize(
    ("packet", "version"),
    [
        (wires.ip4(T), 4),
        (wires.ip4(T, options=bytes(4)), 4),
        (wires.ip4(T, options=bytes(40)), 4),
        (wires.ip4(T) + b"padding", 4),
        (wires.ip4(T, total=0), 4),
        (wires.ip6(T), 6),
        (wires.ip6(T) + b"padding", 6),
        (wires.ip6(T, length=0), 6),
    ],
)
def test_payload(packet: bytes, version: int) -> None:
    assert decode(packet) == ([wires.row(b"hello", version=version)], {})
    assert decode(packet, packet, packet)[0] == [wires.row(b"hello", version=version)] * 3


def test_both_versions_in_one_stretch() -> None:
    rows, skipped = decode(wires.ip4(T), wires.ip6(U, 17), wires.ip4(U, 17), wires.ip6(T))
    assert [(row.src, row.proto, row.payload) for row in rows] == [
        (wires.A4, 6, b"hello"), (wires.A6, 17, b"hello"), (wires.A4, 17, b"hello"), (wires.A6, 6, b"hello")]  # fmt: skip
    assert not skipped


@pytest.mark.parametrize("packet", [wires.ip4(T, options=bytes(8)), wires.ip6(T)])
def test_snap_length(packet: bytes) -> None:
    payload = len(packet) - 5
    version = packet[0] >> 4
    assert decode(packet, cut=payload + 2) == ([wires.row(b"he", version=version, wire=5)], {})
    assert decode(packet, cut=payload) == ([wires.row(b"", version=version, wire=5)], {})
    for cut in range(1, payload):
        assert decode(packet, cut=cut) == ([], {"header cut short": 1}), cut


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"\x44" + wires.ip4(T)[1:], "malformed"),  # header of 16 bytes
        (wires.ip4(T, total=19), "malformed"),
        (wires.ip4(T, total=30), "malformed"),  # shorter than TCP's header
        (wires.ip6(T, length=4), "malformed"),
        (wires.ip4(b"", 1), "icmp"),
        (wires.ip4(b"", 2), "igmp"),
        (wires.ip4(wires.ip4(T), 4), "ip in ip"),
        (wires.ip4(b"", 47), "gre"),
        (wires.ip4(b"", 132), "sctp"),
        (wires.ip4(b"", 200), "ip protocol 200"),
        (wires.ip6(b"", 58), "icmp6"),
        (wires.ip6(b"", 59), "no payload"),
    ],
)
def test_skipped(packet: bytes, reason: str) -> None:
    assert decode(packet) == ([], {reason: 1})
    rows, skipped = decode(packet, wires.ip4(T), packet)
    assert rows == [wires.row(b"hello")]
    assert skipped == {reason: 2}


def test_version_that_does_not_match_its_link() -> None:
    skipped: Counter[str] = Counter()
    buf = wires.ip4(T) + PAD
    at, end = np.array([0], np.int64), np.array([45], np.int64)
    columns = Columns(1)
    assert HeaderReader(skipped).v6(buf, at, end, end, columns, slice(None)) == []
    assert not columns.good.any()
    assert +skipped == {"malformed": 1}
