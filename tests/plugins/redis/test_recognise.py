import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.redis.cases import GET, MESSAGE, MONITOR_LINE, VALUE
from tests.plugins.redis.exchange import command

from pxcap.core.inference import GOOD_ENOUGH
from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.redis.recognise import recognise

LONG = command("SET", "k", "x" * 9000)[:4096]


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (GET, b""),
        (GET, VALUE),
        (GET * 9, VALUE[:3]),
        (LONG, b""),
        (command("get", "k")[:-5], b""),
        (GET, b"-ERR x\r\n"),
        (command("HELLO", "3"), b"%1\r\n+proto\r\n:3\r\n"),
        (command("SUBSCRIBE", "a"), MESSAGE),
    ],
)
def test_sure(request_: bytes, response: bytes) -> None:
    assert recognise(Sample(request_, response)) == SURE
    assert recognise(Sample(response, request_)) < SURE


@pytest.mark.parametrize(
    ("request_", "response", "midstream"),
    [
        (command("MYMODULE.DO", "x"), b"", False),
        (b"*2\r\n$3\r\n", b"", False),
        (b"PING\r\n", b"+PONG\r\n", False),
        (b"set a 1\n", b"+OK\r\n", False),
        (b"*2\r\n$abc\r\n", b"-ERR Protocol error: invalid bulk length\r\n", False),
        (b"", VALUE, False),
        (b"", b"*2\r\n$1\r\na\r\n$-1\r\n+O", False),
        (b"", b"+QUEUED\r\n", False),
        (b"", b"$?\r\n;4\r\nab\r\n\r\n;0\r\n:1\r\n", False),
        (b"", b"*?\r\n:1\r\n.\r\n", False),
        (b"", MONITOR_LINE, True),
        (b"", b"ue\r\n" + VALUE, True),
        (b"lue\r\n" + GET, b"", True),
        (b"lue\r\n" + GET, b"+OK\r\n", True),
        (GET, b"tail of a value", True),
    ],
)
def test_good_enough(request_: bytes, response: bytes, midstream: bool) -> None:
    assert GOOD_ENOUGH <= recognise(Sample(request_, response, midstream=midstream)) < SURE


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (b"PING\r\n", b"PONG\r\n"),
        (b"", b";4\r\nabcd\r\n"),
        (b"", b"*?\r\n.x\r\n"),
        (b"PING\r\n", b"+OK\r\n"),
        (b'CONNECT {"verbose":true}\r\nPING\r\n', b'INFO {"server_id":"x"}\r\n+OK\r\nPONG\r\n'),
        (b"PUB a 2\r\nhi\r\n", b"+OK\r\n"),
        (b"PING\r\n", b"-ERR 'Stale Connection'\r\n"),
        (b"AUTH PLAIN\r\n", b"+OK POP3 ready\r\n"),
        (b"QUIT\r\n", b"221 bye\r\n"),
        (b"get k\r\n", b"VALUE k 0 1\r\nv\r\nEND\r\n"),
        (b"set k 0 0 1\r\nv\r\n", b"STORED\r\n"),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (GET, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (b"\x16\x03\x01\x02\x00\x01\x00", b""),
        (b"\0\0\0\x20\0\x12\0\3", b""),
        (b"*1\r\n$3\r\nab\r\n", b""),
        (b"*2\r\n$3\r\nGET\r\nk\r\n", b""),
        (b"*3 stars\r\n", b"* a list\r\n"),
        (b"", b"$3\r\nabcdef\r\n"),
        (b"", b"+OK POP3 ready\r\n"),
        (b"", b"-ERR 'Authorization Violation'\r\n"),
        (b"", b"hello\r\n"),
        (b"", b""),
    ],
)
def test_near_misses(request_: bytes, response: bytes) -> None:
    assert recognise(Sample(request_, response)) == NO


def test_status_lines_alone_are_not_enough() -> None:
    assert NO < recognise(Sample(b"", b"+OK\r\n+OK\r\n:1\r\n")) < GOOD_ENOUGH


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60), st.binary(max_size=60), st.booleans())
def test_never_raises(request_: bytes, response: bytes, midstream: bool) -> None:
    for prefix in (b"", b"*2\r\n$3\r\n", b"$5\r\n", b"+"):
        sample = Sample(prefix + request_, prefix + response, midstream=midstream)
        assert NO <= recognise(sample) <= SURE
