"""One PostgreSQL connection: both directions in, rows out.

Each direction is a lane of messages. Requests that run far ahead of the answers wait as bytes. The loop over the server's
messages counts rows where they lie; everything else goes to `Requests` and `Responses`.
"""

from pxcap.core.ahead import MAX_BYTES, Ahead
from pxcap.core.protocol import REQUEST, RESPONSE, TRUNCATED, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.pgsql import wire
from pxcap.plugins.pgsql.fast import common_requests, common_responses
from pxcap.plugins.pgsql.lane import HEADER, Clock, Lane
from pxcap.plugins.pgsql.requests import Requests
from pxcap.plugins.pgsql.responses import Responses
from pxcap.plugins.pgsql.stitch import MAX_WEIGHT, Stitcher
from pxcap.plugins.pgsql.types import CYCLE
from pxcap.plugins.pgsql.walk import MIN_ROW, rows
from pxcap.plugins.pgsql.wire import COPY_DATA, DATA_ROW, HEADER_SIZE, KEEP, MAX_MESSAGE

ENOUGH = 2048  # unanswered requests before more are parsed
TLS_HANDSHAKE = 0x16
_VALID = (wire.REQUESTS, wire.RESPONSES)


class PgsqlParser(Parser):
    """Parses and matches one connection.

    Holds MAX_BYTES bytes of requests that run ahead, a message of each side up to the body limit or KEEP, and what
    `Requests` and `Stitcher` name: statements, portals and requests without an answer.
    """

    __slots__ = ("_ahead", "_fresh", "_lanes", "_requests", "_responses", "_stitch", "_untyped")

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        keep = max(info.settings.body_limit, KEEP)
        self._ahead = Ahead()
        self._lanes = (Lane(info.midstream, keep), Lane(info.midstream, keep))
        self._stitch = Stitcher(info.settings, not info.midstream, self.error)
        self._requests = Requests(info.settings, self._stitch, self.error, info.midstream)
        self._responses = Responses(info.settings, self._stitch, self.error)
        self._untyped = not info.midstream  # the client's next message is one without a type
        self._fresh = info.midstream  # only the handshake of TCP may have been missed

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        if (other := self._lanes[1 - side]).lost and not self._ahead.size:
            other.turn()
        if side == REQUEST:
            if self._fresh:
                self._begin_anyhow(chunk.data[0])
            self._ahead.add(chunk)
            self._catch_up(self.lockstep)
        else:
            self._feed_responses(chunk)
            if self._ahead.size:
                self._catch_up(False)
        return self._rows()

    def _begin_anyhow(self, byte: int) -> None:
        """The first byte of the client: no message begins with NUL but one without a type."""
        self._fresh = False
        if byte == 0:
            self._untyped = True
            lane = self._lanes[REQUEST]
            lane.lost = lane.first = False

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Bytes of a side were lost: inside a message of known length they cost only themselves."""
        self._fresh = self._fresh and side != REQUEST
        self._catch_up(True)
        lane, stitch = self._lanes[side], self._stitch
        shapeless = lane.lost or (self._untyped and side == REQUEST)
        untyped = self._untyped and side == REQUEST and len(lane.stash) >= 8
        beyond = self._first_lost(lane, size, reason) if untyped else size if shapeless else lane.gap(size)
        if side == RESPONSE:
            stitch.holed(time)
        if lane.stash and not untyped:
            left = lane.total() - len(lane.stash) if len(lane.stash) >= HEADER_SIZE and not shapeless else 0
            self._cut(side, time, reason)
            lane.skip = max(0, left - size)
        if beyond:
            lane.lost = lane.first = True
            lane.skip = 0
            if side == REQUEST:
                self._untyped = False
                self._requests.lost()
            stitch.gap(side, time)
        return self._rows()

    def finish(self, time: int) -> list[Row]:
        """The connection is over: rows for what is incomplete and what was not answered."""
        if not self.done:
            self._catch_up(True)
            for side in (REQUEST, RESPONSE):
                if self._lanes[side].stash:
                    self._cut(side, time, TRUNCATED)
        self._stitch.finish()
        return self._rows()

    def _rows(self) -> list[Row]:
        stitch = self._stitch
        rows = stitch.rows
        if rows:
            stitch.rows = []
        self.lockstep = not stitch.sure or self._lanes[REQUEST].lost or self._lanes[RESPONSE].lost
        return rows

    def _cut(self, side: int, time: int, reason: str) -> None:
        """Make do with what is known of a message whose end is missing."""
        lane = self._lanes[side]
        message = bytes(lane.stash)
        lane.stash.clear()
        if len(message) < HEADER_SIZE or lane.lost or (side == REQUEST and self._untyped):
            return
        kind, size = HEADER(message)
        if kind in _VALID[side] and 4 <= size <= MAX_MESSAGE:
            self._message(side, message, size, lane.time, time, reason)

    # Requests.

    def _catch_up(self, everything: bool) -> None:
        """Parse requests that run ahead, until enough await their answers."""
        ahead, stitch = self._ahead, self._stitch
        while ahead.size and not self.done:
            if not everything and stitch.sure and ahead.size <= MAX_BYTES:
                pending = stitch.pending
                if len(pending) >= ENOUGH or stitch.weight >= MAX_WEIGHT // 2:
                    return
                if pending and pending[-1].kind in _SINGLE:
                    return  # what follows may be encrypted: the answer tells
            self._feed_requests(ahead.take())

    def _feed_requests(self, chunk: Chunk) -> None:
        lane, clock, requests, stitch = self._lanes[REQUEST], Clock(chunk), self._requests, self._stitch
        buf, pos = chunk.data, 0
        end = len(buf)
        while not self.done:
            if self._untyped:
                pos = self._first_message(lane, clock, buf, pos)
                if self._untyped:
                    return
            pos = self._resume(REQUEST, lane, clock, buf, pos)
            if pos < 0:
                return
            while end - pos >= HEADER_SIZE:
                kind, size = HEADER(buf, pos)
                if kind in _CYCLES and stitch.plain:
                    at = common_requests(buf, pos, clock, requests, stitch)
                    if at > pos:
                        pos = at
                        continue
                stop = pos + 1 + size
                if kind not in wire.REQUESTS or not 4 <= size <= MAX_MESSAGE:
                    break
                if kind == COPY_DATA:
                    requests.copied(size - 4)
                    if stop > end:
                        lane.skip = stop - end
                        return
                elif stop > end:
                    break
                else:
                    requests.message(kind, buf, pos + HEADER_SIZE, stop, clock.at(pos), "")
                pos = stop
            pos = lane.begin(clock, buf, pos)
            if pos >= end and len(lane.stash) < HEADER_SIZE:
                return

    def _first_lost(self, lane: Lane, size: int, reason: str) -> int:
        """Bytes are missing in a message without a type; returns how many lie beyond it."""
        first, _ = wire.FIRST.parse(bytes(lane.stash), 0, 8)
        left: int = first.size - len(lane.stash)
        self._requests.startup(bytes(lane.stash), first.code, lane.time, reason)
        lane.stash.clear()
        lane.skip = max(0, left - size)
        self._untyped = first.code >> 16 != wire.MAJOR
        return max(0, size - left)

    def _first_message(self, lane: Lane, clock: Clock, buf: bytes, pos: int) -> int:
        """The startup message, or one that stands before it; returns the position behind what was taken."""
        while self._untyped and pos < len(buf):
            if not lane.stash:
                lane.time = clock.at(pos)
                if buf[pos] == TLS_HANDSHAKE:
                    self.done = True
                    return pos
            pos = lane.gather(buf, pos, 8)
            if len(lane.stash) < 8:
                return pos
            first, _ = wire.FIRST.parse(bytes(lane.stash), 0, 8)
            special = first.code in (wire.SSL_REQUEST, wire.GSSENC_REQUEST, wire.CANCEL_REQUEST)
            if not 8 <= first.size <= wire.MAX_STARTUP or not (special or first.code >> 16 == wire.MAJOR):
                if not self.info.midstream:
                    self.error("bad_startup")
                lane.lose(first=False)
                self._untyped = False
                self._stitch.gap(REQUEST, lane.time)
                return pos
            pos = lane.gather(buf, pos, first.size)
            if len(lane.stash) < first.size:
                return pos
            self._requests.startup(bytes(lane.stash), first.code, lane.time)
            lane.stash.clear()
            self._untyped = special
        return pos

    # Answers.

    def _feed_responses(self, chunk: Chunk) -> None:
        lane, clock, responses, stitch = self._lanes[RESPONSE], Clock(chunk), self._responses, self._stitch
        pending, ahead, read = stitch.pending, self._ahead, responses.readers
        buf, pos = chunk.data, 0
        end = len(buf)
        while True:
            if not pending and ahead.size:
                self._catch_up(False)
            if pending and pending[0].kind in _SINGLE and not lane.stash and buf[pos] != wire.ERROR:
                if responses.single(buf[pos], clock.at(pos)):
                    self.done = True
                    return
                pos += 1
                if pos >= end:
                    return
                continue
            pos = self._resume(RESPONSE, lane, clock, buf, pos)
            if pos < 0:
                return
            while end - pos >= HEADER_SIZE:
                kind, size = HEADER(buf, pos)
                stop = pos + 1 + size
                if not pending and ahead.size:
                    self._catch_up(False)
                if kind in _CYCLE_ANSWERS and pending and pending[0].kind == CYCLE and stitch.plain:
                    at = common_responses(buf, pos, clock, stitch, responses.answers)
                    if at > pos:
                        pos = at
                        continue
                if kind == DATA_ROW:
                    count, pos = rows(buf, pos, end)
                    if count:
                        responses.rows(count, clock.at(pos - 1))
                        continue
                    break
                if kind not in read or not 4 <= size <= MAX_MESSAGE or stop > end:
                    break
                if kind == COPY_DATA:
                    responses.copied(size - 4, clock.at(stop - 1))
                else:
                    read[kind](buf, pos + HEADER_SIZE, stop, clock.at(stop - 1))
                pos = stop
            pos = lane.begin(clock, buf, pos)
            if pos >= end and len(lane.stash) < HEADER_SIZE:
                return

    # Both.

    def _resume(self, side: int, lane: Lane, clock: Clock, buf: bytes, pos: int) -> int:
        """Get past what was left open; returns where a message begins, -1 when the chunk is used up."""
        end = len(buf)
        while True:
            if lane.skip:
                taken = min(lane.skip, end - pos)
                lane.skip -= taken
                pos += taken
            if lane.lost:
                pos = lane.search(side, clock, buf, pos)
                if lane.lost:
                    return -1
            if not lane.stash:
                return pos if pos < end else -1
            pos = lane.gather(buf, pos, HEADER_SIZE)
            if len(lane.stash) < HEADER_SIZE:
                return -1
            kind, size = HEADER(lane.stash)
            if kind not in _VALID[side] or not (MIN_ROW if kind == DATA_ROW and side else 4) <= size <= MAX_MESSAGE:
                self.error("bad_message")
                lane.lose(first=False)
                self._stitch.gap(side, lane.time)
                continue
            counted = kind == COPY_DATA or (kind == DATA_ROW and side == RESPONSE)
            keep = HEADER_SIZE if counted else min(size + 1, lane.keep)
            pos = lane.gather(buf, pos, keep)
            if len(lane.stash) < keep:
                return -1
            time = lane.time
            message = lane.take(keep)
            lane.skip = size + 1 - len(message)
            if lane.skip and lane.stash:
                rest = min(lane.skip, len(lane.stash))
                lane.skip -= rest
                lane.take(rest)
            self._message(side, message, size, time, clock.at(max(pos - 1, 0)), TRUNCATED if lane.skip else "")

    def _message(self, side: int, message: bytes, size: int, time: int, when: int, flaw: str) -> None:
        """A message that came in pieces, or that was cut."""
        kind = message[0]
        if side == REQUEST:
            if kind == COPY_DATA:
                self._requests.copied(size - 4)
            else:
                self._requests.message(kind, message, HEADER_SIZE, len(message), time, flaw)
        elif kind == DATA_ROW:
            self._responses.rows(1, when)
        elif kind == COPY_DATA:
            self._responses.copied(size - 4, when)
        else:
            self._responses.readers[kind](message, HEADER_SIZE, len(message), when)


_CYCLES = frozenset({wire.PARSE, wire.BIND, wire.QUERY})
_CYCLE_ANSWERS = frozenset({wire.PARSE_COMPLETE, wire.BIND_COMPLETE, wire.ROW_DESCRIPTION, wire.COMMAND_COMPLETE})
_SINGLE = frozenset({wire.SSL_REQUEST, wire.GSSENC_REQUEST})
