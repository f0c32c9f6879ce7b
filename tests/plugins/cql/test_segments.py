"""Segments of both formats, whole and damaged."""

import pytest
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.segments import LZ4_HEAD, PLAIN_HEAD, Segment, head_at, read_head

PAYLOAD = b"payload " * 40


@pytest.mark.parametrize("whole", [True, False])
def test_heads(whole: bool) -> None:
    plain = head_at(w.segment(PAYLOAD, whole), 0)
    assert plain is not None
    assert plain == (len(PAYLOAD), 0, whole, PLAIN_HEAD)
    packed = head_at(b"x" + w.segment(PAYLOAD, whole, packed=True), 1)
    assert packed is not None
    assert packed[1:] == (len(PAYLOAD), whole, LZ4_HEAD)


def test_what_is_no_head() -> None:
    good = w.segment(PAYLOAD)
    for at in range(PLAIN_HEAD):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            assert head_at(bytes(bad), 0) is None
    assert head_at(good[:5], 0) is None
    padded = b"\x01\x00\x04"
    assert read_head(padded + w.crc24(padded).to_bytes(3, "little")) is None
    padded = b"\x01\x00\x00\x00\x08"
    assert read_head(padded + w.crc24(padded).to_bytes(3, "little")) is None


def collected(data: bytes) -> Segment:
    head = head_at(data, 0)
    assert head is not None
    segment = Segment(head, 7)
    segment.collect(data[head.length : head.length + head.size])
    assert segment.trailer(data[-4:-2]) == 2
    assert not segment.complete
    assert segment.trailer(data[-2:] + b"next") == 2
    assert segment.complete
    return segment


def test_unpacking() -> None:
    segment = collected(w.segment(PAYLOAD, packed=True))
    assert (segment.sound, segment.unpack()) == (True, PAYLOAD)
    incompressible = bytes(range(40))
    assert collected(w.segment(incompressible, packed=True)).unpack() == incompressible
    bad = bytearray(w.segment(PAYLOAD, packed=True))
    bad[LZ4_HEAD] = 0xFF  # more literals than there are bytes
    damaged = collected(bytes(bad))
    assert (damaged.sound, damaged.unpack()) == (False, None)


def test_losing() -> None:
    head = head_at(w.segment(PAYLOAD), 0)
    assert head is not None
    segment = Segment(head, 0)
    segment.count(PAYLOAD[:100])
    assert segment.lose(50) == 0
    assert (segment.left, segment.whole, segment.unpack()) == (len(PAYLOAD) - 150, False, None)
    assert segment.lose(segment.left + 4 + 9) == 9
    assert segment.complete
    assert segment.sound  # nobody can tell
