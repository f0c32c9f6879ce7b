"""One CQL connection: both directions in, rows out.

Requests run ahead of responses by as much as the core hands over, and stream ids are used again at once. So they wait as
bytes, and are taken in only when a response asks for one: then each id has one request waiting, as on the wire.
"""

from collections import deque

from pxcap.core.protocol import LOST, REQUEST, RESPONSE, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.cql.abreast import Abreast
from pxcap.plugins.cql.lane import Lane
from pxcap.plugins.cql.stitch import Stitcher
from pxcap.plugins.cql.types import Message
from pxcap.plugins.cql.wire import EVENT, KEEP

MAX_AHEAD = 1 << 20  # bytes of requests that wait: a window of the capture

_Gap = tuple[int, str]


class CqlParser(Parser):
    """Parses and matches one connection.

    Holds MAX_AHEAD bytes of requests that run ahead, a message of each side (at most 1 MiB when compressed, else the body
    limit or KEEP), and in `Stitcher` the requests that wait and the statements that were prepared.
    """

    __slots__ = ("_abreast", "_ahead", "_ahead_size", "_lanes", "_lossy", "_next", "_stitch", "_unsure")

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        keep = max(info.settings.body_limit, KEEP)
        self._lanes = (Lane(REQUEST, keep, info.midstream), Lane(RESPONSE, keep, info.midstream))
        self._stitch = Stitcher(info.settings, info.midstream)
        self._abreast = Abreast(self._lanes, self._stitch, self._pull, keep, info.settings.body_limit)
        self._ahead: deque[Chunk | _Gap] = deque()
        self._ahead_size = 0
        self._next: Message | None = None  # the next request, which came after the response that was read last
        self._lossy = info.midstream  # a request may be missing
        self._unsure = info.midstream  # an answer may be missing: ids that wait may have been used again

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        if side == REQUEST:
            self._ahead.append(chunk)
            self._ahead_size += len(chunk.data)
            if self.lockstep or self._ahead_size > MAX_AHEAD:
                self._catch_up()
        else:
            lane = self._lanes[RESPONSE]
            lane.add(chunk)
            while True:
                if self._next is None and not self._unsure:
                    self._abreast.walk(self._lossy)
                if (one := lane.next()) is None:
                    break
                self._response(one)
        return self._rows()

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Bytes of a side were lost: inside a body they cost only themselves."""
        self._unsure = True
        self._stitch.lost = LOST
        if side == REQUEST:
            self._lossy = True
            self._ahead.append((size, reason))
            if self.lockstep:
                self._catch_up()
        else:
            for message in self._lanes[RESPONSE].gap(size, reason):
                self._response(message)
        return self._rows()

    def finish(self, time: int) -> list[Row]:
        """The connection is over: rows for what is incomplete and what was not answered."""
        self._catch_up()
        for message in self._lanes[REQUEST].finish():
            self._stitch.request(message)
        for message in self._lanes[RESPONSE].finish():
            self._response(message)
        self._stitch.finish()
        return self._rows()

    def _response(self, message: Message) -> None:
        stream, stitch = message.stream, self._stitch
        if stream >= 0 and message.opcode != EVENT:
            if self._unsure:
                while self._pull(message.time):
                    pass
            pending = stitch.matcher.pending
            while stream not in pending and self._pull(message.time if self._lossy else None):
                pass
        stitch.response(message)

    def _catch_up(self) -> None:
        while self._pull(None):
            pass

    def _pull(self, before: int | None) -> bool:
        """Take in one more request, of those seen before `before`; False when there is none."""
        message, self._next = self._next or self._request(before), None
        if message is None:
            return False
        if before is not None and message.time >= before:
            self._next = message
            return False
        self._stitch.request(message)
        return True

    def _request(self, before: int | None) -> Message | None:
        """The next request; none from a chunk that begins at `before` or later."""
        lane, ahead = self._lanes[REQUEST], self._ahead
        while (message := lane.next()) is None:
            if not ahead:
                return None
            item = ahead[0]
            if isinstance(item, Chunk):
                if before is not None and item.times[0] >= before:
                    return None
                lane.add(item)
                self._ahead_size -= len(item.data)
                ahead.popleft()
            else:
                ahead.popleft()
                for cut in lane.gap(*item):
                    self._stitch.request(cut)
        return message

    def _rows(self) -> list[Row]:
        stitch = self._stitch
        rows = stitch.rows
        if rows:
            stitch.rows = []
        lost = False
        for source in (*self._lanes, stitch):
            if source.errors:
                for name in source.errors:
                    self.error(name)
                source.errors = []
        for lane in self._lanes:
            lost = lost or lane.lost
        waiting = stitch.matcher.pending or self._ahead or self._next
        if self._unsure and not lost and not waiting:
            self._unsure = False
        self.lockstep = lost or self._unsure
        return rows
