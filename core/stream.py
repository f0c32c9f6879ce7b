"""Bytes of one direction with their times: what the core hands to a parser, and how a parser holds what it cannot use yet.

A direction is addressed by **stream offset**: 0 is the first byte of the direction that the capture could have held,
and bytes lost in capture count, so an offset never changes its meaning.
"""

from bisect import bisect_right
from collections.abc import Iterator

REQUEST = 0  # side that sends requests: client to server
RESPONSE = 1  # server to client


class Chunk:
    """Contiguous bytes of one direction, as long as the core could make them.

    Attributes:
        data: The bytes; immutable, may be kept.
        offset: Stream offset of `data[0]`.
        starts: Stream offset where each captured segment (for UDP: each datagram) begins; ascending, starts[0] == offset.
        times: For each of `starts`, when it was seen; ns since the epoch.
        cut: UDP only: index in `starts` of each datagram the capture cut short, with the bytes missing from its end.
    """

    __slots__ = ("cut", "data", "offset", "starts", "times")

    def __init__(
        self, data: bytes, offset: int, starts: list[int], times: list[int], cut: dict[int, int] | None = None
    ) -> None:
        self.data = data
        self.offset = offset
        self.starts = starts
        self.times = times
        self.cut = cut


class Inbox:
    """What one direction has delivered and its parser not yet consumed.

    A parser's loop reads `buf` from `pos` to the end and stores back how far it came:

        inbox.add(chunk)
        buf, pos = inbox.buf, inbox.pos
        ...
        inbox.pos = pos

    When all was consumed the next chunk's bytes are taken over without a copy; otherwise the rest is copied in front.
    The bound is the parser's duty: what it leaves unconsumed must never exceed the limit it declares.
    """

    __slots__ = ("_starts", "_times", "base", "buf", "pos")

    def __init__(self) -> None:
        self.buf = b""
        self.pos = 0
        self.base = 0  # stream offset of buf[0]
        self._starts: list[int] = []
        self._times: list[int] = []

    def add(self, chunk: Chunk) -> None:
        """Append a chunk, which must start where the last one (or the last `skip`) ended."""
        if self.pos >= len(self.buf):
            self.buf = chunk.data
            self.base = chunk.offset
            self._starts = chunk.starts
            self._times = chunk.times
        else:
            at = bisect_right(self._starts, self.base + self.pos) - 1
            self.buf = self.buf[self.pos :] + chunk.data
            self.base += self.pos
            self._starts = self._starts[at:] + chunk.starts
            self._times = self._times[at:] + chunk.times
        self.pos = 0

    def clear(self) -> None:
        """Forget what is left: the bytes after a gap do not continue it."""
        self.base += len(self.buf)
        self.buf = b""
        self.pos = 0

    def time_at(self, pos: int) -> int:
        """When the byte `buf[pos]` was seen; ns since the epoch."""
        return self._times[bisect_right(self._starts, self.base + pos) - 1]

    @property
    def segments(self) -> tuple[list[int], list[int]]:
        """Stream offset where each segment of `buf` begins, and when it was seen; for loops that keep count themselves."""
        return self._starts, self._times

    def moments(self, pos: int) -> Iterator[tuple[int, int]]:
        """For each segment from the one that holds `buf[pos]` on: when it was seen, and the position where it ends."""
        starts, base = self._starts, self.base
        at = bisect_right(starts, base + pos)
        ends = [start - base for start in starts[at:]]
        ends.append(len(self.buf))
        return zip(self._times[at - 1 :], ends, strict=True)

    def segment_after(self, pos: int) -> int:
        """Position in `buf` of the next segment that begins after `pos`; len(buf) when there is none.

        Messages mostly begin where a segment begins: the first place to look after a loss.
        """
        at = bisect_right(self._starts, self.base + pos)
        return self._starts[at] - self.base if at < len(self._starts) else len(self.buf)
