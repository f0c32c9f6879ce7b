"""Messages out of bytes: header, then a body that is kept up to a bound and counted to its end."""

from collections.abc import Callable
from struct import Struct

from pxcap.core.protocol import LOST
from pxcap.plugins.cql.types import Message
from pxcap.plugins.cql.wire import (
    COMPRESSED,
    HEADER_SIZE,
    MAX_MESSAGE,
    MAX_PACKED,
    OLD,
    OLD_HEADER_SIZE,
    REQUESTS,
    RESPONSES,
    VERSIONS,
)

_HEADER, _OLD_HEADER = Struct(">BBhBI").unpack_from, Struct(">BBbBI").unpack_from  # as wire.HEADER and OLD_HEADER

When = Callable[[int], int]
"""When the byte at a position was seen; ns since the epoch."""


class MessageReader:
    """Takes the messages of one direction in; holds at most `keep` bytes of a body, MAX_PACKED of a compressed one.

    Attributes:
        left: Bytes of the body still to come; 0 between messages.
        bad: What stands at the position returned is no header; the caller looks for the next.
    """

    __slots__ = ("_body", "_keep", "_known", "_message", "_opcodes", "_room", "bad", "left")

    def __init__(self, direction: int, keep: int) -> None:
        self._known = {version | direction << 7: version for version in VERSIONS}
        self._opcodes = RESPONSES if direction else REQUESTS
        self._keep = keep
        self._message: Message | None = None
        self._body = bytearray()
        self._room = 0
        self.left = 0
        self.bad = False

    def take(self, buf: bytes, pos: int, end: int, when: When) -> tuple[Message | None, int]:
        """Consume from `pos` up to the end of a message, or as much as there is before `end`.

        Returns the message, or None when it is not complete (less than a header is left unconsumed) or `bad` was set;
        and the position reached.
        """
        if self.left:
            return self._more(buf, pos, end)
        if end - pos < OLD_HEADER_SIZE:
            return None, pos
        version = self._known.get(buf[pos])
        if version is None:
            self.bad = True
            return None, pos
        if version < OLD:
            _, flags, stream, opcode, size = _OLD_HEADER(buf, pos)
            start = pos + OLD_HEADER_SIZE
        elif end - pos < HEADER_SIZE:
            return None, pos
        else:
            _, flags, stream, opcode, size = _HEADER(buf, pos)
            start = pos + HEADER_SIZE
        if opcode not in self._opcodes or size > MAX_MESSAGE:
            self.bad = True
            return None, pos
        after = start + size
        keep = MAX_PACKED if flags & COMPRESSED else self._keep
        if after <= end:
            body = buf[start:after] if size <= keep else buf[start : start + keep]
            return Message(when(pos), version, flags, stream, opcode, size, body, ""), after
        self._message = Message(when(pos), version, flags, stream, opcode, size, b"", "")
        self.left, self._room = size, keep
        return self._more(buf, start, end)

    def _more(self, buf: bytes, pos: int, end: int) -> tuple[Message | None, int]:
        stop = min(end, pos + self.left)
        if stop > pos:
            if self._room > 0:
                part = buf[pos : min(stop, pos + self._room)]
                self._body += part
                self._room -= len(part)
            self.left -= stop - pos
        return (None if self.left else self._done()), stop

    def lose(self, count: int, reason: str = LOST) -> tuple[Message | None, int]:
        """`count` bytes were not captured: the message that ends in them, and how many of them lie beyond it."""
        if self._message is None:
            return None, count
        inside = min(count, self.left)
        self.left -= inside
        self._room = 0  # what comes behind a hole cannot be read
        if inside:
            self._message = self._message._replace(note=reason)
        return (None if self.left else self._done()), count - inside

    def abandon(self, reason: str = LOST) -> Message | None:
        """The rest of the message that was begun will not come: what is known of it."""
        if self._message is None:
            return None
        self._message = self._message._replace(note=reason)
        self.left = 0
        return self._done()

    def _done(self) -> Message:
        assert self._message is not None
        message = self._message._replace(body=bytes(self._body))
        self._message, self._body, self._room = None, bytearray(), 0
        return message
