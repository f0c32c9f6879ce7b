"""Answers of the server: packets walked in place, rows counted by their lengths, what ends an answer read.

An answer is one packet (OK, ERR, EOF, a text), or result sets: a count of columns, their definitions, rows, and what ends
them; a flag tells whether another result follows. Whether an EOF lies between definitions and rows is seen by its size
(an EOF has 5 bytes, an OK in its place at least 7), so it needs not be known what was agreed on.

Sources: "Command Response Packets", "Text Resultset", "COM_STMT_PREPARE Response", "LOCAL INFILE Request" of the MySQL source
documentation; MariaDB's "Result Set Packets" (metadata that is not sent again) and "Progress report".
"""

from enum import Enum, auto
from struct import Struct

from pxcap.core.layout import LayoutError
from pxcap.core.stream import Inbox
from pxcap.core.text import clip_text
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.outcome import PLAIN, Okay, in_words, read_eof, read_error, read_ok, remember
from pxcap.plugins.mysql.outputs import Outputs
from pxcap.plugins.mysql.types import Reply
from pxcap.plugins.mysql.walk import walk_rows
from pxcap.plugins.mysql.wire import HEADER, MAX_PAYLOAD, MAX_SMALL, lenenc

_WORD = Struct("<I").unpack_from
_MAX_COLUMNS = 65535
_PROGRESS = 0xFFFF  # error code of MariaDB's progress reports
_EOF_SIZE = 5


class State(Enum):
    """What the next packet is."""

    FIRST = auto()  # the beginning of an answer, or of its next result
    COLUMNS = auto()  # column definitions
    META = auto()  # the first packet behind them
    ROWS = auto()
    DEFINITIONS = auto()  # what follows a prepared statement
    FIELDS = auto()  # answer of COM_FIELD_LIST


class ReplyReader:
    """Where the answer of one connection stands; holds nothing but numbers and the texts of results.

    Attributes:
        started: An answer was begun.
        deprecate: Whether EOF packets are left out; None when that is not known yet.
        flags: Capabilities that both sides have; -1 when unknown.
        codec: Of texts.
        ordered: Sequence ids can be relied on.
        upload: The server has asked for a file since the parser looked last.
        charset: Codec the session went over to since the parser looked last, or empty.
        errors: What was malformed since the parser looked last, by name.
        sequence: Sequence id of the packet read last.
        bad: What stands at the position is no packet of an answer.
        skip: Bytes to come of a packet that is passed over.
    """

    __slots__ = ("_affected", "_cont", "_first", "_given", "_last", "_left", "_limit", "_more", "_note", "_outputs", "_parts", "_pending", "_prepared", "_redact", "_rows", "_state", "_status", "_total", "bad", "charset", "codec", "deprecate", "errors", "flags", "ordered", "sequence", "skip", "started", "upload")  # fmt: skip

    def __init__(self, limit: int, redact: bool = True) -> None:
        self._limit = limit
        self._redact = redact
        self._outputs = Outputs(min(limit, MAX_SMALL))
        self.deprecate: bool | None = None
        self.flags = -1
        self.codec = "utf-8"
        self.ordered = True
        self.charset = ""
        self.errors: list[str] = []
        self.upload = False
        self.sequence = 0
        self.bad = False
        self.skip = 0
        self._cont = False  # the next packet continues the one read last
        self._reset()

    def _reset(self) -> None:
        self.started = False
        self._state = State.FIRST
        self._first = self._last = 0
        self._left = 0  # definitions to come
        self._pending: list[int] = []  # further groups of definitions
        self._rows = 0  # of this result
        self._status = 0  # of this result, as the EOF in front of its rows states it
        self._total: int | None = None  # of all results before
        self._affected: int | None = None
        self._note = ""
        self._parts: list[str] = []
        self._more = 0
        self._prepared: tuple[int, int] | None = None
        self._given = ""  # output parameters, as the text shows them
        self._outputs.begin(0)

    @property
    def between(self) -> bool:
        """What comes next is the first byte of an answer."""
        return not self.started and not self.skip

    def take(self, inbox: Inbox, command: int, answer: int) -> Reply | None:
        """Go on with the answer to `command` (-1: unknown), whose first packet has the id `answer` (-1: unknown).

        Returns it when it is complete; None when more bytes are needed, or `bad`.
        """
        keep = self._outputs.add
        while True:
            buf, start = inbox.buf, inbox.pos
            size, pos = len(buf), start
            if self.skip:
                step = min(self.skip, size - pos)
                self.skip -= step
                inbox.pos = pos = pos + step
                if self.skip:
                    keep(buf, start, pos)
                    return None
            state = self._state
            if state is State.ROWS and not self._cont:
                pos, rows = walk_rows(buf, pos)
                self._rows += rows
                inbox.pos = pos
            elif state is State.COLUMNS:
                inbox.pos = pos = self._columns(buf, pos)
            keep(buf, start, pos)
            if pos > size:
                self.skip, inbox.pos = pos - size, size
                return None
            if size - pos < HEADER:
                return None
            length = _WORD(buf, pos)[0] & MAX_PAYLOAD
            if self._cont or (length == MAX_PAYLOAD and self._state in (State.META, State.ROWS)):
                self._state = State.ROWS
                self._rows += not self._cont
                self._cont = length == MAX_PAYLOAD
                inbox.pos, self.skip = pos + HEADER, length
                continue
            end = pos + HEADER + length
            stop = min(end, pos + HEADER + MAX_SMALL)
            if stop > size and not (size > pos + HEADER and self._is_row(buf[pos + HEADER], length)):
                return None
            if not self.started and not self._begin(inbox, pos, length, answer):
                if self.bad:
                    return None
                inbox.pos, self.skip = pos, end - pos
                continue
            self.sequence = buf[pos + 3]
            if stop <= size:
                self._last = inbox.time_at(stop - 1)
            inbox.pos, self.skip = pos, end - pos
            done = self._packet(buf[pos + HEADER : stop], length, command)
            if done:
                if end <= size:
                    inbox.pos, self.skip = end, 0
                return self._complete(done)

    def _is_row(self, first: int, length: int) -> bool:
        """Whether a packet that is not there whole is one to be counted only."""
        return self._state in (State.ROWS, State.META) and first < wire.EOF and length > 0

    def _begin(self, inbox: Inbox, pos: int, length: int, answer: int) -> bool:
        """The first packet of an answer; False when it belongs to none: `bad`, or what is left of the answer before."""
        sequence = inbox.buf[pos + 3]
        if self.ordered and sequence != (1 if answer < 0 else answer):
            first = inbox.buf[pos + HEADER] if length else -1
            if sequence == (self.sequence + 1) & 0xFF and (
                answer < 0 or (first == wire.EOF and length == _EOF_SIZE and self.deprecate is None)
            ):
                self.sequence = sequence
                return False
            if first != wire.ERR:  # the server may say goodbye at any time
                self.bad = True
                return False
        self.started = True
        self._first = self._last = inbox.time_at(pos)
        return True

    def _columns(self, buf: bytes, pos: int) -> int:
        left, last, word = self._left, len(buf) - HEADER, _WORD
        while left and pos <= last:
            pos += HEADER + (word(buf, pos)[0] & MAX_PAYLOAD)
            left -= 1
        self._left = left
        if not left:
            self._state = State.META
        return pos

    def _packet(self, body: bytes, size: int, command: int) -> Reply | None:
        """Take one packet that is to be looked at; the answer, without its times, when it ends it."""
        state = self._state
        first = body[0] if body else -1
        if state is State.FIRST:
            return self._head(body, size, command, first)
        if first == wire.ERR:
            return self._error(body)
        if state is State.DEFINITIONS:
            return self._definition(first == wire.EOF and size == _EOF_SIZE)
        if state is State.FIELDS:
            if first == wire.EOF:
                return self._reply(2, f"Columns = {self._rows}")
            self._rows += 1
            return None
        if first == wire.EOF:
            if size <= _EOF_SIZE:
                end = read_eof(body)
                if state is State.META and not end.status & wire.CURSOR_EXISTS:
                    self._state = State.ROWS
                    self._status = end.status
                    return None
            else:
                end = read_ok(body, self.flags, self.codec) or PLAIN
            return self._rows_end(end)
        self._state = State.ROWS
        self._rows += 1
        return None

    def _head(self, body: bytes, size: int, command: int, first: int) -> Reply | None:
        """The first packet of a result."""
        if first == wire.ERR:
            return self._error(body)
        if command == wire.STMT_FETCH:
            self._state = State.ROWS
            return self._packet(body, size, command)
        if command == wire.FIELD_LIST:
            self._state = State.FIELDS
            return self._packet(body, size, command)
        if command == wire.STATISTICS or first < 0:
            return self._reply(2, clip_text(body, self._limit))
        if command == wire.CHANGE_USER and first in (wire.EOF, wire.MORE_DATA):
            return None
        if command < 0 and first == wire.EOF and size > _EOF_SIZE:
            return None  # nothing else begins so: another way to authenticate is asked for
        if command in wire.STREAMS and first == wire.OK:
            return self._reply(2, "replication stream")
        if first == wire.OK and not (size in (2, 4) and self._optional_metadata()):
            if command == wire.STMT_PREPARE or (command < 0 and _is_prepared(body, size)):
                return self._prepare(body)
            return self._ok(body)
        if first == wire.EOF and size <= _EOF_SIZE:
            return self._ok_end(read_eof(body))
        if first == wire.EOF:
            return self._ok(body)
        if first == wire.INFILE:
            self.upload = True
            return None
        return self._count(body, size, command)

    def _optional_metadata(self) -> bool:
        return self.flags >= 0 and bool(self.flags & wire.OPTIONAL_METADATA)

    def _count(self, body: bytes, size: int, command: int) -> Reply | None:
        """A number of columns, and whether their definitions follow."""
        follow = True
        try:
            if self._optional_metadata() and size in (2, 4):
                follow, body = bool(body[0]), body[1:]
            count, pos = lenenc(body, 0)
        except IndexError:
            count = pos = 0
        if pos + 1 == len(body) and body[pos] < 2:
            follow, pos = bool(body[pos]), pos + 1
        if command < 0 and size > 9 and body.isascii():
            return self._reply(2, clip_text(body, self._limit))
        if not 0 < count <= _MAX_COLUMNS or pos != len(body):
            self.errors.append("bad_answer")
            return self._reply(0, None)
        self._left = count
        self._rows = self._status = 0
        self._state = State.COLUMNS if follow else State.META
        self._outputs.begin(count if follow and command != wire.QUERY else 0)
        return None

    def _prepare(self, body: bytes) -> Reply | None:
        try:
            found, _ = wire.PREPARED.parse(body, 0)
        except LayoutError:
            self.errors.append("bad_answer")
            return self._reply(0, None)
        self._prepared = (found.statement, found.params)
        groups = [count for count in (found.params, found.columns) if count]
        self._parts = [f"Statement = {found.statement}, parameters = {found.params}, columns = {found.columns}"]
        if not groups or (self._optional_metadata() and body[12:13] == b"\0"):
            return self._reply(2, self._parts.pop())
        self._pending = groups[1:]
        self._left = groups[0]
        self._state = State.DEFINITIONS
        return None

    def _definition(self, eof: bool) -> Reply | None:
        if eof:
            self.deprecate = False
        else:
            if not self._left and self._pending:
                self.deprecate = True
                self._left = self._pending.pop(0)
            self._left -= 1
            if self._left or (self._pending or self.deprecate is False):
                return None
        if self._pending:
            if eof:
                self._left = self._pending.pop(0)
            return None
        return self._reply(2, self._parts.pop())

    def _ok(self, body: bytes) -> Reply | None:
        found = read_ok(body, self.flags, self.codec)
        if found is None:
            self.errors.append("bad_answer")
            return self._reply(0, None)
        if found.charset:
            self.charset = found.charset
        self._affected = found.affected + (self._affected or 0)
        return self._ok_end(found)

    def _ok_end(self, found: Okay) -> Reply | None:
        return self._result_end(found.status, found.text)

    def _rows_end(self, end: Okay) -> Reply | None:
        unsure = self._note != ""
        text = f"Resultset rows {'>=' if unsure else '='} {self._rows}"
        status = end.status
        if (status | self._status) & wire.PS_OUT_PARAMS:
            # MySQL without DEPRECATE_EOF says so, and that an OK follows, in front of the row only
            status |= self._status & wire.MORE_RESULTS
            self._given = self._outputs.text(self.codec, self._redact)
            text += f" (output parameters {self._given})" if self._given else " (output parameters)"
        self._total = self._rows + (self._total or 0)
        self._rows = 0
        return self._result_end(status, text)

    def _result_end(self, status: int, text: str) -> Reply | None:
        if not status & wire.MORE_RESULTS:
            return self._reply(2, text)
        self._more += remember(self._parts, text)
        self._state = State.FIRST
        return None

    def _error(self, body: bytes) -> Reply | None:
        code, state, text = read_error(body, self.codec, self._limit)
        if code == _PROGRESS:
            return None
        if self._state in (State.ROWS, State.META):
            self._more += remember(self._parts, f"Resultset rows = {self._rows}")
            self._total = self._rows + (self._total or 0)
        return self._reply(3, text, code, state)

    def _reply(self, status: int, text: str | None, code: int | None = None, state: str | None = None) -> Reply:
        if self._parts and text is not None:
            text = in_words([*self._parts, text], self._more)
        rows = None if self._note else self._total
        given = self._given
        return Reply(0, 0, status, text, code, state, rows, self._affected, self._note, self._prepared, given)

    def _complete(self, reply: Reply) -> Reply:
        reply = reply._replace(first=self._first, last=self._last)
        self._reset()
        return reply

    def gap(self, inbox: Inbox, size: int, reason: str) -> tuple[bool, Reply | None]:
        """`size` bytes were not captured: whether the place in the answer is lost, and the answer that was begun if so."""
        begun = len(inbox.buf) - inbox.pos
        inbox.clear()
        self._outputs.begin(0)
        if not begun and size <= self.skip:
            self.skip -= size
            return False, None
        self.skip = 0
        self._cont = False
        return True, self.abandon(reason)

    def abandon(self, reason: str) -> Reply | None:
        """The answer that was begun, as far as it came."""
        if not self.started:
            return None
        self._note = reason
        if self._state in (State.COLUMNS, State.META, State.ROWS):
            return self._complete(self._reply(2, f"Resultset rows >= {self._rows}"))
        return self._complete(self._reply(2 if self._parts else 0, self._parts.pop() if self._parts else None))


def _is_prepared(body: bytes, size: int) -> bool:
    """Whether an OK to a command that was not captured says that a statement was prepared: no text of an OK has a zero there."""
    return size in (12, 13) and len(body) == size and not body[9]
