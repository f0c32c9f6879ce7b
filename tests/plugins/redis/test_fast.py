"""The fast loops take what is common, stop before all else, and agree with the readers (see also test_parser)."""

from collections import deque

import pytest
from tests.plugins.redis.cases import GET, VALUE
from tests.plugins.redis.exchange import command

from pxcap.core.protocol import Row
from pxcap.core.stream import Chunk
from pxcap.plugins.redis.fast import common_replies, common_requests
from pxcap.plugins.redis.types import Kind, Request, Special


def requests(data: bytes, limit: int = 65536) -> tuple[list[Request], int]:
    found: list[Request] = []
    end = common_requests(data, 0, 7, Chunk(data, 7, [7], [1]), found.append, limit)
    return found, end


def replies(data: bytes, pending: int = 9, limit: int = 65536) -> tuple[list[str], int]:
    rows: list[Row] = []
    waiting: deque[Request] = deque([(1, "GET", "[]", None, "")] * pending)
    end = common_replies(data, 0, 7, Chunk(data, 7, [7], [5]), waiting, rows, limit)
    assert len(waiting) == pending - len(rows)
    assert all(row[:3] == (1, "GET", "[]") and row[4:] == (False, 4, "") for row in rows)
    return [row[3] for row in rows], end


def test_requests() -> None:
    data = GET + command("SET", "a", "b") + command("DEL", "a", "b", "c") + command("PING")
    found, end = requests(data)
    assert [request[1:3] for request in found] == [
        ("GET", '["k"]'),
        ("SET", '["a","b"]'),
        ("DEL", '["a","b","c"]'),
        ("PING", "[]"),
    ]
    assert end == len(data)


@pytest.mark.parametrize(
    "odd",
    [
        b"*",
        command("AUTH", "x"),
        command("CLIENT", "ID"),
        b"*1\r\n:5\r\n",
        b"*0\r\n",
        b"*x\r\n$1\r\na\r\n",
        b"*2\r\n$4\r\nGET\r\n$1\r\nk\r\n",
        b"*2\r\n$3\r\nGET\r\n$01\r\nk\r\n",
        command("GET", "\x00"),
        command("GET", b"\xff"),
        command("SET", "k", "x" * 20000),
        command("X" * 65),
    ],
)
def test_requests_stop_before_what_is_odd(odd: bytes) -> None:
    found, end = requests(GET + odd + GET)
    assert len(found) == 1
    assert end == len(GET)


@pytest.mark.parametrize("size", range(1, len(GET)))
def test_requests_stop_before_what_is_not_whole(size: int) -> None:
    found, end = requests(GET + GET[:size])
    assert (len(found), end) == (1, len(GET))


def test_requests_stop_before_what_is_longer_than_the_limit() -> None:
    assert requests(GET + command("GET", "k" * 100), limit=50)[1] == len(GET)


def test_replies() -> None:
    data = b"+OK\r\n:5\r\n" + VALUE + b"$-1\r\n$1\r\n\0\r\n$1\r\n\xff\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n"
    assert replies(data) == (["OK", "5", "v", "null", "\\x00", "\\xff", '["a",""]'], len(data))


@pytest.mark.parametrize(
    "odd",
    [
        b"-ERR\r\n",
        b":-1\r\n",
        b":x\r\n",
        b"_\r\n",
        b"*0\r\n",
        b"*1\r\n:1\r\n",
        b"*2\r\n$1\r\na\r\n",
        b"*x\r\n",
        b"$5\r\nabc\r",
        b"$\r\n",
        b"+OK",
        b"+\xff\r\n",
        b"+\x00\r\n",
        b"*1\r\n$1\r\n\x00",
        b"\n",
        b"$20000\r\n" + b"x" * 20002,
        b"+" + b"x" * 40 + b"\r\n",
    ],
)
def test_replies_stop_before_what_is_odd(odd: bytes) -> None:
    assert replies(VALUE + odd) == (["v"], len(VALUE))


def test_replies_stop_when_nothing_waits_or_it_is_special() -> None:
    assert replies(VALUE * 3, pending=2) == (["v", "v"], 2 * len(VALUE))
    assert replies(VALUE + b"$100\r\n" + b"x" * 102, limit=50)[1] == len(VALUE)
    special: Request = (1, "MONITOR", "[]", Special(Kind.MONITOR), "")
    waiting = deque([special])
    rows: list[Row] = []
    assert common_replies(VALUE, 0, 0, Chunk(VALUE, 0, [0], [5]), waiting, rows, 65536) == 0
    assert list(waiting) == [special]
    assert rows == []
