"""One direction's frames (RFC 9113, section 4): where each begins, what is in it, and where to go on after a loss.

A reader is either at a frame header, inside a frame whose rest is to come, or searching for a header behind a loss. DATA is
handed on as it comes; what else a frame holds is collected first. A gap inside a frame costs that frame; one that reaches
beyond it costs what the dynamic table knew, as a header block may have been among what was lost.
"""

from abc import ABC, abstractmethod

from pxcap.core.layout import Invalid, Partial
from pxcap.core.stream import Inbox
from pxcap.core.text import to_text
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.h2.hpack import Decoder
from pxcap.plugins.http.h2.stitch import Streams
from pxcap.plugins.http.h2.types import Block, Head
from pxcap.plugins.http.h2.wire import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    GOAWAY_FRAME,
    HEAD,
    HEAD_SIZE,
    HEADERS,
    LEFT_ALONE,
    MAX_BLOCK,
    MAX_CONTROL,
    MAX_FRAGMENTS,
    MAX_FRAME,
    MAX_FRAME_SIZE,
    PADDED,
    PING,
    PRIORITIZED,
    PROMISE,
    PUSH_PROMISE,
    RESET_FRAME,
    RST_STREAM,
    SETTING_LIST,
    SETTINGS,
    STREAM,
    find_frame,
    frame_name,
    well_formed,
)
from pxcap.plugins.http.reader import note_of
from pxcap.plugins.http.wire import MIDSTREAM, TRUNCATED

_BLOCKS = frozenset({HEADERS, PUSH_PROMISE, CONTINUATION})
_COLLECTED = _BLOCKS | {RST_STREAM, SETTINGS, GOAWAY}
_DEBUG = 200  # bytes of a GOAWAY's debug data shown


class FrameReader(ABC):
    """Reads one direction; holds one frame that is not DATA (MAX_CONTROL) and one header block (MAX_BLOCK) at most.

    Attributes:
        inbox: Bytes not consumed yet.
        searching: Behind a loss, or joined in mid-stream, and no frame was found yet.
        found: Frames read since the search ended, or since the start.
        understood: A header list said whose frames these are, in a connection whose beginning was not seen.
        longest: Of the DATA and header frames seen: the largest length.
        allowed: SETTINGS_MAX_FRAME_SIZE that this side announced for the other; without limit when it may not have been seen.
    """

    __slots__ = (
        *("_block", "_broken", "_flags", "_kind", "_left", "_number", "_pad", "_part", "_side", "_streams", "_table"),
        *("_time", "_unknown", "allowed", "found", "inbox", "longest", "searching", "understood"),
    )

    def __init__(self, side: int, streams: Streams, midstream: bool) -> None:
        self.inbox = Inbox()
        self.searching = midstream
        self.found = 0
        self.understood = False
        self.longest = 0
        self.allowed = STREAM if midstream else MAX_FRAME
        self._side = side
        self._streams = streams
        self._table = Decoder(streams.fields, not midstream)
        self._unknown = MIDSTREAM  # note of a record with unknown headers
        self._block: Block | None = None
        self._kind = self._flags = self._number = self._time = 0
        self._left = 0  # of the current frame's payload
        self._pad = 0  # behind it
        self._part: bytearray | None = None
        self._broken = 0  # note: bytes of the current frame were lost

    @abstractmethod
    def _head(self, number: int, head: Head, last: bool, time: int, note: int) -> None:
        """A header list, complete or noted."""

    @abstractmethod
    def _body(self, number: int, time: int) -> Body | None:
        """Where the DATA of a stream belongs; None when nowhere."""

    @abstractmethod
    def _end(self, number: int, time: int) -> None:
        """The last frame of a stream was DATA."""

    @abstractmethod
    def _reset(self, number: int, code: int, time: int) -> None:
        """RST_STREAM."""

    @abstractmethod
    def _promise(self, promised: int, head: Head, time: int, note: int) -> None:
        """The header list of a PUSH_PROMISE."""

    def _fast(self, buf: bytes, pos: int, size: int) -> int:
        """Read whole frames that need nothing but the usual; returns where the first other begins."""
        return pos

    def _waits(self, time: int) -> bool:
        """Whether the frame that begins, and was seen at `time`, is not to be read yet."""
        return False

    def read(self) -> None:
        """Consume of the inbox what can be consumed."""
        inbox = self.inbox
        buf, pos = inbox.buf, inbox.pos
        size = len(buf)
        unpack, time_at = HEAD.unpack_from, inbox.time_at
        while pos < size:
            if self.searching:
                found, pos = find_frame(buf, pos, False)
                if found < 0:
                    break
                self.searching = False
                continue
            if self._left or self._pad:
                pos = self._inside(buf, pos, size)
                continue
            if self._block is None:
                pos = self._fast(buf, pos, size)
            start = pos + HEAD_SIZE
            if start > size:
                break
            high, low, kind, flags, number = unpack(buf, pos)
            length = high << 8 | low
            number &= STREAM
            if not well_formed(length, kind, number):
                self._streams.error("frame_header")
                self._lost(0)
                pos += 1
                continue
            end = start + length
            pad = front = 0
            if flags & PADDED and kind in (DATA, HEADERS, PUSH_PROMISE) and length:
                if start >= size:
                    break
                pad, front = buf[start], 1
                if pad >= length:
                    self._streams.error("padding")
                    pad = length - 1
            time = time_at(pos)
            if self._waits(time):
                break
            self.found += 1
            self.longest = max(self.longest, length)
            self._kind, self._flags, self._number, self._time = kind, flags, number, time
            if self._block is not None and (kind != CONTINUATION or number != self._block.stream):
                self._streams.error("continuation_expected")
                self._end_block(self._block, TRUNCATED)
            if end <= size:
                if kind == DATA:
                    self._data(buf, start + front, end - pad)
                    if flags & END_STREAM:
                        self._end(number, time)
                elif kind in _COLLECTED:
                    self._frame(buf[start + front : end - pad], 0)
                elif kind not in LEFT_ALONE and kind != PING:
                    self._streams.error(frame_name(kind))
                pos = end
            else:
                self._begin(length - front - pad, pad)
                pos = start + front
        inbox.pos = pos

    def gap(self, size: int, reason: str) -> None:
        """Go on behind `size` bytes that were not captured."""
        note = note_of(reason)
        self._settle()
        self.inbox.clear()
        if not self.searching and (self._left or self._pad):
            inside = min(size, self._left)
            self._left -= inside
            if inside:
                self._broken |= note
                if self._kind == DATA:
                    body = self._body(self._number, self._time)
                    if body is not None:
                        body.lose(inside, note)
            size -= inside
            inside = min(size, self._pad)
            self._pad -= inside
            size -= inside
            if not self._left and not self._pad:
                self._close()
        if size:
            self._lost(note)

    def finish(self) -> None:
        """No more bytes will come."""
        self._settle()
        if self._block is not None:
            self._end_block(self._block, TRUNCATED)
        elif (self._left or self._pad) and self._part is not None:
            self._broken |= TRUNCATED
            self._left = self._pad = 0
            self._close()
        self.inbox.clear()

    def _settle(self) -> None:
        """Nothing follows what is in the inbox: where a frame was searched, one that ends with it will do."""
        inbox = self.inbox
        while self.searching and inbox.pos < len(inbox.buf):
            found, inbox.pos = find_frame(inbox.buf, inbox.pos, True)
            if found < 0:
                break
            self.searching = False
            self.read()

    def _lost(self, note: int) -> None:
        """Frames may have been lost whole."""
        if self._block is not None:
            self._end_block(self._block, note or TRUNCATED)
        if note:
            self._streams.losses[self._side] += 1 << 32 if note == TRUNCATED else 1
            self._unknown = note
        self._table.lose()
        self._left = self._pad = 0
        self._part = None
        self.searching = True
        self.found = 0
        self.allowed = STREAM

    def _begin(self, left: int, pad: int) -> None:
        """Enter a frame whose end has not come."""
        self._left, self._pad = left, pad
        self._broken = 0
        kind = self._kind
        self._part = bytearray() if kind in _COLLECTED and left <= MAX_CONTROL else None
        if kind in _COLLECTED and self._part is None:
            self._streams.error("frame_too_long")
            if kind in _BLOCKS:
                self._broken = TRUNCATED
        elif kind != DATA and kind not in _COLLECTED and kind not in LEFT_ALONE and kind != PING:
            self._streams.error(frame_name(kind))

    def _inside(self, buf: bytes, pos: int, size: int) -> int:
        """Consume what belongs to the current frame."""
        end = min(size, pos + self._left)
        if end > pos:
            if self._kind == DATA:
                self._data(buf, pos, end)
            elif self._part is not None and not self._broken:
                self._part += buf[pos:end]
            self._left -= end - pos
        behind = min(size, end + self._pad) if not self._left else end
        self._pad -= behind - end
        if not self._left and not self._pad:
            self._close()
        return behind

    def _close(self) -> None:
        """The current frame ends here."""
        part, self._part = self._part, None
        if self._kind == DATA:
            if self._flags & END_STREAM:
                self._end(self._number, self._time)
        elif self._kind in _COLLECTED and (part is not None or self._kind in _BLOCKS):
            self._frame(bytes(part or b""), self._broken)

    def _data(self, buf: bytes, start: int, end: int) -> None:
        body = self._body(self._number, self._time) if end > start else None
        if body is not None:
            self._streams.add(body, buf, start, end)

    def _frame(self, payload: bytes, broken: int) -> None:
        """A frame that was collected whole, or noted."""
        kind, flags, number, time = self._kind, self._flags, self._number, self._time
        promised = 0
        if kind == CONTINUATION:
            self._continue(payload, broken)
            return
        try:
            if kind == HEADERS:
                if flags & PRIORITIZED:
                    payload = payload[5:]
            elif kind == PUSH_PROMISE:
                promise = PROMISE.parse(payload, 0)[0]
                promised, payload = promise.stream & STREAM, promise.block
            elif broken:
                return
            elif kind == RST_STREAM:
                self._reset(number, RESET_FRAME.parse(payload, 0)[0].code, time)
            elif kind == SETTINGS:
                self._settings(SETTING_LIST.parse(payload, 0)[0])
            else:
                frame = GOAWAY_FRAME.parse(payload, 0)[0]
                debug = to_text(bytes(frame.debug[:_DEBUG])).strip()
                self._streams.goaway(self._side == 0, frame.last & STREAM, frame.code, debug)
        except (Partial, Invalid):
            self._streams.error("frame_header")
            if kind == PUSH_PROMISE:
                self._table.lose()
            return
        if kind in _BLOCKS:
            if flags & END_HEADERS or broken:
                self._decode(number, promised, flags, time, payload, broken)
            else:
                self._block = Block(number, promised, flags, time, bytearray(payload))

    def _continue(self, payload: bytes, broken: int) -> None:
        """A header block goes on (section 6.10)."""
        block = self._block
        if block is None:
            if self._table.whole:
                self._streams.error("continuation")
            self._table.lose()
            return
        block.frames += 1
        if block.data is not None:
            block.data += payload
            if len(block.data) > MAX_BLOCK or block.frames > MAX_FRAGMENTS:
                self._streams.error("header_block_too_long")
                self._decode(block.stream, block.promised, block.flags, block.time, bytes(block.data), TRUNCATED)
                block.data = None
        if self._flags & END_HEADERS or broken:
            self._end_block(block, broken)

    def _end_block(self, block: Block, broken: int) -> None:
        self._block = None
        if block.data is not None:
            self._decode(block.stream, block.promised, block.flags, block.time, bytes(block.data), broken)

    def _decode(self, number: int, promised: int, flags: int, time: int, block: bytes, broken: int) -> None:
        head, error = self._table.head(block, bool(broken))
        if broken:
            self._unknown = broken
        if error:
            self._streams.error(error)
        note = broken | (0 if head.known else self._unknown)
        self.understood = self.understood or ((head.method if self._side == 0 else head.status) is not None)
        if promised:
            self._promise(promised, head, time, note)
        else:
            self._head(number, head, bool(flags & END_STREAM), time, note)

    def _settings(self, settings: list[object]) -> None:
        """What this side allows the other (section 6.5.2).

        SETTINGS_HEADER_TABLE_SIZE needs nothing here: it takes effect with the size update that the other side then puts
        at the head of its next block (RFC 7541, section 4.2).
        """
        for setting in settings:
            if getattr(setting, "key", 0) == MAX_FRAME_SIZE:
                self.allowed = max(self.allowed, getattr(setting, "value", 0))
