"""Start lines, whole, cut and searched for."""

import pytest

from pxcap.plugins.http import wire
from pxcap.plugins.http.wire import MAYBE, NO, NOTES, YES


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"GET / HTTP/1.1\r", (b"GET", b"/", 1, 1)),
        (b"GET\t/\tHTTP/1.0 \r", (b"GET", b"/", 1, 0)),
        (b"X-!#y http://h/ HTTP/1.1", (b"X-!#y", b"http://h/", 1, 1)),
        (b"GET / HTTP/9.8", (b"GET", b"/", 9, 8)),
        (b"GET /HTTP/1.1", None),
        (b"GET HTTP/1.1", None),
        (b"GET  HTTP/1.1", None),
        (b" GET / HTTP/1.1", None),
        (b"GET / HTTP/11", None),
        (b"GET / http/1.1", None),
        (b"INVITE sip:a@b SIP/2.0", None),
        (b"OPTIONS rtsp://h/ RTSP/1.0", None),
        (b"G\x00T / HTTP/1.1", None),
        (b"PRI * HTTP/2.0", None),
        (b"", None),
    ],
)
def test_request_line(raw: bytes, wanted: tuple[bytes, bytes, int, int] | None) -> None:
    assert wire.split_request_line(raw) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"HTTP/1.1 200 OK\r", (200, b"OK", 1, 1)),
        (b"HTTP/1.0 404", (404, b"", 1, 0)),
        (b"HTTP/1.1 200 ", (200, b"", 1, 1)),
        (b"HTTP/1.1 200 Two  words ", (200, b"Two  words", 1, 1)),
        (b"HTTP/1.1 20", None),
        (b"HTTP/1.1 2000 OK", None),
        (b"HTTP/1.1 200OK", None),
        (b"ICY 200 OK", None),
        (b"RTSP/1.0 200 OK", None),
    ],
)
def test_status_line(raw: bytes, wanted: tuple[int, bytes, int, int] | None) -> None:
    assert wire.split_status_line(raw) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"GET /lon", (b"GET", b"/lon")),
        (b"GET /a HTT", (b"GET", b"/a")),
        (b"CONNECT h:4", (b"CONNECT", b"h:4")),
        (b"OPTIONS *", (b"OPTIONS", b"*")),
        (b"GET", None),
        (b"GET x", None),
        (b"hello /w", None),
    ],
)
def test_cut_request_line(raw: bytes, wanted: tuple[bytes, bytes] | None) -> None:
    assert wire.split_cut_request_line(raw) == wanted


@pytest.mark.parametrize(
    ("piece", "wanted"),
    [
        (b"", MAYBE), (b"GE", MAYBE), (b"GET", MAYBE), (b"GET ", MAYBE), (b"GET /", YES), (b"GET h", YES),
        (b"GET http:", YES), (b"GET hello", NO), (b"POST offices", NO), (b"CONNECT {", NO), (b"CONNECT [::1]", YES),
        (b"get /", NO), (b"BREW /", NO), (b"\x16\x03", NO),
    ],
)  # fmt: skip
def test_starts_request(piece: bytes, wanted: int) -> None:
    assert wire.starts_request(piece) == wanted


@pytest.mark.parametrize(
    ("piece", "wanted"), [(b"", MAYBE), (b"HTTP", MAYBE), (b"HTTP/1.", YES), (b"HTTP/2", NO), (b"<html", NO)]
)
def test_starts_response(piece: bytes, wanted: int) -> None:
    assert wire.starts_response(piece) == wanted


@pytest.mark.parametrize(
    ("buf", "wanted"),
    [
        (b"GET / HTTP/1.1\r\n", YES),
        (b"GET / HTTP/1.1", MAYBE),
        (b"GET / SIP/2.0\n", NO),
        (b"small body", NO),
        (b"GET /" + b"x" * wire.MAX_TARGET, NO),
    ],
)
def test_whole_request_line(buf: bytes, wanted: int) -> None:
    assert wire.whole_request_line(buf, 0) == wanted


@pytest.mark.parametrize(
    ("buf", "boundary", "found"),
    [
        (b"tailGET / HTTP/1.1\r\n", True, 4),
        (b"XGET / HTTP/1.1\r\n", True, 1),
        (b"x\nUNLINK / HTTP/1.0\n", False, 2),
        (b"x\nBREW / HTTP/1.1\n", False, 2),
        (b"BREW / HTTP/1.1\r\n", True, 0),
        (b"BREW / HTTP/1.1\r\n", False, -1),
        (b'GET / HTTP/1.1" 200\r\n', True, -1),
        (b"GET / HTTP/1.1\rx\n", True, -1),
        (b"GET / HTTP/1.1", True, -1),
        (b"word / HTTP/1.1\r\n", True, -1),
        (b"/ HTTP/1.1\r\n", True, -1),
        (b"a HTTP/1.1\nPUT /x HTTP/1.1\r\n", True, 11),
    ],
)
def test_find_request(buf: bytes, boundary: bool, found: int) -> None:
    assert wire.find_request(buf, 0, boundary)[0] == found


def test_what_a_search_keeps_is_bounded() -> None:
    assert wire.find_request(b"x" * 100_000, 0, False) == (-1, 100_000 - wire.MAX_TARGET - 16)
    assert wire.find_response(b"x" * 100_000, 0) == (-1, 99_994)
    assert wire.find_response(b"xHTTP/1.1 20", 0) == (-1, 1)
    assert wire.find_response(b"HTTP/1.1 2000 HTTP/1.1 200 OK", 0) == (14, 14)


def test_notes() -> None:
    assert NOTES[0] == ""
    assert NOTES[wire.NO_REQUEST | wire.NO_RESPONSE | wire.GAP] == "no_request,no_response,gap"
    assert NOTES[wire.MIDSTREAM | wire.TRUNCATED | wire.GUESSED] == "midstream,truncated,guessed"
    assert NO < MAYBE < YES
