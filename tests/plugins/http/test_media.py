"""Bodies as records show them."""

import gzip

import pytest

from pxcap.plugins.http.body import Body
from pxcap.plugins.http.headers import Heads
from pxcap.plugins.http.media import media_of, show

PNG = b"\x89PNG\r\n\x1a\n\0"


def shown(data: bytes, content_type: str, coding: str = "", limit: int = 100) -> str:
    block = f"Content-Type: {content_type}\r\n" * bool(content_type) + f"Content-Encoding: {coding}\r\n" * bool(coding)
    body = Body(1000)
    body.add(data, 0, len(data))
    return show(body, Heads(True).headers(block.encode())[1], limit, True)[0]


@pytest.mark.parametrize(
    ("data", "content_type", "wanted"),
    [
        (b"", "image/png", ""),
        (PNG, "image/png", "[image/png, 9 bytes]"),
        (PNG, "Application/Octet-Stream; x=y", "[application/octet-stream, 9 bytes]"),
        (PNG, "", "[application/octet-stream, 9 bytes]"),
        (b"plain", "", "plain"),
        (b"plain", "application/octet-stream", "plain"),
        (b"plain", "application/x-unheard-of", "plain"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"%PDF-1", "application/pdf", "[application/pdf, 6 bytes]"),
        (b"a=1&b=two+words", "application/x-www-form-urlencoded", "a=1&b=two+words"),
        (b'{"a":"\xc3\xa9"}', "application/vnd.x+json", '{"a":"\u00e9"}'),
        (b"--b\r\n\r\n\xff\0\r\n--b--", "multipart/form-data; boundary=b", "--b\r\n\r\n\\xff\\x00\r\n--b--"),
        (b"caf\xe9", "text/plain; charset=ISO-8859-1", "caf\u00e9"),
        (b"caf\xe9", 'text/plain; charset="latin1"', "caf\u00e9"),
        (b"caf\xe9", "text/plain", "caf\\xe9"),
        (b"caf\xe9", "text/plain; charset=no-such", "caf\\xe9"),
        (b"x", "text/plain; charset=zlib", "x"),
        ("h\u00e9".encode("utf-16"), "text/plain; charset=utf-16", "h\u00e9"),
        ("\u65e5\u672c".encode("shift_jis"), "text/html;charset=Shift_JIS", "\u65e5\u672c"),
        (b"\x81\xff\0", "text/html;charset=shift_jis", "\\x81\\xff\\x00"),
    ],
)
def test_shown(data: bytes, content_type: str, wanted: str) -> None:
    assert shown(data, content_type) == wanted


@pytest.mark.parametrize(
    ("data", "content_type", "wanted"),
    [
        ("ab\u00e9".encode(), "text/plain", "ab"),
        ("a\u65e5".encode("utf-16-le"), "text/plain; charset=utf-16le", "a"),
        ("\u65e5\u672c".encode("shift_jis"), "text/plain; charset=shift_jis", "\u65e5"),
    ],
)
def test_a_cut_never_ends_inside_a_character(data: bytes, content_type: str, wanted: str) -> None:
    assert shown(data, content_type, limit=3) == wanted


def test_limit_of_nothing() -> None:
    assert shown(b"plain", "text/plain", limit=0) == ""
    assert shown(b"plain", "", limit=0) == ""
    assert shown(PNG, "image/png", limit=0) == "[image/png, 9 bytes]"


def test_decoded_before_the_cut() -> None:
    assert shown(gzip.compress(b"x" * 5000), "text/plain", "gzip") == "x" * 100
    assert shown(b"not gzip", "text/plain", "gzip") == "not gzip"
    assert shown(PNG, "text/plain", "compress") == "[text/plain, 9 bytes]"
    assert shown(gzip.compress(PNG), "image/png", "gzip").startswith("[image/png, ")


def test_kind() -> None:
    assert [media_of(name).kind for name in ("application/json", "a/b+json; q=1", "application/grpc+proto", "text/x")] == [
        1, 1, 2, 0]  # fmt: skip
