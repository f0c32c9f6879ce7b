"""Segments of whole messages: taken at once, or left from the first odd one on, and as the other loops would have it."""

from collections import deque

import pytest
from tests.plugins.redis.exchange import command

from pxcap.core.protocol import Row
from pxcap.core.stream import Chunk
from pxcap.plugins.redis.fast import common_replies, common_requests
from pxcap.plugins.redis.types import Request
from pxcap.plugins.redis.whole import whole_replies, whole_requests

PLAIN = command("GET", "k") + command("SET", "a", "b c") + command("PING") + command("DEL", "a", "b", "é")
ODD = [
    command("AUTH", "secret"),
    command("SET", "k", "with\r\nline ends"),
    command("GET", "\r\n"),
    command("GET", b"\xff"),
    b"*2\r\n$3\r\nGET\r\n$01\r\nk\r\n",
    b"*2\r\n$4\r\nGET\r\n$1\r\nk\r\n",
    b"*0\r\n",
    b"*3\r\n$3\r\nGET\r\n$1\r\nk\r\n",
    b"PING\r\n",
    b"\r\n",
]


def requests(data: bytes) -> tuple[list[Request], int]:
    found: list[Request] = []
    return found, whole_requests(b"xx" + data, 2, 2 + len(data), 7, found.append) - 2


def replies(data: bytes, pending: int = 20) -> tuple[list[str], int, int]:
    rows: list[Row] = []
    waiting: deque[Request] = deque([(1, "GET", "[]", None, "")] * pending)
    end = whole_replies(b"xx" + data, 2, 2 + len(data), 5, waiting, rows) - 2
    assert all(row[:3] == (1, "GET", "[]") and row[4:] == (0, 4, "") for row in rows)
    return [row[3] for row in rows], end, len(waiting)


def test_plain_requests_are_taken_as_the_other_loop_takes_them() -> None:
    found, end = requests(PLAIN)
    one_by_one: list[Request] = []
    chunk = Chunk(PLAIN, 0, [0], [7])
    assert common_requests(PLAIN, 0, 0, chunk, one_by_one.append, len(PLAIN) - 1) == end == len(PLAIN)
    assert found == one_by_one
    assert [request[2] for request in found] == ['["k"]', '["a","b c"]', "[]", '["a","b","é"]']


@pytest.mark.parametrize("odd", ODD)
def test_it_stops_where_a_request_is_odd(odd: bytes) -> None:
    found, end = requests(PLAIN + odd + PLAIN)
    assert (len(found), end) == (4, len(PLAIN))


def test_plain_replies_are_taken_as_the_other_loop_takes_them() -> None:
    data = b"+OK\r\n$5\r\nhello\r\n:42\r\n$-1\r\n$0\r\n\r\n+PONG\r\n$2\r\n\xc3\xa9\r\n"
    found, end, left = replies(data)
    assert (found, end, left) == (["OK", "hello", "42", "null", "", "PONG", "é"], len(data), 13)
    rows: list[Row] = []
    waiting: deque[Request] = deque([(1, "GET", "[]", None, "")] * 20)
    assert common_replies(data, 0, 0, Chunk(data, 0, [0], [5]), waiting, rows, len(data) - 1) == len(data)
    assert [row[3] for row in rows] == found


@pytest.mark.parametrize(
    "odd",
    [b"-ERR no\r\n", b"$4\r\na\r\nb\r\n", b"$9\r\nshort\r\n", b"*1\r\n:1\r\n", b":-1\r\n", b"+" + b"x" * 40 + b"\r\n", b"\r\n", b"_\r\n"],
)  # fmt: skip
def test_it_stops_where_a_reply_is_odd(odd: bytes) -> None:
    found, end, left = replies(b"+OK\r\n" + odd + b"+OK\r\n")
    assert (found, end, left) == (["OK"], 5, 19)


def test_it_stops_when_nothing_more_was_asked() -> None:
    assert replies(b"+OK\r\n+OK\r\n+OK\r\n", pending=2) == (["OK", "OK"], 10, 0)


def test_a_special_request_is_left_in_place() -> None:
    rows: list[Row] = []
    special: Request = (1, "SUBSCRIBE", "[]", object(), "")  # type: ignore[assignment]
    waiting: deque[Request] = deque([special])
    assert whole_replies(b"+OK\r\n", 0, 5, 5, waiting, rows) == 0
    assert list(waiting) == [special]


def test_a_segment_with_a_nul_is_left_to_the_other_loop() -> None:
    assert requests(PLAIN + command("GET", "\0")) == ([], 0)
    assert replies(b"+OK\r\n$1\r\n\0\r\n") == ([], 0, 20)
    data = PLAIN + command("GET", "\0")
    found: list[Request] = []
    common_requests(data, 0, 0, Chunk(data, 0, [0], [7]), found.append, 65536)
    assert len(found) == 4
