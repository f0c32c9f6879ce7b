"""Replies and pushes, RESP2 and RESP3.

`ReplyReader` takes in one value of any type, size and nesting as it comes and renders it while reading. It keeps at most
the body limit and SLACK bytes; what does not fit is counted, and shown as a last element `...(N more)`.
"""

from pxcap.core.text import quote
from pxcap.plugins.redis.nesting import Frame
from pxcap.plugins.redis.render import number_json, shown
from pxcap.plugins.redis.types import Reply
from pxcap.plugins.redis.wire import (
    ARRAY,
    ATTRIBUTE,
    BIG_NUMBER,
    BOOLEAN,
    BULK,
    BULK_ERROR,
    CRLF,
    DOUBLE,
    END,
    ERROR,
    INTEGER,
    MAP,
    MAX_BULK,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_LINE,
    NULL,
    PIECE,
    PUSH,
    SET,
    SIMPLE,
    SLACK,
    VERBATIM,
    Bulk,
    number,
)

_BULKS = frozenset({BULK, BULK_ERROR, VERBATIM})
_AGGREGATES = frozenset({ARRAY, SET, MAP, PUSH, ATTRIBUTE})
_PER_ITEM = {MAP: 2, ATTRIBUTE: 2}
_LONG_LINE = 4096  # a status or error that long is taken in as it comes


class ReplyReader:
    """Takes in one reply at a time; call `start`, then `run` until it is `complete` or `bad`.

    Attributes:
        started: It is inside a reply.
        complete: The reply is whole.
        bad: Why this is no reply, else empty.
        bulk: The value it is in.
        nested: It is inside an aggregate.
    """

    __slots__ = (
        "_bulk_type", "_count", "_error", "_kind", "_left", "_limit", "_line", "_note", "_pieces", "_stack",
        "_text", "_type", "bad", "bulk", "complete", "started", "time",
    )  # fmt: skip

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.start(0)
        self.started = False

    def start(self, time: int) -> None:
        """Begin a reply whose first byte was seen at `time`."""
        self.started = True
        self.complete = False
        self.bad = ""
        self.time = time
        self.bulk: Bulk | None = None
        self._bulk_type = 0
        self._line: Bulk | None = None  # a long status or error; its `size` grows
        self._pieces: Bulk | None = None  # a streamed string so far
        self._stack: list[Frame] = []
        self._left = self._limit + SLACK
        self._type = 0
        self._text = ""
        self._error = False
        self._kind = ""
        self._count = 0
        self._note = ""

    @property
    def nested(self) -> bool:
        """It is inside an aggregate."""
        return bool(self._stack)

    def run(self, buf: bytes, pos: int) -> int:
        """Consume bytes; returns how far it came. What is left is the part of a line, never more than MAX_LINE."""
        while not self.complete:
            bulk = self.bulk
            if bulk is not None:
                pos = bulk.take(buf, pos)
                if bulk.left:
                    return pos
                self._end_bulk(bulk)
                continue
            stop = buf.find(CRLF, pos)
            if stop < 0:
                return self._part_of_line(buf, pos)
            if self._line is not None:
                self._grow_line(buf[pos:stop])
                self._end_line(self._line)
            elif not self._value(buf[pos:stop]):
                return pos
            pos = stop + 2
        return pos

    def lose(self, count: int, reason: str) -> int:
        """`count` bytes were not captured; returns how many of them lie behind the value it was in."""
        bulk = self.bulk
        if bulk is None:
            return count
        covered = min(count, bulk.left)
        bulk.lose(covered)
        if not bulk.intact:
            self._note = reason
        if not bulk.left:
            self._end_bulk(bulk)
        return count - covered

    def take(self) -> Reply:
        """The reply that is complete."""
        self.started = False
        return Reply(self.time, self._type, self._text, self._error, self._kind, self._count, self._note)

    def abandon(self, rest: bytes, reason: str) -> Reply:
        """What is known of the reply that was cut off; `rest` is the part of a line it left."""
        if self.bulk is not None:
            self._end_bulk(self.bulk)
        elif self._line is not None:
            self._end_line(self._line)
        elif self._pieces is not None:
            self._end_pieces(self._pieces)
        if not self.complete and not self._stack and rest:
            self._type = rest[0]
            self._error = rest[0] == ERROR
            self._text = shown(rest[1:], len(rest) - 1) if rest[0] in (SIMPLE, ERROR, INTEGER) else ""
            self._text += "..."
        while self._stack:
            frame = self._stack.pop()
            if frame.kind != ATTRIBUTE:
                self._text = frame.cut_off()
                if self._stack:
                    self._stack[-1].add(self._text)
        self._note = reason
        return self.take()

    # One value, or the header of one.

    def _value(self, line: bytes) -> bool:
        """Take a line; False when it cannot stand here."""
        if not line or (len(line) > MAX_LINE and line[0] not in (SIMPLE, ERROR)):
            return self._fail("not a RESP type")
        kind, rest = line[0], line[1:]
        if self._pieces is not None or kind in (PIECE, END):
            return self._streamed(kind, rest)
        if not self._stack and kind != ATTRIBUTE:
            self._type = kind
            self._error = kind in (ERROR, BULK_ERROR)
        if kind in (SIMPLE, ERROR):
            text = shown(rest[: self._limit], len(rest))
            self._leaf(text, None, len(rest))
            return True
        if kind in _BULKS or kind in _AGGREGATES:
            return self._header(kind, rest)
        text = str(rest, "ascii", "replace")
        json = _scalar_json(kind, text)
        if json is None:
            return self._fail("not a value")
        self._leaf(json if kind in (BOOLEAN, NULL) else text, json, len(rest))
        return True

    def _header(self, kind: int, rest: bytes) -> bool:
        if rest == b"?":
            if kind == BULK:
                self._pieces = Bulk(0, min(self._limit, self._left))
                return True
            return self._open(kind, -1) if kind in _AGGREGATES else self._fail("invalid length")
        size = number(rest)
        if size == -1 and kind in (BULK, ARRAY):
            self._leaf("null", "null", 1)
            return True
        if size is None or size < 0 or size > (MAX_BULK if kind in _BULKS else MAX_ITEMS):
            return self._fail("invalid length")
        if kind in _BULKS:
            self.bulk = Bulk(size, self._room(size))
            self._bulk_type = kind
            return True
        return self._open(kind, size * _PER_ITEM.get(kind, 1))

    def _room(self, size: int) -> int:
        """How much of a value is kept: up to the limit, and none that will not be shown."""
        keep = min(size, self._limit)
        if self._stack and (self._stack[-1].parts is None or keep > self._left):
            return 0
        return keep

    def _open(self, kind: int, want: int) -> bool:
        stack = self._stack
        if len(stack) >= MAX_DEPTH:
            return self._fail("nested too deep")
        dark = kind == ATTRIBUTE or (bool(stack) and stack[-1].parts is None)
        if not dark and not self._charge(2):
            dark = True
        if not stack and kind in (ARRAY, PUSH):
            self._count = want
        stack.append(Frame(kind, want, dark))
        self._close_full()
        return True

    def _streamed(self, kind: int, rest: bytes) -> bool:
        """A piece of a streamed string, or the end of a streamed aggregate."""
        if self._pieces is not None:
            size = number(rest)
            if kind != PIECE or size is None or not 0 <= size <= MAX_BULK:
                return self._fail("not a piece")
            if size:
                self.bulk = Bulk(size, min(self._limit, self._left))
                self._bulk_type = PIECE
            else:
                self._end_pieces(self._pieces)
            return True
        if kind != END or rest or not self._stack or self._stack[-1].want >= 0:
            return self._fail("nothing to end")
        self._stack[-1].want = 0
        self._close_full()
        return True

    # Values that are whole.

    def _end_bulk(self, bulk: Bulk) -> None:
        self.bulk = None
        value, size, kind = bulk.value(), bulk.size, self._bulk_type
        if kind == PIECE:
            if self._pieces is not None:
                self._pieces.join(value, size)
            return
        if kind == VERBATIM and value[3:4] == b":":
            value, size = value[4:], size - 4
        if self._stack and self._stack[-1].parts is None:
            self._leaf("", "", 1)
        else:
            self._leaf(shown(value, size), None, min(size, self._limit))

    def _end_pieces(self, pieces: Bulk) -> None:
        self._pieces = None
        self._leaf(shown(pieces.value(), pieces.size), None, min(pieces.size, self._limit))

    def _end_line(self, line: Bulk) -> None:
        self._line = None
        self._leaf(shown(line.value(), line.size), None, line.size)

    def _leaf(self, text: str, json: str | None, charge: int) -> None:
        """A scalar; `json` None means that it is a string."""
        stack = self._stack
        if not stack:
            self._text = text
            self.complete = True
            return
        frame = stack[-1]
        if frame.parts is None:
            frame.more += 1
        elif self._charge(charge):
            if json is None:
                if len(stack) == 1 and not frame.parts:
                    self._kind = text
                json = quote(text)
            frame.add(json)
        else:
            frame.more += 1
        frame.want -= frame.want > 0
        self._close_full()

    def _charge(self, cost: int) -> bool:
        """Whether `cost` bytes more may be kept; once not, never again in this reply."""
        cost = min(max(cost, 1), self._limit or 1)
        if cost > self._left:
            self._left = 0
            return False
        self._left -= cost
        return True

    def _close_full(self) -> None:
        stack = self._stack
        while stack and stack[-1].want == 0:
            frame = stack.pop()
            if frame.kind == ATTRIBUTE:  # belongs to the value behind it and is not shown
                continue
            text = frame.render()
            if not stack:
                self._text = text
                self.complete = True
                return
            parent = stack[-1]
            if frame.parts is None or parent.parts is None:
                parent.more += 1
            else:
                parent.add(text)
            parent.want -= parent.want > 0

    # Lines that are cut.

    def _part_of_line(self, buf: bytes, pos: int) -> int:
        if self._line is None:
            if len(buf) - pos <= _LONG_LINE:
                return pos
            if self._pieces is not None or buf[pos] not in (SIMPLE, ERROR):
                if len(buf) - pos > MAX_LINE + 1:
                    self._fail("line too long")
                return pos
            if not self._stack:
                self._type = buf[pos]
                self._error = buf[pos] == ERROR
            self._line = Bulk(0, self._limit)
            pos += 1
        end = len(buf) - buf.endswith(b"\r")
        self._grow_line(buf[pos:end])
        return end

    def _grow_line(self, data: bytes) -> None:
        if self._line is not None:
            self._line.join(data, len(data))

    def _fail(self, why: str) -> bool:
        self.bad = why
        return False


def _scalar_json(kind: int, text: str) -> str | None:
    """A one-line value as JSON; None when the line is not one."""
    if kind in (INTEGER, BIG_NUMBER):
        digits = text[1:] if text[:1] in ("-", "+") else text
        return number_json(text) if digits.isascii() and digits.isdigit() else None
    if kind == DOUBLE:
        try:
            float(text)
        except ValueError:
            return None
        return number_json(text)
    if kind == BOOLEAN:
        return {"t": "true", "f": "false"}.get(text)
    return "null" if kind == NULL and not text else None
