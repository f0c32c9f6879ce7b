"""Walks the segment times of a chunk beside a loop over its bytes: no search for each message."""

from bisect import bisect_right

from pxcap.core.stream import Chunk

_NEVER = 1 << 62


class Segments:
    """Times of ascending positions in a buffer that ends with `chunk`.

    Attributes:
        time: When the byte at the position asked for was seen, ns since the epoch.
        turn: Position in the buffer from which on `time` is another.
    """

    __slots__ = ("_base", "_next", "_starts", "_times", "time", "turn")

    def __init__(self, chunk: Chunk, base: int, pos: int) -> None:
        """`base` is the stream offset of the buffer's first byte; `pos` the first position that will be asked for."""
        self._starts = chunk.starts
        self._times = chunk.times
        self._base = base
        self._next = bisect_right(chunk.starts, base + pos) if len(chunk.starts) > 1 else 1
        self.time = chunk.times[self._next - 1]
        self.turn = self._turn()

    def at(self, pos: int) -> tuple[int, int]:
        """Move on to `pos`, which is at or behind `turn`; returns the new `time` and `turn`."""
        starts, offset, following = self._starts, self._base + pos, self._next
        while following < len(starts) and starts[following] <= offset:
            following += 1
        self._next = following
        self.time = self._times[following - 1]
        self.turn = self._turn()
        return self.time, self.turn

    def _turn(self) -> int:
        return self._starts[self._next] - self._base if self._next < len(self._starts) else _NEVER
