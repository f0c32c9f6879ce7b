"""MySQL by its first bytes, and in mid-stream; what is none must not be taken for it."""

import pytest

from pxcap.core.inference import GOOD_ENOUGH
from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.mysql.recognise import recognise


def packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes((number,)) + body


GREETING = packet(0, b"\x0a8.0.36\0" + (7).to_bytes(4, "little") + b"12345678\0\xff\xf7\x2d\2\0\xff\xdf\x15" + bytes(10) + b"123456789012\0mysql_native_password\0")  # fmt: skip
LOGIN = packet(1, b"\x8d\xa6\x0f\0\0\0\0\1\x2d" + bytes(23) + b"app\0\0shop\0mysql_native_password\0")
OK = packet(2, b"\0\0\0\2\0\0\0")
QUERY = packet(0, b"\3SELECT name FROM item")
DONE = packet(1, b"\0\1\0\2\0\0\0")
LOAD = packet(0, b"\3LOAD DATA LOCAL INFILE 'a.csv' INTO TABLE t")


@pytest.mark.parametrize("midstream", [False, True])
def test_a_beginning_is_known_with_and_without_the_handshake_of_tcp(midstream: bool) -> None:
    assert recognise(Sample(LOGIN, GREETING, midstream=midstream)) == SURE
    assert recognise(Sample(LOGIN, OK, midstream=True)) >= GOOD_ENOUGH
    assert recognise(Sample(LOGIN, b"", midstream=midstream)) >= GOOD_ENOUGH
    assert recognise(Sample(GREETING, LOGIN, midstream=midstream)) < GOOD_ENOUGH


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (QUERY + QUERY, DONE + DONE),
        (QUERY, DONE),
        (QUERY, b"rest of a row" + DONE),
        (LOAD + packet(2, b"1,2\n"), packet(1, b"\xfba.csv") + packet(4, b"\0\1\0\2\0\0\0")),
    ],
)
def test_in_mid_stream(request_: bytes, response: bytes) -> None:
    assert recognise(Sample(request_, response, midstream=True)) >= GOOD_ENOUGH


@pytest.mark.parametrize(
    "data",
    [
        b"\4\0\0\0\5\0\0\0\4\0\0\0\7\0\0\0",  # counters, little-endian
        b"\5\1\0",  # SOCKS
        b"R\0\0\0\x08\0\0\0\0S\0\0\0\x18server_version\0" + b"16.4\0",  # PostgreSQL's server
        b"\4\0\xff\xff\5\0\0\0\0",  # CQL
    ],
)
def test_none_of_it(data: bytes) -> None:
    assert recognise(Sample(data, b"", midstream=True)) == NO
    assert recognise(Sample(b"", data, midstream=True)) == NO
