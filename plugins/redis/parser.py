"""One Redis connection: both directions in, rows out.

Each direction is a lane. In a lane the fast loop takes what is common; at anything else the lane's reader takes in one
message and the fast loop goes on behind it. After a loss that leaves the structure unknown the lane looks for the next
message (`resync`). Only the part of a line is ever left in an inbox: at most MAX_LINE bytes.
"""

from pxcap.core.ahead import MAX_BYTES, Ahead
from pxcap.core.protocol import REQUEST, RESPONSE, TRUNCATED, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk, Inbox
from pxcap.core.text import to_text
from pxcap.plugins.redis.fast import common_replies, common_requests
from pxcap.plugins.redis.reply import ReplyReader
from pxcap.plugins.redis.request import RequestReader
from pxcap.plugins.redis.resync import find_reply, find_request
from pxcap.plugins.redis.stitch import Stitcher
from pxcap.plugins.redis.types import Reply
from pxcap.plugins.redis.wire import ARRAY, MAX_HEADER, SIMPLE

ENOUGH = 4096  # unanswered requests before more are parsed


class Lane:
    """Where one direction stands.

    Attributes:
        inbox: Bytes not consumed.
        lost: It is not known where the next message begins.
        first: The next byte may be the beginning of one.
        waiting: An aggregate lost its structure: nothing is a reply until the client speaks again.
    """

    __slots__ = ("first", "inbox", "lost", "waiting")

    def __init__(self, lost: bool) -> None:
        self.inbox = Inbox()
        self.lost = lost
        self.first = lost
        self.waiting = False


class RedisParser(Parser):
    """Parses and matches one connection.

    Holds at most twice the body limit, MAX_LINE bytes a side, MAX_BYTES of requests that run ahead, and unanswered
    requests of MAX_WEIGHT bytes.
    """

    __slots__ = ("_ahead", "_lanes", "_limit", "_replies", "_requests", "_stitch")

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        self._limit = info.settings.body_limit
        self._ahead = Ahead()
        self._lanes = (Lane(info.midstream), Lane(info.midstream))
        self._requests = RequestReader(self._limit, info.settings.redact)
        self._replies = ReplyReader(self._limit)
        self._stitch = Stitcher(info.settings, info.midstream)

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        if side == REQUEST:
            self._turn(self._lanes[RESPONSE])
            self._ahead.add(chunk)
            self._catch_up()
        else:
            self._turn(self._lanes[REQUEST])
            self._feed_replies(chunk)
            self._catch_up()
        return self._rows()

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Bytes of a side were lost: inside a value of known length they cost only themselves."""
        self._catch_up(everything=True)
        lane, stitch = self._lanes[side], self._stitch
        reader = self._requests if side == REQUEST else self._replies
        stitch.hole(side)
        beyond = reader.lose(size, reason) if reader.started else size
        if reader.started and reader.complete:
            self._complete(side)
        if not beyond:
            return self._rows()
        if reader.started:
            if side == RESPONSE:
                lane.waiting = self._replies.nested
            self._abandon(side, reason)
        lane.inbox.clear()
        lane.lost = lane.first = True
        stitch.gap(side)
        return self._rows()

    def finish(self, time: int) -> list[Row]:
        """The connection is over: rows for what is incomplete and what was not answered."""
        if not self.done:
            self._catch_up(everything=True)
            for side, reader in ((REQUEST, self._requests), (RESPONSE, self._replies)):
                if reader.started:
                    self._abandon(side, TRUNCATED)
        self._stitch.finish()
        return self._rows()

    def _rows(self) -> list[Row]:
        stitch = self._stitch
        rows = stitch.rows
        if rows:
            stitch.rows = []
        lost = self._lanes[REQUEST].lost or self._lanes[RESPONSE].lost
        self.lockstep = lost or not stitch.matcher.sure or stitch.syncing()
        if stitch.replicating and not self.done:
            self.done = True
            self.error("replication_link")
        if stitch.debris:
            self.error("debris", stitch.debris)
            stitch.debris = 0
        return rows

    # Requests.

    def _catch_up(self, everything: bool = False) -> None:
        """Parse requests that run ahead, until enough await their replies."""
        ahead, matcher = self._ahead, self._stitch.matcher
        while ahead.size and (
            everything or len(matcher.pending) < ENOUGH or ahead.size > MAX_BYTES or not matcher.sure
        ):
            self._feed_requests(ahead.take())

    def _feed_requests(self, chunk: Chunk) -> None:
        lane = self._lanes[REQUEST]
        inbox, reader, stitch = lane.inbox, self._requests, self._stitch
        inbox.add(chunk)
        buf, pos = inbox.buf, inbox.pos
        while pos < len(buf) and not stitch.replicating:
            if not reader.started:
                if lane.lost:
                    at, found = find_request(buf, pos, lane.first, reader.inline)
                    lane.first = lane.first and at == pos
                    pos = at
                    if not found:
                        break
                    lane.lost = lane.first = False
                elif buf[pos] in b"\r\n":  # a line without a command
                    pos += 1
                    continue
                elif buf[pos] == ARRAY and stitch.plain_requests and inbox.base + pos >= chunk.offset:
                    pos = common_requests(buf, pos, inbox.base, chunk, stitch.matcher.pending.append, self._limit)
                    if pos >= len(buf):
                        break
                reader.start(inbox.time_at(pos))
            pos = reader.run(buf, pos)
            if reader.bad:
                self._bad_request(lane)
            elif reader.complete:
                self._complete(REQUEST)
            else:
                break
        inbox.pos = pos
        stitch.bound(len(chunk.data))

    def _bad_request(self, lane: Lane) -> None:
        self.error("bad_request")
        self._stitch.request(self._requests.malformed())
        lane.lost, lane.first = True, False

    # Replies.

    def _feed_replies(self, chunk: Chunk) -> None:
        lane = self._lanes[RESPONSE]
        inbox, reader, stitch, ahead = lane.inbox, self._replies, self._stitch, self._ahead
        inbox.add(chunk)
        buf, pos = inbox.buf, inbox.pos
        if lane.waiting:
            inbox.pos = len(buf)
            return
        while pos < len(buf) and not stitch.replicating:
            if ahead.size:
                self._catch_up()
            if not reader.started:
                if lane.lost:
                    at, found = find_reply(buf, pos, lane.first)
                    lane.first = lane.first and at == pos
                    pos = at
                    if not found:
                        break
                    if not lane.first:
                        stitch.lost_track(RESPONSE)  # what was skipped may have been replies
                    lane.lost = lane.first = False
                elif stitch.syncing():
                    pos = self._sync(buf, pos, inbox)
                    if pos < 0:
                        return
                elif stitch.plain_replies and stitch.matcher.pending and inbox.base + pos >= chunk.offset:
                    pos = common_replies(buf, pos, inbox.base, chunk, stitch.matcher.pending, stitch.rows, self._limit)
                    if pos >= len(buf) or stitch.syncing() or (ahead.size and not stitch.matcher.pending):
                        continue
                reader.start(inbox.time_at(pos))
            pos = reader.run(buf, pos)
            if reader.bad:
                reader.started = False
                self.error("bad_reply")
                lane.lost, lane.first = True, False
                stitch.lost_track(RESPONSE)
            elif reader.complete:
                self._complete(RESPONSE)
            else:
                break
        inbox.pos = pos

    def _sync(self, buf: bytes, pos: int, inbox: Inbox) -> int:
        """The reply to PSYNC or SYNC: a status line, or the header of a snapshot that has no end of its own.

        Returns where an error reply begins; -1 when the line is not whole or the connection now is a replication link.
        """
        while buf.startswith(b"\n", pos):  # the server is alive and still preparing
            pos += 1
        inbox.pos = pos
        if buf.startswith(b"-", pos):
            return pos
        stop = buf.find(b"\r\n", pos, pos + MAX_HEADER * 4)
        if stop < 0:
            if len(buf) - pos < MAX_HEADER * 4:
                return -1
            stop = pos + MAX_HEADER * 4
        text = to_text(buf[pos + 1 : stop])
        if buf[pos] != SIMPLE:
            text = f"snapshot of {text} bytes" if text.isdigit() else "snapshot"
        self._stitch.reply(Reply(inbox.time_at(pos), buf[pos], text))
        self._stitch.replicating = True
        return -1

    # Both.

    def _turn(self, other: Lane) -> None:
        """A side speaks: what the other says next is likely the beginning of a message."""
        other.waiting = False
        inbox = other.inbox
        if other.lost and inbox.buf[inbox.pos :] in (b"", b"\n"):
            inbox.clear()
            other.first = True

    def _complete(self, side: int) -> None:
        if side == RESPONSE:
            self._stitch.reply(self._replies.take())
        else:
            request = self._requests.take()
            if request is not None:
                self._stitch.request(request)

    def _abandon(self, side: int, reason: str) -> None:
        """Make do with what is known of the message that is being read."""
        inbox = self._lanes[side].inbox
        if side == RESPONSE:
            self._stitch.reply(self._replies.abandon(inbox.buf[inbox.pos :], reason))
            return
        request = self._requests.abandon(reason)
        if request is not None:
            self._stitch.request(request)
