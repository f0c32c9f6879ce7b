"""What is HTTP/1, what may become it, and what only resembles it."""

import pytest

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.http.recognise import recognise

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "response_bytes"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
        (b"BREW /pot HTTP/1.0\r\n", b""),
        (b"\r\nGET / HTTP/1.1\n", b""),
        (b"", OK),
        (b"GE", OK),
        (b"rubbish\r\n", b"HTTP/1.1 400 Bad Request\r\n"),
    ],
)
def test_sure(request_bytes: bytes, response_bytes: bytes) -> None:
    assert recognise(Sample(request_bytes, response_bytes)) == SURE


@pytest.mark.parametrize(
    ("request_bytes", "response_bytes"),
    [(b"GET /a", b""), (b"G", b""), (b"CONNECT h:1", b""), (b"", b"HTTP/1.1 2"), (b"", b"HT"), (b"OPTIONS *", b"")],
)
def test_perhaps(request_bytes: bytes, response_bytes: bytes) -> None:
    assert NO < recognise(Sample(request_bytes, response_bytes)) < SURE


@pytest.mark.parametrize(
    ("request_bytes", "response_bytes"),
    [
        (b"", b""),
        (OK, b""),
        (OK, b"GET / HTTP/1.1\r\n"),
        (b"", b"GET / HTTP/1.1\r\n"),
        (b"GET / HTTP/2.0\r\n", b""),
        (b"\x16\x03\x01\x02\x00\x01", b"HTTP/1.1 400 Bad Request\r\n"),
        (b"GET key\r\n", b"$-1\r\n"),
        (b"GET /key\r\n", b"$-1\r\n"),
        (b"CONNECT {}\r\n", b"INFO {}\r\n"),
        (b"INVITE sip:a@b SIP/2.0\r\n", b""),
        (b"OPTIONS rtsp://h/ RTSP/1.0\r\n", b""),
        (b"GET /radio HTTP/1.0\r\n", b"ICY 200 OK\r\n"),
        (b"GET /", b"SSH-2.0-x\r\n"),
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"", b"HTTP/1.1 nonsense"),
    ],
)
def test_not(request_bytes: bytes, response_bytes: bytes) -> None:
    assert recognise(Sample(request_bytes, response_bytes)) == NO


@pytest.mark.parametrize(
    ("request_bytes", "response_bytes", "midstream", "wanted"),
    [
        (b"tail\r\nGET / HTTP/1.1\r\n", b"", True, 80),
        (b"", b"tail" + OK, True, 80),
        (b"tail\r\nGET / HTTP/1.1\r\n", b"", False, NO),
        (b"GET / HTTP/1.1\r\n", b"tail", True, SURE),
        (b"tail", b"tail", True, NO),
    ],
)
def test_midstream(request_bytes: bytes, response_bytes: bytes, midstream: bool, wanted: int) -> None:
    assert recognise(Sample(request_bytes, response_bytes, midstream=midstream)) == wanted
