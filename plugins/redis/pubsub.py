"""What a client is subscribed to, as far as the confirmations tell; it decides which arrays are messages."""

import json

from pxcap.plugins.redis.types import Reply
from pxcap.plugins.redis.wire import ARRAY

CONFIRMATIONS = frozenset({"subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"})
_ALLOWED = frozenset({*map(str.upper, CONFIRMATIONS), "PING", "QUIT", "RESET"})  # of a RESP2 client that listens
_MESSAGES = {"message": 3, "pmessage": 4, "smessage": 3}  # elements of each


class Subscriptions:
    """Counts of one client's subscriptions; a confirmation tells how many are left, never which.

    Attributes:
        listening: RESP2: arrays may be messages. Also while it is not known whether there are subscriptions.
        used: Something was subscribed to before.
    """

    __slots__ = ("_channels", "_patterns", "_shards", "listening", "used")

    def __init__(self, known: bool) -> None:
        """`known` is whether the connection was seen from its beginning, so that there are none yet."""
        self.used = False
        self.listening = False
        self._channels: int | None = 0
        self._patterns: int | None = 0
        self._shards = 0
        if not known:
            self.forget()

    def forget(self) -> None:
        """Confirmations may have been lost."""
        self._channels = self._patterns = None
        self.listening = True

    def reset(self) -> None:
        """The client left all (RESET)."""
        self._channels = self._patterns = self._shards = 0
        self.listening = False

    def is_message(self, reply: Reply, awaited: str | None) -> bool:
        """Whether an array is a message; `awaited` is the command that awaits its reply."""
        if not self.listening or _MESSAGES.get(reply.kind) != reply.count:
            return False
        return self._channels is not None or awaited is None or awaited in _ALLOWED

    def expected(self, word: str) -> int | None:
        """How many confirmations an UNSUBSCRIBE (by its word) without arguments has; None when that is not known."""
        known = {"unsubscribe": self._channels, "punsubscribe": self._patterns}.get(word, self._shards)
        return None if known is None else max(1, known)

    def confirm(self, reply: Reply) -> int | None:
        """Take a confirmation; returns how many subscriptions it says are left, None when it is not legible."""
        try:
            left = json.loads(reply.text)[2]
        except (ValueError, IndexError):
            return None
        if not isinstance(left, int):
            return None
        self.used = True
        word = reply.kind
        if word in ("ssubscribe", "sunsubscribe"):
            self._shards = left
        elif left == 0:
            self._channels = self._patterns = 0
        elif self._channels is not None and self._patterns is not None:
            before = self._channels + self._patterns
            step = (left > before) - (left < before)
            if word.startswith("p"):
                self._patterns = max(0, self._patterns + step)
            else:
                self._channels = max(0, self._channels + step)
        if reply.type == ARRAY:
            self.listening = left > 0 or self._shards > 0 or self._channels != 0 or self._patterns != 0
        return left
