"""Commands and answers in bytes whose beginning is not known."""

import pytest
from tests.plugins.mysql.build import column, ok, packet, query, rows

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.plugins.mysql.resync import find, is_answer, is_command

EXECUTE = packet(0, b"\x17\1\0\0\0\0\1\0\0\0\0\1\3\0\5\0\0\0")


@pytest.mark.parametrize(
    "data", [query(b"SELECT 1"), query(b"  (select 2)"), packet(0, b"\x0e"), EXECUTE, packet(0, b"\x19\1\0\0\0")]
)
def test_commands(data: bytes) -> None:
    assert is_command(data, 0)
    assert find(b"noise" + data, 0, REQUEST) == (5, True)
    assert is_command(data[:4], 0) is None


@pytest.mark.parametrize(
    "data", [packet(1, b"\3SELECT 1"), packet(0, b"\3\xff\xfe\xfd\xfc"), packet(0, b"\x0e\0"), b"GET / HTTP/1.1"]
)
def test_what_is_no_command(data: bytes) -> None:
    assert is_command(data, 0) is False


@pytest.mark.parametrize("data", [ok(), rows(b"1"), packet(1, b"\xff\x28\4#42000no")])
def test_answers(data: bytes) -> None:
    assert is_answer(data, 0)
    assert find(b"noise" + data, 0, RESPONSE) == (5, True)
    assert is_answer(data[:4], 0) is None


@pytest.mark.parametrize("data", [ok(2), packet(1, b"\0" * 7), packet(1, b"\1") + column(3), b"HTTP/1.1 200 OK"])
def test_what_is_no_answer(data: bytes) -> None:
    assert is_answer(data, 0) is False


def test_nothing_is_searched_twice() -> None:
    assert find(b"x" * 1000, 0, REQUEST) == (997, False)


def test_replication_is_not_searched_for() -> None:
    asks = packet(0, b"\x21")
    assert is_command(asks, 0)
    assert find(b"noise" + asks + packet(0, b"\3SELECT 1"), 0, REQUEST) == (10, True)
