"""Where bodies end, and what is kept of them."""

import pytest

from pxcap.plugins.http.body import Body, Framing
from pxcap.plugins.http.wire import CHUNKED, GAP, MAX_CHUNK_LINE, MAX_HEAD, UNTIL_CLOSE


def take(frame: int, data: bytes, room: int = 100) -> tuple[Framing, Body, int]:
    framing, body = Framing(), Body(room)
    framing.start(frame)
    return framing, body, framing.take(data, 0, body)


def test_length() -> None:
    framing, body, pos = take(3, b"abcdef")
    assert (bytes(body.kept), body.size, pos, framing.ended) == (b"abc", 3, 3, True)


def test_only_what_has_room_is_kept() -> None:
    _, body, pos = take(UNTIL_CLOSE, b"abcdef", room=2)
    assert (bytes(body.kept), body.size, pos) == (b"ab", 6, 6)


def test_chunks() -> None:
    framing, body, pos = take(CHUNKED, b"2\r\nab\r\n3;x\nc\r\n\n0\r\nT: v\r\n\r\nGET")
    assert (bytes(body.kept), pos, framing.ended) == (b"abc\r\n", 26, True)


@pytest.mark.parametrize(
    "data",
    [b"g\r\n", b"-1\r\n", b"0x1\r\n", b"\r\n", b"1_0\r\n", b"1" * 17 + b"\r\n", b"1\r\nabc\r\n", b"1" * MAX_CHUNK_LINE],
)
def test_broken_chunks(data: bytes) -> None:
    framing, _, _ = take(CHUNKED, data)
    assert framing.broken


def test_endless_trailers_break() -> None:
    assert take(CHUNKED, b"0\r\n" + b"a: b\r\n" * MAX_HEAD)[0].broken


def test_gap_inside_a_length() -> None:
    framing, body, _ = take(10, b"abc")
    assert framing.gap(5, body, GAP)
    framing.take(b"yz", 0, body)
    assert (bytes(body.kept), body.size, body.note, framing.ended) == (b"abc", 10, GAP, True)


def test_gap_beyond_a_length_keeps_the_true_size() -> None:
    framing, body, _ = take(10, b"abc")
    assert not framing.gap(8, body, GAP)
    assert (body.size, framing.ended) == (10, True)


def test_gap_in_a_chunk_size() -> None:
    framing, body, _ = take(CHUNKED, b"2\r\nab\r\n")
    assert not framing.gap(1, body, GAP)
    assert (body.size, body.note) == (2, GAP)


def test_gap_until_the_connection_ends() -> None:
    framing, body, _ = take(UNTIL_CLOSE, b"ab")
    assert framing.gap(7, body, GAP)
    assert body.size == 9
    assert framing.until_close
