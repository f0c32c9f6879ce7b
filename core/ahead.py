"""Requests that run ahead of their replies, kept as the bytes they are.

The core hands over what a window of the capture holds, one direction after the other. A request that is parsed takes
several times its bytes, so requests are parsed piece by piece, as the replies come.
"""

from bisect import bisect_left, bisect_right
from collections import deque

from pxcap.core.stream import Chunk

PIECE = 65536  # bytes parsed at once
MAX_BYTES = 1 << 20  # kept: a window of the capture


class Ahead:
    """A queue of chunks, taken out in pieces.

    Attributes:
        size: Bytes in it.
    """

    __slots__ = ("_at", "_chunks", "size")

    def __init__(self) -> None:
        self._chunks: deque[Chunk] = deque()
        self._at = 0
        self.size = 0

    def add(self, chunk: Chunk) -> None:
        """Append a chunk."""
        self._chunks.append(chunk)
        self.size += len(chunk.data)

    def take(self) -> Chunk:
        """The next PIECE bytes, or as many as their chunk has left; not to be called when there are none."""
        chunk, at = self._chunks[0], self._at
        end = min(at + PIECE, len(chunk.data))
        self.size -= end - at
        if end == len(chunk.data):
            self._chunks.popleft()
            self._at = 0
        else:
            self._at = end
        if end - at == len(chunk.data):
            return chunk
        begin = chunk.offset + at
        low = bisect_right(chunk.starts, begin) - 1
        high = bisect_left(chunk.starts, chunk.offset + end)
        starts = chunk.starts[low:high]
        starts[0] = begin
        return Chunk(chunk.data[at:end], begin, starts, chunk.times[low:high])
