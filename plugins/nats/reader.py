"""Takes in the payload of one message as it comes: keeps its beginning, skips the rest by length."""

from pxcap.core.protocol import LOST
from pxcap.plugins.nats.types import Message
from pxcap.plugins.nats.wire import CRLF


class PayloadReader:
    """The message whose payload is coming in; holds at most twice the body limit.

    Attributes:
        message: None between messages.
        left: Bytes still to come, the closing CRLF included.
    """

    __slots__ = ("_at", "_head", "_intact", "_limit", "_payload", "_tail", "left", "message")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.message: Message | None = None
        self.left = 0
        self._at = 0  # bytes of headers and payload passed
        self._head: list[bytes] = []
        self._payload: list[bytes] = []
        self._tail = b""
        self._intact = True

    def start(self, message: Message) -> None:
        """Begin a message that has a payload."""
        self.message = message
        self.left = message.head_size + message.size + 2
        self._at = 0
        self._head, self._payload, self._tail = [], [], b""
        self._intact = True

    def run(self, buf: bytes, pos: int) -> int:
        """Consume from `pos` on; returns the position behind what belonged to the message."""
        message = self.message
        assert message is not None
        end = min(pos + self.left, len(buf))
        head, total = message.head_size, message.head_size + message.size
        start = pos - self._at
        if self._intact:
            if self._at < head and self._at < self._limit:
                self._head.append(buf[pos : min(end, start + min(head, self._limit))])
            low, high = max(pos, start + head), min(end, start + min(total, head + self._limit))
            if low < high:
                self._payload.append(buf[low:high])
        self._at += end - pos
        if self._at > total:
            self._tail += buf[max(pos, start + total) : end]
        self.left -= end - pos
        return end

    def lose(self, count: int, reason: str) -> int:
        """`count` bytes were not captured; nothing of the payload behind them is kept. Returns how many lay beyond it."""
        message = self.message
        assert message is not None
        inside = min(count, self.left)
        if self._at < message.head_size + message.size:
            self._intact = False
            message.note = "gap" if reason == LOST else "truncated"
        self._at += inside
        self.left -= inside
        self._tail = CRLF[: 2 - self.left] if self.left < 2 else b""
        return count - inside

    def take(self) -> tuple[Message, bool]:
        """The message, whole or as far as it came, and whether it ends as it must."""
        message = self.message
        assert message is not None
        message.head, message.payload = b"".join(self._head), b"".join(self._payload)
        self.message = None
        self._head, self._payload = [], []
        return message, self.left > 0 or self._tail == CRLF
