"""One direction: bytes in, messages out, through segments where v5 has agreed on them.

A lane is in one of four modes. `RAW`: messages follow each other. `FRAMED`: segments do. `EITHER`: behind STARTUP, and
behind the READY or AUTHENTICATE that answers it, v5 goes over to segments (section 2.3.1) but its beta did not, and
DataStax Enterprise does not; the checksum tells. `LOST`: after a loss; the next message or segment is looked for.
"""

from enum import Enum, auto

from pxcap.core.stream import Chunk, Inbox
from pxcap.plugins.cql import resync
from pxcap.plugins.cql.messages import MessageReader
from pxcap.plugins.cql.segments import LZ4_HEAD, TRAILER, Head, Segment, head_at, read_head
from pxcap.plugins.cql.types import Message
from pxcap.plugins.cql.wire import AUTHENTICATE, DSE1, READY, STARTUP, WIDE


class Mode(Enum):
    """What comes next."""

    RAW = auto()
    FRAMED = auto()
    EITHER = auto()
    LOST = auto()


class Lane:
    """Where one direction stands.

    Attributes:
        errors: What was malformed since the parser looked last, by name.
        inbox: Bytes not yet taken.
    """

    __slots__ = ("_direction", "_framing", "_head", "_mode", "_plain", "_plain_at", "_plain_time", "_reader", "_segment", "_skip", "_unseen", "errors", "inbox")  # fmt: skip

    def __init__(self, direction: int, keep: int, midstream: bool) -> None:
        self._direction = direction
        self._reader = MessageReader(direction, keep)
        self.inbox = Inbox()
        self._mode = Mode.LOST if midstream else Mode.RAW
        self._framing = ""  # what is to be looked for after a loss: resync.RAW, FRAMED or either
        self._head = 0  # size of segment headers; 0: not known yet
        self._segment: Segment | None = None
        self._plain = b""  # messages of a compressed segment
        self._plain_at = 0
        self._plain_time = 0
        self._skip = False  # the rest of the segment belongs to a message whose beginning is unknown
        self._unseen = midstream  # after a loss: a segment that is not self-contained may be the middle of a message
        self.errors: list[str] = []

    @property
    def lost(self) -> bool:
        """It is not known where the next message begins."""
        return self._mode is Mode.LOST or self._unseen

    def add(self, chunk: Chunk) -> None:
        """Take the next bytes; to be called when `next` has returned None."""
        self.inbox.add(chunk)

    @property
    def plain(self) -> bool:
        """What comes next in `inbox` is the header of a message, as far as that is known."""
        return self._mode is Mode.RAW and not self._reader.left

    def passed(self, pos: int, some: bool) -> None:
        """The messages of `inbox` before `pos` were taken out of it, plain and whole; `some`: there were any."""
        self.inbox.pos = pos
        if some:
            self._unseen, self._framing = False, resync.RAW

    def next(self) -> Message | None:
        """The next complete message, or None when more bytes are needed."""
        message: Message | None = None
        more = True
        while more and message is None:
            if self._plain:
                message, more = self._from_plain()
            elif self._segment is not None:
                message, more = self._from_segment(self._segment)
            elif self._mode is Mode.RAW:
                message, more = self._from_inbox()
            else:
                message, more = self._begin()
        return message

    def gap(self, size: int, reason: str) -> list[Message]:
        """`size` bytes were not captured; to be called when `next` has returned None. Returns messages that end in them."""
        reader, inbox = self._reader, self.inbox
        begun = len(inbox.buf) - inbox.pos
        inbox.clear()
        found: list[Message | None] = []
        rest = size
        if self._segment is not None:
            found, rest = self._lose_in_segment(self._segment, begun + size, reason)
        elif self._mode is Mode.RAW and reader.left:
            message, rest = reader.lose(size, reason)
            found = [message]
        if rest:
            found.append(reader.abandon(reason))
            self._lose_track()
        return [message for message in found if message is not None]

    def finish(self) -> list[Message]:
        """The connection is over: the message that was begun."""
        message = self._reader.abandon("truncated")
        return [message] if message is not None else []

    def _lose_track(self) -> None:
        if self._mode is Mode.EITHER and not self._framing:
            self._framing = resync.FRAMED  # of the two by far the more common
        self._mode = Mode.LOST
        self._segment, self._plain, self._plain_at, self._skip = None, b"", 0, False
        self._unseen = True

    def _bad(self, name: str) -> None:
        """What stands here is neither header: count it, look for the next one behind it."""
        self.errors.append(name)
        self._reader.bad = False
        self._lose_track()
        self.inbox.pos = min(self.inbox.pos + 1, len(self.inbox.buf))

    def _from_inbox(self) -> tuple[Message | None, bool]:
        inbox, reader = self.inbox, self._reader
        buf = inbox.buf
        message, inbox.pos = reader.take(buf, inbox.pos, len(buf), inbox.time_at)
        if message is not None:
            self._unseen = False
            if WIDE <= message.version < DSE1:
                if message.opcode in _HAND_OVER[self._direction]:
                    self._mode = Mode.EITHER
            else:
                self._framing = resync.RAW
        elif reader.bad:
            self._bad("bad_header")
        else:
            return None, False
        return message, True

    def _begin(self) -> tuple[Message | None, bool]:
        """Find out what comes next and get ready for it."""
        inbox = self.inbox
        buf, pos = inbox.buf, inbox.pos
        if self._mode is Mode.LOST:
            inbox.pos, kind = resync.find(buf, pos, self._direction, self._framing)
            if not kind:
                return None, False
            if kind == resync.RAW:
                self._mode = Mode.RAW
                return None, True
            return self._start(head_at(buf, inbox.pos)), True
        need = self._head or LZ4_HEAD
        if len(buf) - pos < need:
            return None, False
        if self._mode is Mode.EITHER:
            head = head_at(buf, pos)
            if head is None:
                self._mode, self._framing = Mode.RAW, resync.RAW
                return None, True
        else:
            head = read_head(buf[pos : pos + need])
        return self._start(head), True

    def _start(self, head: Head | None) -> Message | None:
        """Begin a segment; returns the message that should have gone on in it, if there is one."""
        if head is None:
            message = self._reader.abandon()
            self._bad("bad_segment")
            return message
        inbox = self.inbox
        self._segment = Segment(head, inbox.time_at(inbox.pos))
        inbox.pos += head.length
        self._mode, self._framing, self._head = Mode.FRAMED, resync.FRAMED, head.length
        self._skip = False
        if not head.self_contained:
            return None
        self._unseen = False
        message = self._reader.abandon()
        if message is not None:
            self.errors.append("bad_segment")
        return message

    def _from_segment(self, segment: Segment) -> tuple[Message | None, bool]:
        inbox = self.inbox
        buf, pos = inbox.buf, inbox.pos
        have = min(len(buf) - pos, segment.left)
        if not segment.left:
            taken = segment.trailer(buf[pos : pos + TRAILER])
            inbox.pos += taken
            if not segment.complete:
                return None, False
            return self._end(segment), True
        if not have:
            return None, False
        if segment.head.length == LZ4_HEAD:
            segment.collect(buf[pos : pos + have])
            inbox.pos += have
            return None, True
        if self._unseen and not self._skip and not self._reader.left:
            if have < min(segment.head.size, resync.WINDOW):
                return None, False
            self._look(buf[pos : pos + resync.WINDOW])
        if self._skip:
            segment.count(buf[pos : pos + have])
            inbox.pos += have
            return None, True
        message, after = self._reader.take(buf, pos, pos + have, lambda _: segment.time)
        segment.count(buf[pos:after])
        inbox.pos = after
        if self._reader.bad or (message is None and after == pos and have == segment.left):
            self._reader.bad = False
            self.errors.append("bad_segment")
            self._skip = True
        elif message is None and after == pos:
            return None, False
        return message, True

    def _look(self, payload: bytes) -> None:
        """Decide whether the payload of a segment begins a message, where those before it were lost."""
        self._skip = not resync.starts_message(payload, 0, self._direction)
        self._unseen = self._skip

    def _end(self, segment: Segment) -> Message | None:
        """A segment is complete."""
        self._segment = None
        if not segment.sound:
            self.errors.append("bad_checksum")
        if segment.head.length != LZ4_HEAD:
            self._unseen = self._unseen or (self._skip and not segment.head.self_contained)
            return None
        plain = segment.unpack()
        if plain is None:
            if segment.whole:
                self.errors.append("bad_compression")
            message, _ = self._reader.lose(segment.head.unpacked or segment.head.size)
            self._unseen = self._unseen or not (segment.head.self_contained or self._reader.left)
            return message
        if self._unseen and not self._reader.left:
            self._look(plain)
        self._plain = b"" if self._skip else plain
        self._plain_at, self._plain_time = 0, segment.time
        return None

    def _from_plain(self) -> tuple[Message | None, bool]:
        plain, at = self._plain, self._plain_at
        message, self._plain_at = self._reader.take(plain, at, len(plain), lambda _: self._plain_time)
        if self._reader.bad or (message is None and self._plain_at == at):
            self._reader.bad = False
            self.errors.append("bad_segment")
            self._plain = b""
        elif self._plain_at >= len(plain):
            self._plain = b""
        return message, True

    def _lose_in_segment(self, segment: Segment, size: int, reason: str) -> tuple[list[Message | None], int]:
        """Bytes inside a segment, and maybe beyond, were not captured."""
        found: list[Message | None] = []
        if segment.head.length != LZ4_HEAD and not self._skip:
            inside = min(size, segment.left)
            message, beyond = self._reader.lose(inside, reason)
            found.append(message)
            self._skip = beyond > 0 or (message is None and inside > 0 and not self._reader.left)
        rest = segment.lose(size)
        if not rest and segment.complete:
            found.append(self._end(segment))
        return found, rest


_HAND_OVER = (frozenset({STARTUP}), frozenset({READY, AUTHENTICATE}))  # by direction
