import pytest
from tests.plugins.pgsql.messages import BOUND, SYNC, bind, done, execute, parse, query, ready, row

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.plugins.pgsql.resync import TAIL, begins, find

REQUESTS = [query(b"SELECT 1"), query(b""), parse(b"s", b"SELECT 1"), bind(b"", b"s", b"1"), execute(), SYNC]
ANSWERS = [BOUND, row(b"1", None), done(b"SELECT 1"), ready()]


@pytest.mark.parametrize(("side", "message"), [(REQUEST, m) for m in REQUESTS] + [(RESPONSE, m) for m in ANSWERS])
def test_messages_begin(side: int, message: bytes) -> None:
    assert begins(side, message, 0)
    assert begins(side, b"xx" + message, 2)


@pytest.mark.parametrize("data", [b"", b"Q", b"hello world", b"Q\xff\xff\xff\xffx", b"Z\0\0\0\5X", b"S\0\0\0\5"])
def test_other_bytes_do_not(data: bytes) -> None:
    assert not begins(REQUEST, data, 0)
    assert not begins(RESPONSE, data, 0)


def test_the_first_byte_is_tried() -> None:
    for message in REQUESTS:
        assert find(REQUEST, message + b"xxxx", 0, True) == (0, True)
    for message in ANSWERS:
        assert find(RESPONSE, message + b"xxxx", 0, True) == (0, True)


def test_then_the_end_of_a_cycle() -> None:
    data = b"rest of a message" + SYNC + query(b"SELECT 1")
    assert find(REQUEST, data, 0, True) == (17, True)
    assert find(REQUEST, data, 0, False) == (17, True)


def test_the_tag_before_the_end_is_found_with_it() -> None:
    rest = b"rest of a row" + row(b"x")
    for tag in (b"SELECT 60", b"BEGIN", b"INSERT 0 1"):
        assert find(RESPONSE, rest + done(tag) + ready(), 0, False) == (len(rest), True)
    assert find(RESPONSE, rest + ready(), 0, False) == (len(rest), True)
    assert find(RESPONSE, rest + b"C\0\0\0\x07no\0" + ready(), 0, False) == (len(rest) + 8, True)


def test_what_may_still_become_a_message_is_kept() -> None:
    data = b"x" * 500 + done(b"SELECT 60") + ready()
    for end in range(len(data)):
        at, found = find(RESPONSE, data[:end], 0, False)
        assert not found
        assert at == max(0, end - TAIL + 1)
    at, found = find(RESPONSE, data[:-1], 0, False)
    assert find(RESPONSE, data[at:], 0, False) == (500 - at, True)


def test_a_first_byte_waits_until_it_can_be_judged() -> None:
    assert find(REQUEST, b"Q\0\0", 0, True) == (0, False)
    assert find(REQUEST, SYNC, 0, True) == (0, True)
