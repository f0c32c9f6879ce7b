"""One NATS connection: both directions in, rows out.

Each direction is a lane. In a lane the fast loop takes whole small PUBs and MSGs; at anything else one control line is read, its
payload taken in as it comes, and the fast loop goes on behind it. After a loss outside a payload the lane looks for the next
message (`resync`). Only part of a line is ever left in an inbox, or a short message not yet believed: MAX_LINE bytes.
"""

from pxcap.core.protocol import REQUEST, RESPONSE, TRUNCATED, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk, Inbox
from pxcap.plugins.nats.fast import deliveries, publications
from pxcap.plugins.nats.lines import UNREADABLE, read_line
from pxcap.plugins.nats.reader import PayloadReader
from pxcap.plugins.nats.resync import find_message
from pxcap.plugins.nats.stitch import Stitcher
from pxcap.plugins.nats.types import Message
from pxcap.plugins.nats.wire import MAX_LINE, PAYLOAD_VERBS, TLS


class Lane:
    """Where one direction stands.

    Attributes:
        inbox: Bytes not consumed.
        reader: The message whose payload is coming in.
        lost: It is not known where the next message begins.
        first: The next byte may be the beginning of one.
    """

    __slots__ = ("first", "inbox", "lost", "reader")

    def __init__(self, lost: bool, limit: int) -> None:
        self.inbox = Inbox()
        self.reader = PayloadReader(limit)
        self.lost = lost
        self.first = lost


class NatsParser(Parser):
    """Parses and matches one connection.

    Holds at most MAX_LINE bytes and twice the body limit a side, and MAX_WEIGHT bytes of messages that wait for their answer.
    """

    __slots__ = ("_lanes", "_limit", "_stitch")

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        self._limit = info.settings.body_limit
        self._lanes = (Lane(info.midstream, self._limit), Lane(info.midstream, self._limit))
        self._stitch = Stitcher(info.settings, info.midstream)
        self.lockstep = True

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        lane, stitch, limit = self._lanes[side], self._stitch, self._limit
        inbox, reader = lane.inbox, lane.reader
        if self._lanes[1 - side].lost:
            self._last_words(1 - side)
        fast = publications if side == REQUEST else deliveries
        inbox.add(chunk)
        buf, pos = inbox.buf, inbox.pos
        while pos < len(buf) and not self.done:
            if reader.message is not None:
                pos = reader.run(buf, pos)
                if reader.left:
                    break
                self._complete(side)
                continue
            if lane.lost:
                pos, found = self._search(side, buf, pos, False)
                if not found:
                    break
            elif stitch.plain and inbox.base + pos >= chunk.offset:
                most = limit if side == RESPONSE or not stitch.max_payload else min(limit, stitch.max_payload)
                pos = fast(buf, pos, inbox.base, chunk, stitch, most)
                if pos >= len(buf):
                    break
            if buf[pos] == TLS and not lane.lost:
                self.done = True
                break
            stop = buf.find(b"\n", pos, pos + MAX_LINE)
            if stop < 0:
                if len(buf) - pos < MAX_LINE:
                    break
                self.error("bad_line")
                lane.lost, lane.first = True, False
                pos += MAX_LINE
                continue
            end = stop - 1 if buf[stop - 1 : stop] == b"\r" and stop > pos else stop
            self._line(side, read_line(buf[pos:end], inbox.time_at(pos), side == REQUEST))
            pos = stop + 1
        inbox.pos = min(pos, len(buf))
        stitch.bound()
        return self._rows()

    def _search(self, side: int, buf: bytes, pos: int, over: bool) -> tuple[int, bool]:
        lane = self._lanes[side]
        at, found = find_message(buf, pos, lane.first, side == REQUEST, over)
        if found:
            lane.lost = lane.first = False
        else:
            lane.first = lane.first and at == pos
        return at, found

    def _line(self, side: int, message: Message) -> None:
        """Act on a control line."""
        if message.verb in PAYLOAD_VERBS:
            self._lanes[side].reader.start(message)
            return
        if message.verb == UNREADABLE:
            self.error("bad_line")
            self._lanes[side].lost = self._lanes[side].first = True
        self._deliver(side, message)

    def _deliver(self, side: int, message: Message) -> None:
        stitch = self._stitch
        if side == REQUEST:
            stitch.request(message)
        elif message.verb != UNREADABLE:
            stitch.response(message)
        if stitch.link and not self.done:
            self.error(stitch.link)
            self.done = True

    def _complete(self, side: int) -> None:
        message, ends_well = self._lanes[side].reader.take()
        if ends_well:
            self._deliver(side, message)
            return
        self.error("bad_payload")
        self._lanes[side].lost = True
        if side == REQUEST:
            self._stitch.broken(message)

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Bytes of a side were lost: inside a payload they cost only themselves."""
        lane, reader = self._lanes[side], self._lanes[side].reader
        if lane.lost:
            self._last_words(side)
        beyond = size
        if reader.message is not None:
            beyond = reader.lose(size, reason)
            if not reader.left:
                self._complete(side)
        if beyond:
            lane.inbox.clear()
            lane.lost = lane.first = True
            self._stitch.gap(side, time)
        return self._rows()

    def _last_words(self, side: int) -> None:
        """The other side speaks, or bytes are lost: a whole message that waits to be believed is one now."""
        lane = self._lanes[side]
        inbox, reader = lane.inbox, lane.reader
        if reader.message is not None:
            return
        pos, found = self._search(side, inbox.buf, inbox.pos, True)
        if found:
            buf = inbox.buf
            stop = buf.index(b"\n", pos)
            self._line(side, read_line(buf[pos:stop].rstrip(b"\r"), inbox.time_at(pos), side == REQUEST))
            pos = stop + 1
            if reader.message is not None:
                pos = reader.run(buf, pos)
                self._complete(side)
        inbox.pos = pos
        if pos >= len(inbox.buf):
            inbox.clear()
            lane.first = lane.lost

    def finish(self, time: int) -> list[Row]:
        """The connection is over: rows for what is incomplete and what was not answered."""
        if not self.done:
            for side in (REQUEST, RESPONSE):
                reader = self._lanes[side].reader
                if self._lanes[side].lost:
                    self._last_words(side)
                if reader.message is not None:
                    message, _ = reader.take()
                    message.note = message.note or TRUNCATED
                    self._deliver(side, message)
        self._stitch.finish()
        return self._rows()

    def _rows(self) -> list[Row]:
        stitch = self._stitch
        rows = stitch.take_rows()
        lost = self._lanes[REQUEST].lost or self._lanes[RESPONSE].lost
        self.lockstep = lost or stitch.two_way or not (stitch.plain and stitch.orderly)
        return rows
