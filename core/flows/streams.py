"""Connections whose bytes come from the kernel's sockets: in order already, with a position each, so that a loss shows.

A window holds what many sockets moved within a moment. Where a connection went on without a loss, each direction is handed
on as one chunk; which connections did is decided with numpy for all at once. The rest goes event by event.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import cast

import numpy as np

from pxcap.core.connection import Connection
from pxcap.core.packets import I64, U8, U64
from pxcap.core.pipeline import Pipeline
from pxcap.core.protocol import LOST, TRUNCATED
from pxcap.core.stream import Chunk
from pxcap.core.vantage import Endpoint, Vantage

SENT, RECEIVED = 0, 1  # directions, as the process that is watched sees them
DATA, END = 0, 1  # kinds of events: bytes, and the end of a direction;
INSIDE, JOINED = 3, 4  # what follows is the plain text inside TLS, from its beginning or from its middle
MAX_STREAMS = 65536


@dataclass(slots=True)
class StreamWindow:
    """What sockets moved, in the order in which they did. All arrays have one length.

    Attributes:
        buf: Bytes that `start` points into.
        time: ns since the epoch.
        stream: Which connection, as given to `StreamTable.open`.
        direction: SENT or RECEIVED.
        kind: DATA, END, INSIDE or JOINED.
        pos: Position of the first byte in its direction.
        size: Bytes that were moved.
        start: Index in `buf` of the first byte.
        length: Bytes that `buf` holds of them; fewer than `size` when the call was cut.
    """

    buf: bytes
    time: I64
    stream: U64
    direction: U8
    kind: U8
    pos: I64
    size: I64
    start: I64
    length: I64

    def __len__(self) -> int:
        """How many events."""
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Closing:
    """What a connection came to in the end.

    Attributes:
        time: ns since the epoch.
        sent: Position behind the last byte.
        received: The same of the other direction.
        retransmits: Segments sent again.
        rtt: Round-trip time, ns; None when not known.
        ciphertext: Bytes of both directions that had no positions, because they are not to be read.
    """

    time: int
    sent: int
    received: int
    retransmits: int = 0
    rtt: int | None = None
    ciphertext: tuple[int, int] = (0, 0)


class _Stream:
    """A connection and how far each direction has come."""

    __slots__ = ("base", "connection", "ended", "inside", "left_out", "next")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.base = [-1, -1]  # position of the first byte that was seen or missed; -1: none yet
        self.next = [0, 0]
        self.ended = [False, False]
        self.inside = False  # its bytes are the plain text inside TLS
        self.left_out = False

    def begin(self, direction: int, pos: int) -> None:
        """Note where a direction begins: at its start, or where we came in."""
        if self.base[direction] < 0:
            self.base[direction] = self.next[direction] = 0 if self.connection.opened else pos

    def enter(self, time: int, whole: bool) -> None:
        """What follows is the plain text inside TLS."""
        self.inside = True
        if not self.left_out and self.connection.enter_tls(time, whole):
            self.base = [at if base >= 0 else base for base, at in zip(self.base, self.next, strict=True)]

    def miss(self, direction: int, size: int, time: int, reason: str) -> None:
        """Note bytes that moved and were not seen; they are lost only where somebody wanted them."""
        self.next[direction] += size
        if self.connection.given_up:
            self.connection.sent[direction] += size
        else:
            self.connection.gap(direction, size, time, reason)


class StreamTable:
    """All streams of a live capture.

    Attributes:
        unknown: Events of connections that were never announced.
        evicted: Connections given up because there were more than MAX_STREAMS at once.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.unknown = 0
        self.evicted = 0
        self.now = 0
        self._pipeline = pipeline
        self._streams: OrderedDict[int, _Stream] = OrderedDict()
        self._dull: list[int] = []

    def open(
        self,
        stream: int,
        ends: tuple[Endpoint, Endpoint],
        client: int | None,
        seen: Vantage,
        quiet: bool = False,
    ) -> None:
        """Begin a connection.

        Args:
            stream: A number never given twice.
            ends: This side's (address, port), and the other's.
            client: Direction in which the client sends, None when not known.
            seen: The process; `seen.opened` is 0 for a connection joined in mid-stream.
            quiet: Its bytes will not come: it is encrypted, or left out. It is counted all the same.
        """
        connection = Connection(self._pipeline, "tcp", ends, client, not seen.opened, seen)
        if quiet:
            connection.give_up(self.now)
        self._streams[stream] = _Stream(connection)
        if len(self._streams) > MAX_STREAMS:
            _, old = self._streams.popitem(last=False)
            old.connection.finish(self.now, closed=False)
            self.evicted += 1

    def take(self, window: StreamWindow) -> None:
        """Hand a window's bytes to their connections."""
        if not len(window):
            return
        self.now = max(self.now, int(window.time[-1]))
        _Pass(window).run(self)

    def close(self, stream: int, closing: Closing) -> None:
        """End a connection; bytes up to its last positions that were not seen are lost."""
        known = self._streams.pop(stream, None)
        if known is None:
            return
        connection = known.connection
        connection.retransmits, connection.rtt = closing.retransmits, closing.rtt
        for direction, pos in ((SENT, closing.sent), (RECEIVED, closing.received)):
            known.begin(direction, pos)
            if (missing := pos - known.next[direction]) > 0:
                known.miss(direction, missing, closing.time, LOST)
            if not known.inside:
                connection.sent[direction] += closing.ciphertext[direction]
        connection.finish(closing.time, closed=True)

    def give_up(self, streams: Iterable[int]) -> None:
        """Look at no more bytes of these connections; they are counted all the same."""
        for number in streams:
            if (known := self._streams.get(number)) is not None:
                known.left_out = True
                known.connection.give_up(self.now)

    def is_inside(self, stream: int) -> bool:
        """Whether what is read of a connection is the plain text inside TLS."""
        return (known := self._streams.get(stream)) is not None and known.inside

    def dull(self) -> list[int]:
        """Connections of which no more bytes are needed, each given once: no protocol of ours, or parsed to its end."""
        dull, self._dull = self._dull, []
        return dull

    def alive(self) -> Iterator[Connection]:
        """The connections that go on."""
        return (stream.connection for stream in self._streams.values())

    def watched(self) -> Iterator[tuple[int, tuple[Endpoint, Endpoint], Vantage]]:
        """Of those the number, the ends and the process, as given to `open`."""
        for number, stream in self._streams.items():
            assert stream.connection.seen is not None
            yield number, stream.connection.ends, stream.connection.seen

    def measure(self, stream: int, retransmits: int, rtt: int | None) -> None:
        """Note what TCP knows of a connection: segments sent again, and the round-trip time in ns, if known."""
        if (known := self._streams.get(stream)) is not None:
            known.connection.retransmits, known.connection.rtt = retransmits, rtt

    def finish(self) -> None:
        """The capture is over."""
        for stream in self._streams.values():
            stream.connection.finish(self.now, closed=False)
        self._streams.clear()

    def find(self, stream: int) -> _Stream | None:
        """The stream of that number; events of one that is not known are counted by the caller."""
        return self._streams.get(stream)

    def fed(self, number: int, stream: _Stream) -> None:
        """Note that a stream took its part of a window."""
        if stream.connection.given_up:
            self._dull.append(number)


class _Pass:
    """One window's way to the connections. Columns are lists, in the order of connection and direction.

    Those that only a connection needs which did not go on without a loss are made when the first such one is met.
    """

    def __init__(self, window: StreamWindow) -> None:
        self.buf = window.buf
        order = np.lexsort((window.direction, window.stream))
        stream, direction = window.stream[order], window.direction[order]
        pos, size, length = window.pos[order], window.size[order], window.length[order]
        new = np.ones(len(order), bool)
        new[1:] = (stream[1:] != stream[:-1]) | (direction[1:] != direction[:-1])
        broken = (window.kind[order] != DATA) | (length != size)
        broken[1:] |= ~new[1:] & (pos[1:] != pos[:-1] + size[:-1])
        first = np.flatnonzero(new)
        self.broken: list[bool] = np.logical_or.reduceat(broken, first).tolist()
        self.first: list[int] = [*first.tolist(), len(order)]
        self.stream: list[int] = stream[first].tolist()
        self.direction: list[int] = direction[first].tolist()
        self._window, self._order = window, order
        self.time: list[int] = window.time[order].tolist()
        self.pos: list[int] = pos.tolist()
        self.start: list[int] = window.start[order].tolist()
        self.end: list[int] = (window.start[order] + length).tolist()

    @cached_property
    def order(self) -> list[int]:
        return cast("list[int]", self._order.tolist())

    @cached_property
    def directions(self) -> list[int]:
        return cast("list[int]", self._window.direction[self._order].tolist())

    @cached_property
    def kinds(self) -> list[int]:
        return cast("list[int]", self._window.kind[self._order].tolist())

    @cached_property
    def size(self) -> list[int]:
        return cast("list[int]", self._window.size[self._order].tolist())

    def run(self, table: StreamTable) -> None:
        at, count = 0, len(self.stream)
        while at < count:
            both = at + 1 < count and self.stream[at] == self.stream[at + 1]
            groups = (at, at + 1) if both else (at,)
            number = self.stream[at]
            at += len(groups)
            stream = table.find(number)
            if stream is None:
                table.unknown += self.first[at] - self.first[groups[0]]
                continue
            for group in groups:
                stream.begin(self.direction[group], self.pos[self.first[group]])
            if self._clean(stream, groups):
                for group in groups if self.direction[groups[0]] == stream.connection.flip else reversed(groups):
                    self._whole(stream, self.direction[group], self.first[group], self.first[group + 1])
            else:
                self._walk(stream, range(self.first[groups[0]], self.first[at]))
            table.fed(number, stream)

    def _clean(self, stream: _Stream, groups: tuple[int, ...]) -> bool:
        """Whether both directions go on where they stand, and the order between them does not matter."""
        connection = stream.connection
        if not connection.settled or (connection.parser is not None and connection.parser.lockstep):
            return False
        for group in groups:
            if self.broken[group] or stream.next[self.direction[group]] != self.pos[self.first[group]]:
                return False
        return True

    def _whole(self, stream: _Stream, direction: int, low: int, high: int) -> None:
        """Hand on whole events of one direction that follow each other, from place `low` up to `high`."""
        buf = self.buf
        parts = [buf[start:end] for start, end in zip(self.start[low:high], self.end[low:high], strict=True)]
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        stream.next[direction] += len(data)
        starts = self.pos[low:high]
        if base := stream.base[direction]:
            starts = [pos - base for pos in starts]
        stream.connection.data(direction, Chunk(data, starts[0], starts, self.time[low:high]))

    def _walk(self, stream: _Stream, places: range) -> None:
        """Take a connection's events in the order in which they happened, neighbours of one direction together."""
        run: list[int] = []
        for place in sorted(places, key=self.order.__getitem__):
            direction, pos = self.directions[place], self.pos[place]
            whole = self.kinds[place] == DATA and self.end[place] - self.start[place] == self.size[place]
            expected = self.pos[run[-1]] + self.size[run[-1]] if run else stream.next[direction]
            if run and (self.directions[run[0]] != direction or expected != pos or not whole):
                self._chunk(stream, self.directions[run[0]], run)
                run = []
            if whole and (run or pos == stream.next[direction]):
                run.append(place)
            else:
                self._event(stream, direction, place)
        if run:
            self._chunk(stream, self.directions[run[0]], run)

    def _event(self, stream: _Stream, direction: int, place: int) -> None:
        """One event by itself: bytes missing in front of it or within it, or the end of the direction."""
        connection, time = stream.connection, self.time[place]
        pos, size = self.pos[place], self.size[place]
        missing = pos - stream.next[direction]
        if missing > 0:
            stream.miss(direction, missing, time, LOST)
        elif missing < 0:
            return  # positions only grow: this would be a record read twice
        if self.end[place] > self.start[place]:
            self._chunk(stream, direction, [place], self.end[place] - self.start[place])
        cut = pos + size - stream.next[direction]
        if cut > 0:
            stream.miss(direction, cut, time, TRUNCATED)
        if self.kinds[place] == END and not stream.ended[direction]:
            stream.ended[direction] = True
            connection.close(direction, time)
        elif self.kinds[place] in (INSIDE, JOINED):
            stream.enter(time, self.kinds[place] == INSIDE)

    def _chunk(self, stream: _Stream, direction: int, places: list[int], length: int = 0) -> None:
        """Hand on whole events of one direction that follow each other, or the first `length` bytes of a cut one."""
        buf, start, end = self.buf, self.start, self.end
        sizes = [length] if length else [self.size[place] for place in places]
        parts = [buf[start[place] : end[place]] for place in places]
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        offset = stream.next[direction] - stream.base[direction]
        stream.next[direction] += len(data)
        times = [self.time[place] for place in places]
        stream.connection.data(direction, Chunk(data, offset, list(accumulate(sizes[:-1], initial=offset)), times))
