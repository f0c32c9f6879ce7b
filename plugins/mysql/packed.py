"""The compressed protocol: frames of a header of seven bytes, each with a piece of the packets' bytes.

Source: "Compressed Packet" of the MySQL source documentation; the packets inside do not begin where frames do.
"""

from pxcap.core.compression import decompress
from pxcap.core.stream import Chunk, Inbox
from pxcap.plugins.mysql.wire import COMPRESSED_HEADER, MAX_COMPRESSED, MAX_PAYLOAD

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"  # no zlib stream begins so

Piece = Chunk | int
"""Bytes of packets, or how many of them are missing."""


class Unpacker:
    """Undoes the compression of one direction. Holds at most one frame, up to MAX_COMPRESSED bytes.

    Attributes:
        lost: It is not known where the next frame begins.
        errors: What was malformed since the parser looked last, by name.
    """

    __slots__ = ("_coding", "_frame", "_have", "_inbox", "_offset", "_plain", "_size", "_time", "errors", "lost")

    def __init__(self, coding: str) -> None:
        self.lost = False
        self.errors: list[str] = []
        self._coding = coding
        self._inbox = Inbox()
        self._offset = 0  # of the next byte of the packets
        self._size = -1  # of the frame that is being collected; -1: none is
        self._plain = 0
        self._time = 0
        self._have = 0
        self._frame: list[bytes] | None = None

    def feed(self, chunk: Chunk) -> list[Piece]:
        """Take the next bytes and return what they complete."""
        if self.lost:
            return []
        inbox = self._inbox
        inbox.add(chunk)
        pieces: list[Piece] = []
        while True:
            buf, pos = inbox.buf, inbox.pos
            if self._size < 0:
                if len(buf) - pos < COMPRESSED_HEADER:
                    return pieces
                self._size = int.from_bytes(buf[pos : pos + 3], "little")
                self._plain = int.from_bytes(buf[pos + 4 : pos + 7], "little")
                self._time = inbox.time_at(pos)
                self._have = 0
                self._frame = [] if self._size <= MAX_COMPRESSED or not self._plain else None
                inbox.pos = pos = pos + COMPRESSED_HEADER
            take = min(self._size - self._have, len(buf) - pos)
            part = buf[pos : pos + take]
            inbox.pos = pos + take
            self._have += take
            if not self._plain:
                if part:
                    pieces.append(self._piece(part))
            elif self._frame is not None:
                self._frame.append(part)
            if self._have < self._size:
                return pieces
            if self._plain:
                pieces += self._open()
            self._size = -1
            self._frame = None

    def _piece(self, data: bytes) -> Chunk:
        chunk = Chunk(data, self._offset, [self._offset], [self._time])
        self._offset += len(data)
        return chunk

    def _open(self) -> list[Piece]:
        """What was in a frame that is complete."""
        plain, well = b"", True
        if self._frame is not None:
            frame = b"".join(self._frame)
            coding = "zstd" if frame.startswith(ZSTD_MAGIC) else self._coding
            plain, well = decompress(frame, coding, self._plain)
        if not well:
            self.errors.append("bad_compression")
        pieces: list[Piece] = [self._piece(plain)] if plain else []
        if len(plain) < self._plain:
            pieces.append(self._missing(self._plain - len(plain)))
        return pieces

    def _missing(self, size: int) -> int:
        self._offset += size
        return size

    def gap(self, size: int) -> list[Piece]:
        """`size` bytes were not captured; inside a frame they cost that frame, else the beginning of the next is lost."""
        begun = len(self._inbox.buf) - self._inbox.pos
        self._inbox.clear()
        if self._size >= 0 and not begun and size <= self._size - self._have:
            self._have += size
            missing = 0 if self._plain else self._missing(size)
            self._frame = None
            if self._have == self._size:
                missing = self._missing(self._plain) if self._plain else missing
                self._size = -1
            return [missing] if missing else []
        self.lost = True
        self._size = -1
        self._frame = None
        return [self._missing(MAX_PAYLOAD + 1)]  # more than any packet could have left


def restart(unpacker: Unpacker | None) -> None:
    """The other side has spoken since a loss: a frame begins with the next byte."""
    if unpacker is not None:
        unpacker.lost = False


def rest(inbox: Inbox) -> Chunk | None:
    """Take what is left in an inbox out of it, with its times."""
    buf, pos = inbox.buf, inbox.pos
    if pos >= len(buf):
        return None
    starts, times = [inbox.base + pos], [inbox.time_at(pos)]
    at = inbox.segment_after(pos)
    while at < len(buf):
        starts.append(inbox.base + at)
        times.append(inbox.time_at(at))
        at = inbox.segment_after(at)
    inbox.pos = len(buf)
    return Chunk(buf[pos:], inbox.base + pos, starts, times)


def segments(chunk: Chunk) -> list[Chunk]:
    """A chunk cut where its segments begin."""
    if len(chunk.starts) < 2:
        return [chunk]
    ends = [*chunk.starts[1:], chunk.offset + len(chunk.data)]
    return [
        Chunk(chunk.data[start - chunk.offset : end - chunk.offset], start, [start], [time])
        for start, end, time in zip(chunk.starts, ends, chunk.times, strict=True)
        if end > start
    ]
