"""TCP and UDP headers, and lengths in them that lie."""

from collections import Counter

import pytest
from tests.core.capture import wires
from tests.core.capture.test_ip import decode

from pxcap.core.capture.ip import Columns
from pxcap.core.capture.records import PAD
from pxcap.core.capture.transport import read_transport


def test_tcp_numbers() -> None:
    rows, _ = decode(wires.ip4(wires.tcp(b"x", 0xFFFFFFFE, 0x80000001, 0xC2)))
    assert (rows[0].seq, rows[0].ack, rows[0].flags) == (0xFFFFFFFE, 0x80000001, 0xC2)


@pytest.mark.parametrize("size", range(0, 41, 4))
def test_tcp_options(size: int) -> None:
    packet = wires.ip4(wires.tcp(b"hello", options=b"\1" * size))
    assert decode(packet) == ([wires.row(b"hello")], {})


def test_tcp_options_cut_short_leave_the_place_in_the_stream() -> None:
    packet = wires.ip4(wires.tcp(b"hello", options=b"\1" * 12))
    assert decode(packet, cut=45) == ([wires.row(b"", wire=5)], {})


@pytest.mark.parametrize("offset", [0x00, 0x40, 0xF0])
def test_tcp_header_length_that_cannot_be(offset: int) -> None:
    segment = bytearray(wires.tcp(b"hello"))
    segment[12] = offset
    assert decode(wires.ip4(bytes(segment)), wires.ip4(wires.tcp())) == ([wires.row()], {"malformed": 1})


def test_udp() -> None:
    rows, skipped = decode(wires.ip4(wires.udp(b"hello"), 17), wires.ip6(wires.udp(b""), 17))
    assert rows == [wires.row(b"hello", proto=17), wires.row(b"", proto=17, version=6)]
    assert not skipped


@pytest.mark.parametrize(("length", "payload"), [(0, b"hello"), (8, b""), (10, b"he"), (13, b"hello"), (500, b"hello")])
def test_udp_length(length: int, payload: bytes) -> None:
    assert decode(wires.ip4(wires.udp(b"hello", length), 17)) == ([wires.row(payload, proto=17)], {})


@pytest.mark.parametrize("length", [1, 7])
def test_udp_length_that_cannot_be(length: int) -> None:
    assert decode(wires.ip4(wires.udp(b"hello", length), 17)) == ([], {"malformed": 1})


def test_udp_cut_short() -> None:
    packet = wires.ip4(wires.udp(b"hello"), 17)
    assert decode(packet, cut=30) == ([wires.row(b"he", proto=17, wire=5)], {})
    assert decode(packet, cut=27) == ([], {"header cut short": 1})


def test_nothing_good_is_no_window() -> None:
    columns = Columns(2)
    assert read_transport(PAD, columns.l4, columns, Counter()) is None
