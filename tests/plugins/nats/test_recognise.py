import pytest
from tests.plugins.nats.exchange import CONNECT, INFO

from pxcap.core.inference import GOOD_ENOUGH
from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.nats.recognise import recognise

MSG = b"MSG a 1 2\r\nhi\r\n"
PUB = b"PUB a 2\r\nhi\r\n"


@pytest.mark.parametrize(
    ("request_", "response", "midstream"),
    [
        (b"", INFO, False),
        (CONNECT, INFO, False),
        (b"GET / HTTP/1.1\r\n\r\n", INFO, False),
        (CONNECT, b"", False),
        (b'connect\t{"verbose":true}\r\n', b"+OK\r\n", False),
        (PUB, MSG, True),
        (b"rest\r\n" + PUB + PUB, b"rest\r\n" + MSG + MSG, True),
    ],
)
def test_sure(request_: bytes, response: bytes, midstream: bool) -> None:
    assert recognise(Sample(request_, response, midstream=midstream)) == SURE
    assert recognise(Sample(response, request_, midstream=midstream)) < SURE


@pytest.mark.parametrize(
    ("request_", "response", "midstream"),
    [
        (PUB, b"", True),
        (PUB, b"+OK\r\n", True),
        (b"", MSG, True),
        (b"", b"tail\r\n" + MSG + MSG, True),
        (b"SUB a 1\r\nPING\r\n", b"PONG\r\n", True),
        (b"SUB a q 1\r\n", b"", True),
        (b"", b"-ERR 'Stale Connection'\r\n", True),
        (b"CONNECT {}\r\n", b"", False),
        (b"pub a 5000\r\n" + b"x" * 4000, b"PING\r\nPONG\r\n" + MSG, True),
        (b"", b"RMSG $G foo 2\r\nhi\r\n", True),
        (b"PONG\r\n", b"PING\r\n", True),
    ],
)
def test_good_enough(request_: bytes, response: bytes, midstream: bool) -> None:
    assert recognise(Sample(request_, response, midstream=midstream)) >= GOOD_ENOUGH


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (b"PING\r\n", b"+PONG\r\n"),
        (b"", b"+OK\r\n"),
        (b"", b"+OK POP3 server ready\r\n"),
        (b"USER x\r\n", b"+OK\r\n-ERR no such user\r\n"),
        (b"get k\r\n", b"END\r\n"),
        (b"EHLO x\r\n", b"250 OK\r\n"),
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"),
        (b"INFO\r\n", b"$4\r\nabcd\r\n"),
        (b"SUBSCRIBE a\r\n", b""),
        (b"PUBLISH a b\r\n", b""),
        (b"SUB me sandwich please now\r\n", b""),
        (b"PUB\r\n", b""),
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"\x16\x03\x01", b""),
        (b"", b""),
    ],
)
@pytest.mark.parametrize("midstream", [False, True])
def test_no(request_: bytes, response: bytes, midstream: bool) -> None:
    assert recognise(Sample(request_, response, midstream=midstream)) < GOOD_ENOUGH
    assert recognise(Sample(response, request_, midstream=midstream)) < GOOD_ENOUGH


def test_an_idle_connection_from_its_beginning_has_an_info() -> None:
    assert recognise(Sample(b"PING\r\n", b"PONG\r\n")) < GOOD_ENOUGH


def test_a_wrong_other_side_rules_it_out() -> None:
    assert recognise(Sample(PUB, b"HTTP/1.1 200 OK\r\n")) == NO
