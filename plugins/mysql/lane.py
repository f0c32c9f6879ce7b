"""The client's direction: bytes in, packets out, continued ones joined; long ones are skipped by their length."""

from pxcap.core.stream import REQUEST, Chunk, Inbox
from pxcap.plugins.mysql import resync
from pxcap.plugins.mysql.types import Packet
from pxcap.plugins.mysql.wire import HEADER, MAX_PAYLOAD


class RequestLane:
    """Where the client's direction stands.

    Attributes:
        inbox: Bytes not consumed; at most a header is left in it.
        lost: It is not known where the next packet begins.
        fresh: Though lost, the next byte is likely the first of a packet: the server has spoken since.
    """

    __slots__ = ("_continued", "_first", "_keep", "_kept", "_last", "_left", "_note", "_room", "_size", "_time", "fresh", "inbox", "lost")  # fmt: skip

    def __init__(self, keep: int, lost: bool) -> None:
        self.inbox = Inbox()
        self.lost = lost
        self.fresh = lost
        self._keep = keep
        self._reset()

    def _reset(self) -> None:
        self._first = -1  # sequence id of the packet that is being taken in; -1: none is
        self._last = 0
        self._left = 0  # bytes of it to come
        self._continued = False  # another packet continues it
        self._size = 0
        self._time = 0
        self._note = ""
        self._room = self._keep
        self._kept: list[bytes] = []

    def add(self, chunk: Chunk) -> None:
        """Take the next bytes; to be called when `next` has returned None."""
        self.inbox.add(chunk)

    @property
    def ready(self) -> bool:
        """The next byte is the first of a packet."""
        return self._first < 0 and not self.lost

    def peek(self) -> int:
        """Sequence id of the next packet; -1 when its header is not there yet."""
        if self._first >= 0:
            return self._first
        buf, pos = self.inbox.buf, self.inbox.pos
        return buf[pos + 3] if len(buf) - pos >= HEADER else -1

    def find(self) -> bool:
        """Look for the beginning of a command when lost; whether one is found."""
        inbox = self.inbox
        if self.fresh and len(inbox.buf) - inbox.pos > HEADER:
            self.fresh = False
            if resync.is_command(inbox.buf, inbox.pos):
                self.lost = False
                return True
        inbox.pos, found = resync.find(inbox.buf, inbox.pos, REQUEST)
        self.lost = not found
        return found

    def next(self) -> Packet | None:
        """The next complete packet, or None when more bytes are needed."""
        inbox = self.inbox
        if self._first < 0:
            buf, pos = inbox.buf, inbox.pos
            if len(buf) - pos < HEADER:
                return None
            size = buf[pos] | buf[pos + 1] << 8 | buf[pos + 2] << 16
            end = pos + HEADER + size
            if end <= len(buf) and size < MAX_PAYLOAD:
                sequence = buf[pos + 3]
                body = buf[pos + HEADER : end if size <= self._keep else pos + HEADER + self._keep]
                inbox.pos = end
                return Packet(inbox.time_at(pos), sequence, sequence, size, body, "")
        while True:
            if not self._left and (self._first < 0 or self._continued) and not self._header():
                return None
            self._take()
            if self._left:
                return None
            if not self._continued:
                return self._complete()

    def _header(self) -> bool:
        inbox = self.inbox
        buf, pos = inbox.buf, inbox.pos
        if len(buf) - pos < HEADER:
            return False
        self._left = buf[pos] | buf[pos + 1] << 8 | buf[pos + 2] << 16
        self._last = buf[pos + 3]
        if self._first < 0:
            self._first = self._last
            self._time = inbox.time_at(pos)
        self._continued = self._left == MAX_PAYLOAD
        self._size += self._left
        inbox.pos = pos + HEADER
        return True

    def _take(self) -> None:
        inbox = self.inbox
        buf, pos = inbox.buf, inbox.pos
        take = min(self._left, len(buf) - pos)
        keep = min(take, self._room)
        if keep and not self._note:
            self._kept.append(buf[pos : pos + keep])
            self._room -= keep
        self._left -= take
        inbox.pos = pos + take

    def _complete(self) -> Packet:
        packet = Packet(self._time, self._first, self._last, self._size, b"".join(self._kept), self._note)
        self._reset()
        return packet

    def gap(self, size: int, reason: str) -> Packet | None:
        """`size` bytes were not captured; to be called when `next` has returned None. Returns a packet that ends in them."""
        begun = len(self.inbox.buf) - self.inbox.pos
        self.inbox.clear()
        if self._first >= 0 and self._left >= size and not begun:
            self._note = reason
            self._left -= size
            if not self._left and not self._continued:
                return self._complete()
            return None
        self.lost = True
        return self.abandon(reason)

    def abandon(self, reason: str) -> Packet | None:
        """The packet that was begun, as far as it came."""
        if self._first < 0:
            return None
        self._note = self._note or reason
        return self._complete()
