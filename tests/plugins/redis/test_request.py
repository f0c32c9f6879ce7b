"""One request at a time; what requests look like is in cases.REQUESTS."""

import pytest
from tests.plugins.redis.exchange import command

from pxcap.core.text import REDACTED as R
from pxcap.plugins.redis.request import RequestReader, word_text
from pxcap.plugins.redis.types import Kind
from pxcap.plugins.redis.wire import MAX_LINE


def reader(limit: int = 65536, redact: bool = True) -> RequestReader:
    made = RequestReader(limit, redact)
    made.start(1)
    return made


@pytest.mark.parametrize(
    ("data", "left"),
    [(command("GET", "k") + b"*", b"*"), (b"*0\r\n*1", b"*1"), (b"PING\r\nx", b"x"), (b"\n", b""), (b"*-1\r\n", b"")],
)
def test_consumes_one_request(data: bytes, left: bytes) -> None:
    made = reader()
    assert data[made.run(data, 0) :] == left
    assert made.complete


@pytest.mark.parametrize(
    ("data", "left"), [(b"*2\r", b"*2\r"), (b"*2\r\n$3\r\nGE", b""), (b"*2\r\n$3\r\nGET\r\n$", b"$"), (b"PI", b"PI")]
)
def test_leaves_only_a_part_of_a_line(data: bytes, left: bytes) -> None:
    made = reader()
    assert data[made.run(data, 0) :] == left
    assert not made.complete


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"*x\r\n", "[]"),
        (b"*2147483648\r\n", "[]"),
        (b"*1\r\n:5\r\n", "[]"),
        (b"*" + b"1" * 80, "[]"),
        (b"*2\r\n$3\r\nGET\r\n$9999999999999\r\n", '["GET"]'),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-1\r\n", '["SET","k"]'),
        (b"*3\r\n$4\r\nauth\r\n$1\r\nk\r\n$-1\r\n", f'["auth","{R}"]'),
        (b'GET "k\r\n', '["GET"]'),
        (b"x" * MAX_LINE, "[]"),
    ],
)
def test_malformed(data: bytes, words: str) -> None:
    made = reader()
    made.run(data, 0)
    assert made.bad
    request = made.malformed()
    assert request[1:3] == ("?", words)
    assert request[3] is not None
    assert request[3].kind is Kind.MALFORMED


@pytest.mark.parametrize(
    ("words", "kind", "expect"),
    [
        ("SUBSCRIBE a b", Kind.CONFIRM, 2),
        ("punsubscribe", Kind.CONFIRM, None),
        ("UNSUBSCRIBE a", Kind.CONFIRM, 1),
        ("MONITOR", Kind.MONITOR, None),
        ("RESET", Kind.RESET, None),
        ("PSYNC ? -1", Kind.SYNC, None),
        ("SYNC", Kind.SYNC, None),
        ("REPLCONF ACK 5", Kind.ACK, None),
        ("CLIENT REPLY off", Kind.REPLY, None),
        ("CONFIG GET x", Kind.SECRET, None),
    ],
)
def test_special(words: str, kind: Kind, expect: int | None) -> None:
    made = reader()
    made.run(command(*words.split()), 0)
    request = made.take()
    assert request is not None
    assert request[3] is not None
    assert (request[3].kind, request[3].expect) == (kind, expect)


@pytest.mark.parametrize(
    "words", ["CLIENT ID", "CLIENT REPLY", "REPLCONF capa eof", "CONFIG SET a b", "AUTH x", "GET k"]
)
def test_not_special(words: str) -> None:
    made = reader()
    made.run(command(*words.split()), 0)
    request = made.take()
    assert request is not None
    assert request[3] is None


def test_redaction_can_be_left_out() -> None:
    made = reader(redact=False)
    made.run(command("AUTH", "u", "p"), 0)
    request = made.take()
    assert request is not None
    assert request[2] == '["u","p"]'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (command("AUTH", "user", "password")[:-6], f'["user","{R}"]'),
        (command("HELLO", "3", "AUTH", "user", "password")[:26], f'["3","{R}"]'),
    ],
)
def test_secrets_of_what_was_cut_off(data: bytes, words: str) -> None:
    made = reader()
    made.run(data, 0)
    request = made.abandon("truncated")
    assert request is not None
    assert request[2] == words


def test_nothing_is_known_of_a_request_that_lost_its_command() -> None:
    made = reader()
    made.run(b"*2\r\n$4\r\nAU", 0)
    assert made.abandon("gap") is None


def test_a_lost_command_hides_its_arguments() -> None:
    made = reader()
    made.run(b"*2\r\n$4\r\nAU", 0)
    assert made.lose(2, "gap") == 0
    made.run(b"\r\n$6\r\ns3cret\r\n", 0)
    assert made.take() == (1, "?", f'["{R}"]', None, "gap")


def test_word_text() -> None:
    assert word_text(b"get") == "GET"
    assert word_text(b"\xff") == "\\xff"
