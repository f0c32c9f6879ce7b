"""What captures need to be shown at their best: a Redis that a test can ask who it is, and a client that says what it did."""

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.servers import free_port, path_of, running
from tests.live.conftest import need


@dataclass(frozen=True)
class Redis:
    """A running server: its port on 127.0.0.1, its socket, and its process."""

    port: int
    socket: Path
    pid: int


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    need("redis-server", "redis-cli")
    port, path = free_port(), tmp_path / "redis.sock"
    command = [path_of("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with running([*command, "--dir", str(tmp_path), "--unixsocket", str(path)], port):
        while not path.exists():  # made after it listens on the port
            time.sleep(0.02)
        asked = [path_of("redis-cli"), "-s", str(path), "INFO", "server"]
        told = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=120).stdout
        (pid,) = (int(line.partition(":")[2]) for line in told.splitlines() if line.startswith("process_id:"))
        yield Redis(port, path, pid)


class Client:
    """Speaks to a Redis by hand, and keeps what it moved.

    Attributes:
        port: Its own.
        sent: Bytes it sent.
        received: Bytes it received.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 120)
        self.port = int(self._socket.getsockname()[1])
        self.sent = self.received = 0
        self._held = b""

    def ask(self, *words: str) -> bytes:
        """Send a command, and receive its reply of one line, or a bulk string."""
        parts = [b"$%d\r\n%b\r\n" % (len(word.encode()), word.encode()) for word in words]
        self.send(b"*%d\r\n%b" % (len(words), b"".join(parts)))
        return self.receive()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)
        self.sent += len(data)

    def receive(self) -> bytes:
        while b"\r\n" not in self._held:
            self._more()
        length = self._held.index(b"\r\n") + 2
        if self._held.startswith(b"$") and not self._held.startswith(b"$-1"):
            length += int(self._held[1 : length - 2]) + 2
        while len(self._held) < length:
            self._more()
        reply, self._held = self._held[:length], self._held[length:]
        return reply

    def _more(self) -> None:
        data = self._socket.recv(65536)
        assert data
        self._held += data
        self.received += len(data)

    def close(self) -> None:
        self._socket.close()
