"""Header blocks: how they are shown and what they decide."""

import json

import pytest

from pxcap.plugins.http import headers
from pxcap.plugins.http.headers import MAX_BLOCKS, MAX_LINES, Heads, shared_heads
from pxcap.plugins.http.types import Headers
from pxcap.plugins.http.wire import CHUNKED, UNKNOWN, UNTIL_CLOSE


def parse(block: str, redact: bool = True) -> Headers:
    return Heads(redact).headers(block.encode())


@pytest.mark.parametrize(
    ("block", "request_frame", "response_frame", "codings"),
    [
        ("", 0, UNTIL_CLOSE, ()),
        ("Content-Length: 5\r\n", 5, 5, ()),
        ("content-length:005\n", 5, 5, ()),
        ("Content-Length: 5, 5\r\nContent-Length: 5\r\n", 5, 5, ()),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", UNKNOWN, UNKNOWN, ()),
        ("Content-Length: +5\r\n", UNKNOWN, UNKNOWN, ()),
        ("Content-Length: \r\n", UNKNOWN, UNKNOWN, ()),
        ("Content-Length: 5\u0665\r\n", UNKNOWN, UNKNOWN, ()),
        (f"Content-Length: {'9' * 5000}\r\n", UNKNOWN, UNKNOWN, ()),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", CHUNKED, CHUNKED, ()),
        ("Transfer-Encoding: GZip;q=1, Chunked\r\nContent-Encoding: br\r\n", CHUNKED, CHUNKED, ("br", "gzip")),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", CHUNKED, CHUNKED, ("gzip",)),
        ("Transfer-Encoding: gzip\r\n", UNKNOWN, UNTIL_CLOSE, ("gzip",)),
        ("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", 5, 5, ()),
    ],
)
def test_frames(block: str, request_frame: int, response_frame: int, codings: tuple[str, ...]) -> None:
    found = parse(block)[1]
    assert (found.request_frame, found.response_frame, found.codings) == (request_frame, response_frame, codings)


def test_secrets() -> None:
    block = "Authorization: Basic x\r\nCookie: a=b\r\nCookie: c=d\r\nLocation: /?token=s\r\nA: b\r\n"
    assert json.loads(parse(block)[0]) == {
        "Authorization": "[redacted]",
        "Cookie": ["[redacted]", "[redacted]"],
        "Location": "/?token=[redacted]",
        "A": "b",
    }
    assert json.loads(parse(block, redact=False)[0])["Cookie"] == ["a=b", "c=d"]


def test_lines_that_are_no_headers() -> None:
    found = parse("nonsense\r\n: empty\r\nA: b\r\n")
    assert found[0] == '{"A":"b"}'
    assert found[1].errors == ("header_line", "header_line")


def test_what_makes_a_response_fast() -> None:
    assert parse("Content-Type: text/html\r\nContent-Length: 5\r\n")[1].fast
    assert parse("Content-Length: 0\r\n")[1].fast
    assert not parse("Content-Length: 5\r\n")[1].fast
    assert not parse("Content-Type: text/html; charset=latin-1\r\nContent-Length: 5\r\n")[1].fast


def test_what_is_remembered_is_bounded_and_right() -> None:
    heads = Heads(True)
    for number in range(3 * MAX_LINES):
        line = heads.request_line(b"GET /%d HTTP/1.1\r" % number)
        status = heads.status_line(b"HTTP/1.1 200 %d\r" % number)
        block = heads.headers(b"N%d: %d\r\nContent-Type: a/%d\r\n" % (number, number, number))
        assert line is not None
        assert status is not None
        assert (line[1], status.message) == (f"/{number}", str(number))
        assert block[0] == f'{{"N{number}":"{number}","Content-Type":"a/{number}"}}'
    assert len(heads.request_lines) <= MAX_LINES
    assert len(heads.status_lines) <= MAX_LINES
    assert len(heads.blocks) <= MAX_BLOCKS
    assert max(len(heads._fields), len(heads._names), len(heads._media), len(heads._meanings)) <= MAX_LINES


def test_long_ones_are_not_remembered() -> None:
    heads = Heads(True)
    heads.request_line(b"GET /" + b"x" * headers.MAX_LINE + b" HTTP/1.1")
    heads.status_line(b"HTTP/1.1 200 " + b"x" * headers.MAX_LINE)
    heads.headers(b"Content-Type: " + b"x" * headers.MAX_BLOCK + b"\r\n" + b"yy" * headers.MAX_LINE + b": z\r\n")
    for remembered in (heads.request_lines, heads.status_lines, heads.blocks, heads._fields, heads._media):
        assert remembered == {}
    assert len(heads._names) == 1


def test_shared_by_the_wish_about_secrets() -> None:
    assert shared_heads(True) is shared_heads(True)
    assert shared_heads(True) is not shared_heads(False)


def test_cut_request_line() -> None:
    line = Heads(True).cut_request_line(b"GET /a?token=abc")
    assert line is not None
    assert (line[1], line[0].minor) == ("/a?token=[redacted]", None)
    assert Heads(True).cut_request_line(b"nonsense") is None
