"""One direction of DNS over TCP: messages with their length in front (RFC 1035, section 4.2.2; RFC 7766, section 8)."""

import re

from pxcap.core.stream import REQUEST, Chunk, Inbox
from pxcap.plugins.dns.recognise import plausible
from pxcap.plugins.dns.types import OPCODES
from pxcap.plugins.dns.wire import HEADER_SIZE, PREFIX_SIZE, Z

_BEGINNING_SIZE = PREFIX_SIZE + 6  # bytes of a message with its length in front that `_BEGINNING` looks at


def _beginning(response: bool) -> re.Pattern[bytes]:
    """Where a message may begin: a length, an id, flags that can be, and no or one question.

    Only narrows down where to look closer, at the speed a stream of anything must be searched with.
    """
    upper = bytes(byte for byte in range(256) if byte >> 7 == response and byte >> 3 & 15 in OPCODES)
    lower = bytes(byte for byte in range(256) if not byte & Z and (response or not byte & 15))
    length = rb"(?:[^\0].|\0[\x0c-\xff])"
    return re.compile(length + b"..[" + re.escape(upper) + b"][" + re.escape(lower) + rb"]\0[\0\1]", re.DOTALL)


_BEGINNING = _beginning(False), _beginning(True)

Framed = tuple[bytes, int, int]
"""A message, and when its first and its last byte were seen; ns since the epoch."""


class Framer:
    """Cuts a direction into messages. Holds at most one message that is not all there, 65537 bytes.

    After a loss inside a message the length tells where the next begins. Where it does not, and in a connection joined
    in mid-stream, the next bytes are looked for that are a whole message in every count.

    Attributes:
        errors: Lengths that cannot be, since the caller last looked.
    """

    __slots__ = ("_inbox", "_lost", "_response", "_skip_to", "errors")

    def __init__(self, side: int, midstream: bool) -> None:
        self._inbox = Inbox()
        self._response = side != REQUEST
        self._lost = midstream
        self._skip_to = 0
        self.errors = 0

    def add(self, chunk: Chunk) -> list[Framed]:
        """The messages that the next bytes complete."""
        inbox = self._inbox
        inbox.add(chunk)
        skipped = self._skip_to - inbox.base
        if skipped > inbox.pos:
            inbox.pos = min(skipped, len(inbox.buf))
        return self._cut(final=False)

    def gap(self, size: int) -> tuple[bytes, int] | None:
        """Note lost bytes; returns what there is of the message they fall into, if anything, and its time."""
        inbox = self._inbox
        buf, pos = inbox.buf, inbox.pos
        left = len(buf) - pos
        here = inbox.base + len(buf)
        head = None
        if not self._lost:
            if here < self._skip_to:
                self._lost = here + size > self._skip_to
            elif left >= PREFIX_SIZE:
                head = (buf[pos + PREFIX_SIZE :], inbox.time_at(pos))
                self._skip_to = inbox.base + pos + PREFIX_SIZE + (buf[pos] << 8 | buf[pos + 1])
                self._lost = here + size > self._skip_to
            else:
                self._lost = True
        inbox.clear()
        return head

    def finish(self) -> tuple[list[Framed], tuple[bytes, int] | None]:
        """What is left at the end: messages found behind one that was only thought to begin, and one not all there."""
        framed = self._cut(final=True) if self._lost else []
        inbox = self._inbox
        rest = inbox.buf[inbox.pos + PREFIX_SIZE :]
        part = (rest, inbox.time_at(inbox.pos)) if len(rest) >= HEADER_SIZE and not self._lost else None
        inbox.clear()
        return framed, part

    def _cut(self, final: bool) -> list[Framed]:
        inbox = self._inbox
        buf, pos = inbox.buf, inbox.pos
        end = len(buf)
        framed: list[Framed] = []
        while end - pos >= PREFIX_SIZE:
            if self._lost:
                pos = self._search(pos, final)
                if self._lost:
                    break
            size = buf[pos] << 8 | buf[pos + 1]
            stop = pos + PREFIX_SIZE + size
            if size < HEADER_SIZE:
                self.errors += 1
                self._lost = True
                continue
            if stop > end:
                break
            framed.append((buf[pos + PREFIX_SIZE : stop], inbox.time_at(pos), inbox.time_at(stop - 1)))
            pos = stop
        inbox.pos = pos
        return framed

    def _search(self, pos: int, final: bool) -> int:
        """The position of the next message, and no longer lost; or the position from where to look again later."""
        buf = self._inbox.buf
        end = len(buf)
        while True:
            match = _BEGINNING[self._response].search(buf, pos)
            if match is None:
                return max(pos, end - _BEGINNING_SIZE + 1)
            pos = match.start()
            if pos + PREFIX_SIZE + HEADER_SIZE > end:
                return pos
            found = plausible(buf, pos, self._response)
            if found > 0:
                self._lost = False
                return pos
            if found < 0 and not final:
                return pos
            pos += 1
