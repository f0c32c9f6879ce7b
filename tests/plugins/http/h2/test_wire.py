"""What may be a frame, and where one is found."""

import pytest
from tests.plugins.http.h2.frames import Side, data, frame, goaway, reset, settings

from pxcap.core.stream import REQUEST, RESPONSE
from pxcap.plugins.http.h2 import wire

THREE = data(1, b"x") + reset(1, 8) + settings((3, 1))


@pytest.mark.parametrize(
    ("header", "likely", "legal"),
    [
        ((0, 0, 1, 1), True, True),
        ((16384, 0, 1, 1), True, True),
        ((16385, 0, 0, 1), False, True),
        ((5, 0, 0, 0), False, False),
        ((5, 1, 0x25, 1), True, True),
        ((0, 1, 4, 1), False, True),
        ((5, 1, 0x40, 1), False, True),
        ((4, 3, 0, 1), True, True),
        ((5, 3, 0, 1), False, False),
        ((6, 4, 0, 0), True, True),
        ((6, 4, 1, 0), False, True),
        ((6, 4, 0, 1), False, False),
        ((4, 5, 4, 1), False, True),
        ((7, 7, 0, 0), False, True),
        ((8, 6, 1, 0), True, True),
        ((4, 8, 0, 0), True, True),
        ((4, 0xFA, 0xFF, 7), False, True),
        ((4, 0, 0, 0x7FFFFFFF), False, True),
    ],
)
def test_headers(header: tuple[int, int, int, int], likely: bool, legal: bool) -> None:
    length, kind, flags, stream = header
    assert wire.plausible(length, kind, flags, stream) is likely
    assert wire.well_formed(length, kind, stream) is legal


def test_a_header_is_read() -> None:
    assert wire.header_at(b"x\1\2\3\4\5\x80\0\0\7", 1) == (0x010203, 4, 5, 0x80000007)


@pytest.mark.parametrize(
    ("block", "side"),
    [
        (Side().block((":method", "GET"), (":path", "/x")), REQUEST),
        (Side().block((":method", "PATCH"), ("x-other", "y" * 300)), REQUEST),
        (Side().block((":status", "200"), ("x-other", "y")), RESPONSE),
        (Side().block((":status", "418")), RESPONSE),
        (b"\x3f\xe1\x1f" + Side().block((":status", "200")), RESPONSE),
        (Side().block(("grpc-status", "0")), -1),
        (b"\xbe\x82", -1),
        (b"\x82\x40\x05ab", -1),
        (b"\x82\x40\x01", -1),
        (b"\x82\xff\xff\xff\xff\xff", -1),
        (b"\x82\xff", -1),
        (b"\x80\x82", -1),
        (b"", -1),
    ],
)
def test_whose_block(block: bytes, side: int) -> None:
    assert wire.begins_message(block) == side


def test_the_block_in_a_frame() -> None:
    assert wire.block_of(b"\2\0\0\0\1\7block\0\0", 0, 13, wire.PADDED | wire.PRIORITIZED) == b"block"
    assert wire.block_of(b"block", 0, 5, 0) == b"block"
    assert wire.block_of(b"", 0, 0, wire.PADDED) == b""


@pytest.mark.parametrize(
    ("buf", "boundary", "found"),
    [
        (b"in a body" + Side().get(1), False, (9, 9)),
        (b"in a body" + Side().get(1)[:-1], False, (-1, 9)),
        (b"body" + THREE, False, (4, 4)),
        (b"body" + THREE[:-1], False, (-1, 4)),
        (b"body" + data(1, b"x") + Side().get(1), False, (4, 4)),
        (b"body" + data(1, b"x"), False, (-1, 4)),
        (b"body" + data(1, b"x"), True, (4, 4)),
        (b"body" + data(1, b"x") + b"no frame at all", False, (-1, 5)),
        (b"body" + data(1, b"x") + b"no frame at all", True, (-1, 21)),
        (b"body" + frame(8, 0, 1, bytes(4)) + THREE, False, (17, 17)),
        (b"body" + frame(0, 0, 1, bytes(9000))[:20] + Side().get(1), False, (24, 24)),
        (bytes(100), False, (-1, 92)),
        (b"GET / HTTP/1.1\r\n\r\n", False, (-1, 10)),
    ],
)
def test_finding_a_frame(buf: bytes, boundary: bool, found: tuple[int, int]) -> None:
    assert wire.find_frame(buf, 0, boundary) == found


def test_names() -> None:
    assert [wire.error_name(code) for code in (0, 8, 13, 14)] == ["NO_ERROR", "CANCEL", "HTTP_1_1_REQUIRED", "0xe"]
    assert wire.frame_name(0xFA) == "frame_type_0xfa"


def test_layouts() -> None:
    payload = goaway(0x80000003, 11, b"calm")[9:]
    found = wire.GOAWAY_FRAME.parse(payload, 0)[0]
    assert (found.last & wire.STREAM, found.code, found.debug) == (3, 11, b"calm")
    keys = [(one.key, one.value) for one in wire.SETTING_LIST.parse(settings((1, 0), (5, 20000))[9:], 0)[0]]
    assert keys == [(1, 0), (5, 20000)]
    assert wire.SETTING_LIST.compiled
    assert frame(1, 4, 1, b"x")[:9] == b"\0\0\1\1\4\0\0\0\1"
