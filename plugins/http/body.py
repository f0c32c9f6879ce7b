"""How far a message body reaches (RFC 9112, sections 6 and 7), and what of it is kept.

Bytes beyond what a record may show are counted, never copied. After a loss inside a body nothing more of it is kept:
what follows does not continue the text, and no decoder could read on.
"""

import re

from pxcap.plugins.http.wire import CHUNKED, MAX_CHUNK_LINE, MAX_HEAD

_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.DOTALL)
_LENGTH, _CHUNK_SIZE_LINE, _CHUNK_DATA, _CHUNK_END, _TRAILER, _CLOSE, _ENDED, _BROKEN = range(8)


class Body:
    """One message's body.

    Attributes:
        size: Bytes on the wire after de-chunking, lost ones included.
        kept: The first of them, as far as there was room.
        note: Why it is doubtful, as bits.
        done: Nothing more will come.
        known: False when its extent is unknown, as its headers were lost.
    """

    __slots__ = ("_room", "done", "kept", "known", "note", "size")

    def __init__(self, room: int) -> None:
        """Keep at most `room` bytes."""
        self.size = 0
        self.kept: bytes | bytearray = b""
        self.note = 0
        self.done = False
        self.known = True
        self._room = room

    def add(self, buf: bytes, start: int, end: int) -> None:
        """Take buf[start:end]."""
        size = end - start
        self.size += size
        room = self._room
        if room > 0:
            if size > room:
                size, end = room, start + room
            self._room = room - size
            kept = self.kept
            if not kept:  # often all there is
                self.kept = buf[start:end]
                return
            if isinstance(kept, bytes):
                kept = self.kept = bytearray(kept)
            kept += buf[start:end]

    def stop(self) -> bool:
        """Keep no more of it; returns whether there was room for more."""
        room, self._room = self._room, 0
        return room > 0

    def lose(self, size: int, note: int) -> None:
        """Note that `size` bytes of it were not captured."""
        self.size += size
        self.note |= note
        self._room = 0


class Framing:
    """Finds the end of a body in the bytes of one direction; holds no bytes itself."""

    __slots__ = ("_left", "_state", "_trailers")

    def __init__(self) -> None:
        self._left = 0
        self._trailers = 0
        self._state = _ENDED

    def start(self, frame: int) -> None:
        """Begin a body delimited by `frame`: a length, CHUNKED or UNTIL_CLOSE."""
        self._left = max(frame, 0)
        self._trailers = 0
        self._state = _LENGTH if frame >= 0 else _CHUNK_SIZE_LINE if frame == CHUNKED else _CLOSE

    @property
    def ended(self) -> bool:
        """The body is complete."""
        return self._state == _ENDED

    @property
    def broken(self) -> bool:
        """The chunks are malformed: where the body ends cannot be known."""
        return self._state == _BROKEN

    @property
    def until_close(self) -> bool:
        """Only the end of the connection ends the body."""
        return self._state == _CLOSE

    def take(self, buf: bytes, pos: int, body: Body) -> int:
        """Consume what belongs to the body from `pos` on; returns the position behind it."""
        size = len(buf)
        while pos < size and self._state < _ENDED:
            state = self._state
            if state == _CLOSE:
                body.add(buf, pos, size)
                return size
            if state in (_LENGTH, _CHUNK_DATA):
                end = min(size, pos + self._left)
                body.add(buf, pos, end)
                self._left -= end - pos
                pos = end
                if self._left == 0:
                    self._state = _ENDED if state == _LENGTH else _CHUNK_END
                continue
            end = buf.find(b"\n", pos, pos + MAX_CHUNK_LINE)
            if end < 0:
                if size - pos >= MAX_CHUNK_LINE:
                    self._state = _BROKEN
                return pos
            self._line(buf[pos:end].rstrip(b"\r"))
            if self._state == _BROKEN:
                return pos
            pos = end + 1
        return pos

    def gap(self, size: int, body: Body, note: int) -> bool:
        """Go on behind `size` lost bytes; False when they reached beyond what is known of the body."""
        state = self._state
        if state == _CLOSE:
            body.lose(size, note)
            return True
        if state not in (_LENGTH, _CHUNK_DATA):
            body.lose(0, note)
            return False
        inside = min(size, self._left)
        body.lose(inside, note)
        self._left -= inside
        if self._left == 0:
            self._state = _ENDED if state == _LENGTH else _CHUNK_END
        return inside == size

    def _line(self, line: bytes) -> None:
        state = self._state
        if state == _CHUNK_SIZE_LINE:
            match = _CHUNK_SIZE.fullmatch(line)
            if match is None:
                self._state = _BROKEN
                return
            self._left = int(match[1], 16)
            self._state = _CHUNK_DATA if self._left else _TRAILER
        elif state == _CHUNK_END:
            self._state = _BROKEN if line else _CHUNK_SIZE_LINE
        else:
            self._trailers += len(line) + 2
            self._state = _ENDED if not line else _BROKEN if self._trailers > MAX_HEAD else _TRAILER
