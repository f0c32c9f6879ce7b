"""What the real server says to what clients may send is parsed as its client would see it.

The exchange is had over a socket and given to the parser as it was sent, so this needs a server and no capture.
"""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugins.redis.exchange import Talk, command, short

SERVER = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="redis-server is not installed")

LIMIT = 10.0  # seconds to wait for the server, far more than it needs


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server with nothing in it, on a free port of the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("redis")
    arguments = f"--port {number} --bind 127.0.0.1 --dir {folder} --repl-diskless-sync-delay 0".split()
    process = subprocess.Popen([str(SERVER), *arguments, "--save", ""], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "Ready to accept connections" in line:
                break
        else:
            pytest.fail("redis-server ended before it was ready")
        yield number
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT)


class Client:
    """A connection whose two directions go to a parser."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.talk = Talk()

    def say(self, request: bytes, until: bytes = b"", more: bool = False) -> None:
        """Send, and read on until what came ends with `until`, or at least is that long (`more`)."""
        self.talk.step(">", request)
        self.socket.sendall(request)
        self.hear(until, more)

    def hear(self, until: bytes, more: bool = False) -> None:
        """Read until what came ends with `until`."""
        got = b""
        while until and not (got.endswith(until) or (more and until in got)):
            data = self.socket.recv(65536)
            assert data, f"the server closed after {got!r}"
            self.talk.step("<", data)
            got += data

    def records(self) -> list[tuple[str | None, str | None, str | None, str]]:
        """End the connection; its records."""
        return short(self.talk.finish())


Connect = Callable[[], Client]


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Makes clients, and closes them in the end."""
    clients: list[Client] = []

    def one() -> Client:
        clients.append(Client(port))
        return clients[-1]

    yield one
    for client in clients:
        client.socket.close()


def test_both_protocols(connect: Connect) -> None:
    client = connect()
    client.say(command("SET", "k", "1") + command("INCR", "k") + command("LPUSH", "k", "x"), b"kind of value\r\n")
    client.say(command("HSET", "h", "f", "v") + command("HGETALL", "h"), b"$1\r\nv\r\n")
    client.say(command("HELLO", "3"), b"modules\r\n*0\r\n")
    client.say(command("HGETALL", "h") + command("GET", "no") + command("ZADD", "z", "1.5", "a"), b":1\r\n")
    client.say(command("ZSCORE", "z", "a") + command("SMEMBERS", "no") + command("RESET"), b"+RESET\r\n")
    records = client.records()
    hello = records.pop(5)
    assert hello[:2] == ("HELLO", '["3"]')
    assert hello[2] is not None
    assert hello[2].startswith('{"server":"redis",')
    assert records == [
        ("SET", '["k","1"]', "OK", ""),
        ("INCR", '["k"]', "2", ""),
        ("LPUSH", '["k","x"]', "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("HSET", '["h","f","v"]', "1", ""),
        ("HGETALL", '["h"]', '["f","v"]', ""),
        ("HGETALL", '["h"]', '{"f":"v"}', ""),
        ("GET", '["no"]', "null", ""),
        ("ZADD", '["z","1.5","a"]', "1", ""),
        ("ZSCORE", '["z","a"]', "1.5", ""),
        ("SMEMBERS", '["no"]', "[]", ""),
        ("RESET", "[]", "RESET", ""),
    ]


def test_inline_commands_are_split_as_the_server_does(connect: Connect) -> None:
    line = b"""ECHO  "a b\\x41\\n\\"" \r\n\r\n*0\r\necho 'it\\'s \\n'\necho a"b"\nECHO "" \tx\r\n"""
    client = connect()
    client.say(line, b"'echo' command\r\n")
    client.say(b'PING "\r\n', b"in request\r\n")
    assert client.records() == [
        ("ECHO", '["a bA\\n\\""]', 'a bA\n"', ""),
        ("ECHO", '["it\'s \\\\n"]', "it's \\n", ""),
        ("ECHO", '["ab"]', "ab", ""),
        ("ECHO", '["","x"]', "-ERR wrong number of arguments for 'echo' command", ""),
        ("?", '["PING"]', "-ERR Protocol error: unbalanced quotes in request", ""),
    ]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (b"*x\r\n", "[]"),
        (b"*1\r\n:5\r\n", "[]"),
        (b"*2\r\n$4\r\nECHO\r\n$-5\r\n", '["ECHO"]'),
        (b"*2\r\n$4\r\nECHO\r\n$9999999999999\r\n", '["ECHO"]'),
    ],
)
def test_protocol_errors(connect: Connect, request_: bytes, words: str) -> None:
    client = connect()
    client.say(command("PING"), b"+PONG\r\n")
    client.say(request_, b"\r\n")
    ping, error = client.records()
    assert ping == ("PING", "[]", "PONG", "")
    assert error[:2] == ("?", words)
    assert error[2] is not None
    assert error[2].startswith("-ERR Protocol error: ")


def test_commands_without_a_reply(connect: Connect) -> None:
    client = connect()
    client.say(command("CLIENT", "REPLY", "SKIP") + command("SET", "a", "1") + command("GET", "a"), b"1\r\n")
    client.say(command("CLIENT", "REPLY", "OFF") + command("NOSUCH") + command("CLIENT", "REPLY", "ON"), b"+OK\r\n")
    client.say(command("CLIENT", "REPLY", "OFF") + command("RESET") + command("GET", "a"), b"$1\r\n1\r\n")
    assert client.records() == [
        ("CLIENT", '["REPLY","SKIP"]', None, ""),
        ("SET", '["a","1"]', None, ""),
        ("GET", '["a"]', "1", ""),
        ("CLIENT", '["REPLY","OFF"]', None, ""),
        ("NOSUCH", "[]", None, ""),
        ("CLIENT", '["REPLY","ON"]', "OK", ""),
        ("CLIENT", '["REPLY","OFF"]', None, ""),
        ("RESET", "[]", "RESET", ""),
        ("GET", '["a"]', "1", ""),
    ]


@pytest.mark.parametrize("version", ["2", "3"])
def test_pubsub(connect: Connect, version: str) -> None:
    client, other = connect(), connect()
    if version == "3":
        client.say(command("HELLO", "3"), b"modules\r\n*0\r\n")
    client.say(command("SUBSCRIBE", "a", "b") + command("PSUBSCRIBE", "a*"), b":3\r\n")
    other.say(command("PUBLISH", "a", "hi"), b":2\r\n")
    client.hear(b"hi\r\n" if version == "2" else b"\r\n$2\r\na*\r\n$1\r\na\r\n$2\r\nhi\r\n")
    client.say(command("GET", "k") + command("PING"), b"$0\r\n\r\n" if version == "2" else b"PONG\r\n", more=True)
    client.say(command("UNSUBSCRIBE") + command("PUNSUBSCRIBE") + command("UNSUBSCRIBE"), b":0\r\n", more=True)
    client.say(command("ECHO", "end"), b"end\r\n")
    records = sorted(client.records()[version == "3" :], key=lambda record: record[0] or "")
    assert [record[0] for record in records] == (
        [
            "ECHO",
            "GET",
            "MESSAGE",
            "PING",
            "PMESSAGE",
            "PSUBSCRIBE",
            "PUNSUBSCRIBE",
            "SUBSCRIBE",
            "UNSUBSCRIBE",
            "UNSUBSCRIBE",
        ]
    )
    assert all(record[3] == "" and record[2] is not None for record in records)
    assert {record[2] for record in records if record[0] == "UNSUBSCRIBE"} >= {'["unsubscribe",null,0]'}


def test_client_side_caching(connect: Connect) -> None:
    client, other = connect(), connect()
    client.say(command("HELLO", "3"), b"modules\r\n*0\r\n")
    client.say(command("CLIENT", "TRACKING", "ON") + command("GET", "tracked"), b"_\r\n")
    other.say(command("SET", "tracked", "1"), b"+OK\r\n")
    client.say(command("PING"), b"+PONG\r\n")
    assert client.records()[1:] == [
        ("CLIENT", '["TRACKING","ON"]', "OK", ""),
        ("GET", '["tracked"]', "null", ""),
        ("INVALIDATE", None, '["invalidate",["tracked"]]', ""),
        ("PING", "[]", "PONG", ""),
    ]


def test_monitor(connect: Connect) -> None:
    client, other = connect(), connect()
    client.say(command("MONITOR"), b"+OK\r\n")
    other.say(command("SET", "seen", 'a "b"\n'), b"+OK\r\n")
    client.hear(b'"SET" "seen" "a \\"b\\"\\n"\r\n')
    client.say(command("RESET"), b"+RESET\r\n")
    client.say(command("PING"), b"+PONG\r\n")
    monitor, seen, *rest = client.records()
    assert monitor == ("MONITOR", "[]", "OK", "")
    assert seen[:2] == ("MONITOR", None)
    assert seen[2] is not None
    assert seen[2].endswith('"SET" "seen" "a \\"b\\"\\n"')
    assert [record[0] for record in rest if record[1] is not None] == ["RESET", "PING"]


def test_a_replica(connect: Connect) -> None:
    client = connect()
    client.say(command("PING") + command("REPLCONF", "capa", "psync2"), b"+OK\r\n")
    client.say(command("PSYNC", "?", "-1"), b"\r\n", more=True)
    while not client.talk.parser.done:
        client.hear(b"\n", more=True)
    records = client.records()
    assert [record[0] for record in records] == ["PING", "REPLCONF", "PSYNC"]
    assert records[2][2] is not None
    assert records[2][2].startswith("FULLRESYNC ")


def test_a_transaction_and_a_blocked_client(connect: Connect) -> None:
    client, other = connect(), connect()
    client.say(command("WATCH", "w"), b"+OK\r\n")
    other.say(command("SET", "w", "1"), b"+OK\r\n")
    client.say(command("MULTI") + command("GET", "w") + command("EXEC"), b"*-1\r\n")
    client.say(command("MULTI") + command("LPUSH", "w", "x") + command("GET", "w") + command("EXEC"), b"$1\r\n1\r\n")
    client.say(command("BLPOP", "queue", "0") + command("PING"))
    other.say(command("RPUSH", "queue", "job"), b":1\r\n")
    client.hear(b"+PONG\r\n")
    assert client.records()[3:] == [
        ("EXEC", "[]", "null", ""),
        ("MULTI", "[]", "OK", ""),
        ("LPUSH", '["w","x"]', "QUEUED", ""),
        ("GET", '["w"]', "QUEUED", ""),
        ("EXEC", "[]", '["WRONGTYPE Operation against a key holding the wrong kind of value","1"]', ""),
        ("BLPOP", '["queue","0"]', '["queue","job"]', ""),
        ("PING", "[]", "PONG", ""),
    ]
