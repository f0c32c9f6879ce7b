"""HTTP/2 is recognised by preface, settings and frames; nothing else is taken for it."""

import pytest
from tests.plugins.http.h2.frames import SETTINGS_ACK, Side, data, frame, settings

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.http.h2.recognise import recognise, server_begins
from pxcap.plugins.http.h2.wire import PREFACE

PINGS = frame(8, 0, 0, b"\0\0\0\1") + frame(6, 0, 0, bytes(8)) + data(3, b"hello")


@pytest.mark.parametrize(
    ("asked", "told", "midstream"),
    [
        (PREFACE, b"", False),
        (PREFACE + settings(), settings((3, 100)), True),
        (b"", settings((3, 100), (4, 65536)), False),
        (b"", settings((0x1A2A, 5), (0x9, 1)) [:9], False),
        (Side().get(1), b"", True),
        (b"", Side().ok(1), True),
        (PINGS + Side().get(5), b"", True),
    ],
)  # fmt: skip
def test_sure(asked: bytes, told: bytes, midstream: bool) -> None:
    assert recognise(Sample(asked, told, midstream=midstream)) == SURE


@pytest.mark.parametrize(
    ("asked", "told", "midstream"),
    [
        (PREFACE[:10], b"", False),
        (b"", settings(), False),
        (b"", settings((3, 1))[:6], False),
        (PINGS, b"", True),
        (PINGS, b"inside a body", True),
    ],
)
def test_perhaps(asked: bytes, told: bytes, midstream: bool) -> None:
    assert NO < recognise(Sample(asked, told, midstream=midstream)) < SURE


@pytest.mark.parametrize(
    ("asked", "told", "midstream"),
    [
        (b"", b"", False),
        (b"", PREFACE, False),
        (b"GET / HTTP/1.1\r\n\r\n", b"", False),
        (b"PRI", b"", False),
        (b"", SETTINGS_ACK, False),
        (b"", settings((0, 1)), False),
        (b"", settings((0x7777, 1)), False),
        (b"", b"\0\0\0\x12\0\3\0\0\0\1", False),
        (Side().ok(1), b"", True),
        (b"", Side().get(1), True),
        (bytes(64), bytes(64), True),
        (b"\0\0\0\x2a\0\x12\0\3\0\0\0\1\0\7adminclient", b"", True),
        (data(1, b"x") + b"GET / HTTP/1.1\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\n", b"", True),
    ],
)
def test_not(asked: bytes, told: bytes, midstream: bool) -> None:
    found = recognise(Sample(asked, told, midstream=midstream))
    assert found == NO or (asked == b"PRI" and found < SURE)


def test_the_beginning_of_a_server() -> None:
    assert server_begins(settings((3, 100))[:3]) == NO
    assert NO < server_begins(settings((3, 100))[:5]) < SURE
    assert server_begins(settings((3, 100))) == SURE
    assert server_begins(settings((4, 65535), (0xFE03, 1))) == SURE  # gRPC has one of its own
    assert server_begins(settings((0xFE03, 1))) == NO
    assert server_begins(settings((0, 1), (4, 65535))) == NO
