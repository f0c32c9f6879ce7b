import pytest
from tests.plugins.redis.cases import GET

from pxcap.plugins.redis.resync import find_reply, find_request


@pytest.mark.parametrize(
    ("data", "first", "expected"),
    [
        (GET, True, (0, True)),
        (GET, False, (20, False)),
        (b"x\r\n" + GET, True, (3, True)),
        (b"x*1\r\n$4\r\nPING\r\n", True, (15, False)),
        (b"\n*1\r\n$4\r\nPI", False, (1, True)),
        (b"", True, (0, False)),
        (b"*1\r\n$4", True, (0, False)),
        (b"abc\n*1\r\n$", False, (3, False)),
        (b"*9 is not a count\r\n", True, (19, False)),
        (b"GET k\r\n", True, (7, False)),
    ],
)
def test_requests(data: bytes, first: bool, expected: tuple[int, bool]) -> None:
    at, found = find_request(data, 0, first, inline=False)
    assert (at, found) == expected or (at == expected[0] - 1 and not found and data.endswith(b"\n"))


def test_an_inline_command_is_found_where_one_may_begin() -> None:
    assert find_request(b"get k\r\n", 0, True, inline=True) == (0, True)
    assert find_request(b"GE", 0, True, inline=True) == (0, False)
    assert find_request(b"word k\r\n", 0, True, inline=True)[1] is False
    assert find_request(b"x y\r\nGET k\r\n", 0, True, inline=True)[1] is False


@pytest.mark.parametrize(
    ("data", "first", "expected"),
    [
        (b"+OK\r\n", True, (0, True)),
        (b"K\r\n+OK\r\n", True, (3, True)),
        (b"\n-ERR x\r\n", True, (1, True)),
        (b"lue\r\n$5\r\n", True, (5, True)),
        (b"+OK", True, (0, False)),
        (b"x\r\n:4", True, (2, False)),
        (b"?\r\n", True, (2, False)),
        (b"xyz", True, (3, False)),
        (b"+\x01\r\n>2\r\n", True, (4, True)),
        (b"+" + b"x" * 300, True, (301, False)),
    ],
)
def test_replies(data: bytes, first: bool, expected: tuple[int, bool]) -> None:
    assert find_reply(data, 0, first) == expected


@pytest.mark.parametrize(
    "line", [b":1", b"$-1", b"*-1", b"%2", b"~0", b">2", b"|1", b"=5", b"!5", b",1.5", b",-inf", b"(12", b"#t", b"_"]
)
def test_every_type_of_reply(line: bytes) -> None:
    assert find_reply(line + b"\r\n", 0, True) == (0, True)
