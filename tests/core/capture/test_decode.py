"""The packets looked at one by one: fragments and extension headers, and several link types in one stretch."""

from collections import Counter

import numpy as np
import pytest
from tests.core.capture import wires
from tests.core.capture.test_ip import decode
from tests.core.capture.wires import extension, fragment6

from pxcap.core.capture.decode import Decoder
from pxcap.core.capture.records import PAD, Records

U, T = wires.udp(b"hello, datagram"), wires.tcp(b"hello")


def auth(following: int, payload: bytes) -> bytes:
    return bytes([following, 4]) + bytes(22) + payload


@pytest.mark.parametrize(
    "packet",
    [
        wires.ip6(extension(6, T), 0),
        wires.ip6(extension(6, T, 64), 43),
        wires.ip6(extension(60, extension(6, T, 16)), 0),
        wires.ip6(auth(6, T), 51),
        wires.ip6(fragment6(6, T, 0, False), 44),
        wires.ip6(extension(43, extension(44, fragment6(51, auth(6, T), 0, False))), 0),
    ],
)
def test_extension_headers(packet: bytes) -> None:
    plain = wires.ip6(T)
    assert decode(packet) == ([wires.row(b"hello", version=6)], {})
    assert decode(plain, packet, plain)[0] == [wires.row(b"hello", version=6)] * 3
    assert decode(packet, cut=len(packet) - 2)[0] == [wires.row(b"hel", version=6, wire=5)]
    for cut in range(40, len(packet) - 25):
        assert decode(packet, cut=cut) == ([], {"header cut short": 1}), cut


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (wires.ip6(b"\x06\x09" + T, 0), "malformed"),  # longer than the packet
        (wires.ip6(b"\x06", 60), "malformed"),
        (wires.ip6(b"\0\0\0\0\0\0\0\0" * 30, 0), "malformed"),  # too many
        (wires.ip6(extension(58, b""), 0), "icmp6"),
        (wires.ip6(extension(59, b""), 0), "no payload"),
    ],
)
def test_extension_headers_that_lead_nowhere(packet: bytes, reason: str) -> None:
    assert decode(packet) == ([], {reason: 1})


def test_fragments() -> None:
    first = wires.ip4(U[:8], 17, more=True)
    last = wires.ip4(U[8:], 17, offset=8)
    other = wires.ip4(T)
    whole = wires.row(b"hello, datagram", proto=17)
    assert decode(first, other, last, other) == ([wires.row(b"hello"), whole, wires.row(b"hello")], {})
    assert decode(last, first, first, last)[0] == [whole, whole]


def test_fragments_of_ipv6() -> None:
    inner = extension(17, U)  # the fragmentable part may begin with headers
    first = wires.ip6(extension(44, fragment6(60, inner[:16], 0, True)), 0)
    last = wires.ip6(fragment6(17, inner[16:], 16, False), 44)
    assert decode(first, last) == ([wires.row(b"hello, datagram", version=6, proto=17)], {})


def test_a_fragmented_packet_that_is_neither_tcp_nor_udp_counts_once() -> None:
    assert decode(wires.ip4(bytes(8), 1, more=True), wires.ip4(bytes(8), 1, offset=8)) == ([], {"icmp": 1})


def test_fragments_are_told_apart() -> None:
    packets = [wires.ip4(U[:8], 17, ident=n, more=True) for n in range(3)]
    packets += [wires.ip4(U[8:], 17, ident=n, offset=8) for n in range(3)]
    assert [row.ipid for row in decode(*packets)[0]] == [0, 1, 2]


def test_fragments_wait_from_stretch_to_stretch_and_are_counted_in_the_end() -> None:
    decoder = Decoder()
    outcomes = []
    for packet in (wires.ip4(U[:8], 17, more=True), wires.ip4(U[8:], 17, offset=8), wires.ip4(U[:8], 17, more=True)):
        size = np.array([len(packet)], np.int64)
        start = np.array([0], np.int64)
        outcomes.append(decoder.decode(packet + PAD, Records(start, size, size, start + 5, 228)))
    assert [window is not None and len(window) for window in outcomes] == [False, 1, False]
    assert not +decoder.skipped
    decoder.finish()
    assert decoder.skipped == Counter({"fragment without the others": 1})


def test_several_link_types_in_one_stretch() -> None:
    frames = [wires.ether(wires.ip4(T)), wires.ip6(T), wires.ether(wires.ip6(U, 17), 0x86DD), b"??", wires.ip4(U, 17)]
    links = np.array([1, 101, 1, -1, 228], np.int64)
    size = np.array([len(frame) for frame in frames], np.int64)
    time = np.arange(5, dtype=np.int64)
    decoder = Decoder()
    window = decoder.decode(b"".join(frames) + PAD, Records(size.cumsum() - size, size, size, time, links))
    assert window is not None
    assert [(row.time, row.src, row.proto) for row in wires.rows_of(window)] == [
        (0, wires.A4, 6), (1, wires.A6, 6), (2, wires.A6, 17), (4, wires.A4, 17)]  # fmt: skip
    assert +decoder.skipped == {"interface not described": 1}
