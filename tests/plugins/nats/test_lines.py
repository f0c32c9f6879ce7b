import pytest

from pxcap.plugins.nats.lines import UNREADABLE, read_line
from pxcap.plugins.nats.types import Message

GOOD = [
    (True, b"PUB a 5", Message(1, "PUB", "a", size=5)),
    (True, b"pub\ta  r \t5 ", Message(1, "PUB", "a", "r", size=5)),
    (True, b"HPUB a 12 15", Message(1, "HPUB", "a", size=3, head_size=12)),
    (True, b"HPUB a r 12 12", Message(1, "HPUB", "a", "r", size=0, head_size=12)),
    (True, b"SUB a 1", Message(1, "SUB", "a", sid="1")),
    (True, b"SUB a q 1", Message(1, "SUB", "a", queue="q", sid="1")),
    (True, b"UNSUB 1", Message(1, "UNSUB", sid="1")),
    (True, b"UNSUB 1 5", Message(1, "UNSUB", sid="1", maximum=5)),
    (True, b'CONNECT  {"a":1} ', Message(1, "CONNECT", text=b'{"a":1}')),
    (True, b"ping  ", Message(1, "PING")),
    (True, b"PONGx", Message(1, "PONG")),
    (True, b"INFO {}", Message(1, "INFO", text=b"{}")),
    (False, b"MSG a 1 5", Message(1, "MSG", "a", sid="1", size=5)),
    (False, b"MSG a 1 r 5", Message(1, "MSG", "a", "r", sid="1", size=5)),
    (False, b"HMSG a 1 r 4 5", Message(1, "HMSG", "a", "r", sid="1", size=1, head_size=4)),
    (False, b"-ERR 'x y'", Message(1, "-ERR", text=b"'x y'")),
    (False, b"+OK", Message(1, "+OK")),
    (False, b"RS+ $G foo", Message(1, "RS+")),
    (True, b"LS- foo", Message(1, "LS-")),
]
BAD = [
    (True, b"PUB a"),
    (True, b"PUB a b c 5"),
    (True, b"PUB a x"),
    (True, b"PUB a 67108865"),
    (True, b"HPUB a 5"),
    (True, b"HPUB a 6 5"),
    (True, b"SUB a"),
    (True, b"SUB a b c d"),
    (True, b"UNSUB"),
    (True, b"MSG a 1 5"),
    (True, b"+OK"),
    (True, b"GET / HTTP/1.1"),
    (True, b""),
    (False, b"PUB a 5"),
    (False, b"MSG a 5"),
    (False, b"+OK then"),
    (False, b"+OKAY"),
]


@pytest.mark.parametrize(("client", "line", "message"), GOOD)
def test_a_line_of_the_protocol(client: bool, line: bytes, message: Message) -> None:
    assert read_line(line, 1, client) == message


@pytest.mark.parametrize(("client", "line"), BAD)
def test_no_line_of_the_protocol(client: bool, line: bytes) -> None:
    assert read_line(line, 1, client) == Message(1, UNREADABLE, text=line)
