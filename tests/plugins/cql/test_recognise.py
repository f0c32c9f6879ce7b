"""CQL is known by its first bytes, in mid-stream by whole messages, and nothing else is taken for it."""

import pytest
from tests.plugins.cql import wires as w

from pxcap.core.inference import GOOD_ENOUGH
from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.cql.recognise import recognise

OPTIONS, SUPPORTED = w.message(5), w.answer(6, b"\0\1" + w.string("CQL_VERSION") + b"\0\1" + w.string("3.4.6"))
ERROR = w.answer(0, w.number(10) + w.string("Invalid or unsupported protocol version"))


@pytest.mark.parametrize(
    ("request_bytes", "response_bytes"),
    [
        (OPTIONS, SUPPORTED),
        (w.message(5, version=66), ERROR),
        (w.startup(), b""),
        (w.startup(version=5), w.ready(version=5)),
        (OPTIONS + w.startup(), b""),
    ],
)
def test_beginnings(request_bytes: bytes, response_bytes: bytes) -> None:
    assert recognise(Sample(request_bytes, response_bytes)) == SURE
    assert recognise(Sample(response_bytes or b"x", request_bytes)) == NO


def test_half_a_beginning_is_no_refusal() -> None:
    assert NO < recognise(Sample(OPTIONS[:6], b"")) < GOOD_ENOUGH
    assert GOOD_ENOUGH <= recognise(Sample(OPTIONS, b"")) < SURE
    assert recognise(Sample(w.startup()[:20], b"")) in range(GOOD_ENOUGH, SURE)
    assert recognise(Sample(b"", SUPPORTED)) >= GOOD_ENOUGH


@pytest.mark.parametrize("version", [4, 5])
def test_midstream(version: int) -> None:
    question, answer = w.query("SELECT 1", 1, version), w.void(1, version)
    if version == 5:
        question, answer = w.segment(question), w.segment(answer)
    assert recognise(Sample(question, b"", midstream=True)) >= GOOD_ENOUGH
    assert recognise(Sample(b"", answer, midstream=True)) >= GOOD_ENOUGH
    assert recognise(Sample(question, answer, midstream=True)) == SURE
    assert recognise(Sample(question, b"rest of a row" + answer, midstream=True)) >= GOOD_ENOUGH
    assert recognise(Sample(answer, question, midstream=True)) == NO


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        bytes.fromhex("16030100500100004c0303") + bytes(70),
        bytes([4, 1, 0, 80, 192, 0, 2, 1]) + b"user\0",
        bytes([5, 1, 0]),
        bytes.fromhex("050100" + "05010001c00002020050"),  # SOCKS 5
        bytes.fromhex("8100000004000000" + "00000009" + "00" * 12),  # memcached's binary protocol
        bytes(100),
        b"\x04\0\0\0\x05\0\0\0\x04\0\0\0",
        w.message(5, b"OPTIONS has no body"),
        w.message(7, w.long_string("SELECT")),
        w.message(5, b"", -1),
    ],
)
def test_others(data: bytes) -> None:
    assert recognise(Sample(data, b"")) == NO
    assert recognise(Sample(b"", data)) == NO


def test_one_message_that_says_little_is_not_enough() -> None:
    execute = w.execute(b"i" * 16, [b"x"])
    packed = w.message(7, w.number(30) + b"\xf0\x0f" + bytes(30), flags=1)
    for weak in (execute, packed):
        assert NO < recognise(Sample(weak, b"", midstream=True)) < GOOD_ENOUGH
        assert recognise(Sample(weak, w.void(), midstream=True)) == SURE
        assert recognise(Sample(weak + weak, b"", midstream=True)) == SURE
        assert recognise(Sample(weak, b"no CQL at all", midstream=True)) == NO


def test_a_beginning_without_the_handshake_of_tcp() -> None:
    startup = bytes.fromhex("0200000100000016") + b"\0\1\0\x0bCQL_VERSION\0\x053.4.6"  # version 2
    assert recognise(Sample(startup, b"", midstream=True)) == SURE
