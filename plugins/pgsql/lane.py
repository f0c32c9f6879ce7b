"""One direction of a connection as messages: framing, messages longer than what is kept, gaps.

A message is handed on whole where it lies, or, when it comes in pieces, gathered up to what is kept; what is beyond is
skipped by its length. So a message costs its bytes once, however it was cut, and nothing longer than `keep` is held.
"""

from struct import Struct

from pxcap.core.stream import Chunk
from pxcap.plugins.pgsql.resync import TAIL, find
from pxcap.plugins.pgsql.wire import HEADER_SIZE

HEADER = Struct(">BI").unpack_from
NEVER = 1 << 62


class Clock:
    """When the bytes of a chunk were seen; positions must be asked for in ascending order.

    Attributes:
        index: Of the segment asked for last.
        ends: Position where each segment ends; NEVER for the last.
        times: When each was seen; ns since the epoch.
    """

    __slots__ = ("ends", "index", "times")

    def __init__(self, chunk: Chunk) -> None:
        base = chunk.offset
        self.index = 0
        self.ends = [start - base for start in chunk.starts]
        self.ends.append(NEVER)
        del self.ends[0]
        self.times = chunk.times

    def at(self, pos: int) -> int:
        """When the byte at `pos` of the chunk was seen; ns since the epoch."""
        while pos >= self.ends[self.index]:
            self.index += 1
        return self.times[self.index]

    @property
    def next(self) -> int:
        """Position where the segment asked for last ends."""
        return self.ends[self.index]


class Lane:
    """Where one direction stands.

    Attributes:
        stash: The beginning of a message that is not whole; empty when none is.
        time: When its first byte was seen.
        skip: Bytes of the last message still to come, which are not kept.
        lost: It is not known where the next message begins.
        first: The next byte may be the beginning of one.
    """

    __slots__ = ("_times", "first", "keep", "lost", "skip", "stash", "time")

    def __init__(self, lost: bool, keep: int) -> None:
        self.keep = keep
        self.stash = bytearray()
        self.time = 0
        self.skip = 0
        self.lost = lost
        self.first = lost
        self._times: list[int] = []  # when each byte of the stash was seen, while lost

    def gather(self, buf: bytes, pos: int, want: int) -> int:
        """Add to the stash until it holds `want` bytes; returns the position behind what was taken."""
        stop = min(pos + max(0, want - len(self.stash)), len(buf))
        self.stash += buf[pos:stop]
        return stop

    def take(self, size: int) -> bytes:
        """Take a message out of the stash; what a search left behind it stays."""
        message = bytes(self.stash[:size])
        del self.stash[:size]
        if self.stash:
            self._times = self._times[size:]
            self.time = self._times[0]
        return message

    def begin(self, clock: Clock, buf: bytes, pos: int) -> int:
        """Begin to gather the message at `pos`, whose header may not be whole; returns the position behind it."""
        if pos < len(buf):
            self.time = clock.at(pos)
            self.stash += buf[pos : pos + HEADER_SIZE]
        return pos + len(self.stash)

    def lose(self, first: bool) -> None:
        """What is in the stash is no message: look for the next behind its first byte, or at the next byte."""
        self.lost, self.first = True, first
        del self.stash[:1]
        self._times = [self.time] * len(self.stash)

    def turn(self) -> None:
        """The other side spoke: what comes next is likely the beginning of a message."""
        self.stash.clear()
        self.first = True

    def search(self, side: int, clock: Clock, buf: bytes, pos: int) -> int:
        """Look for a message in the stash and then in `buf` from `pos`; `lost` tells whether there is none."""
        held = len(self.stash)
        if held:
            joined = bytes(self.stash) + buf[pos : pos + TAIL]
            at, found = find(side, joined, 0, self.first)
            self.first = self.first and at == 0
            if at < held:
                taken = 0 if found else len(joined) - held
                self._times = [*self._times, *(clock.at(pos + n) for n in range(taken))][at:]
                self.stash = bytearray(joined[at : held + taken])
                self.time = self._times[0]
                self.lost = not found
                return pos + taken
            self.stash.clear()
            pos += at - held
        if pos >= len(buf):
            return pos
        at, found = find(side, buf, pos, self.first)
        self.first = self.first and at == pos
        if found:
            self.lost = self.first = False
            return at
        self.stash += buf[at:]
        self._times = [clock.at(n) for n in range(at, len(buf))]
        return len(buf)

    def total(self) -> int:
        """Length of the stashed message with its header; the header must be whole."""
        return 1 + int(HEADER(self.stash)[1])

    def gap(self, size: int) -> int:
        """Bytes are missing here; returns how many lie beyond the message that is being skipped or gathered."""
        if self.skip:
            covered = min(self.skip, size)
            self.skip -= covered
            return size - covered
        if len(self.stash) >= HEADER_SIZE:
            return max(0, size - (self.total() - len(self.stash)))
        return size
