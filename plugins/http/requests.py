"""The client's direction."""

from bisect import bisect_right
from typing import Literal

from pxcap.core.stream import REQUEST
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.headers import Heads
from pxcap.plugins.http.reader import ASIDE, BODY, HEAD, RESUME, SEARCH, Reader
from pxcap.plugins.http.stitch import Exchange
from pxcap.plugins.http.types import Headers, RequestLine
from pxcap.plugins.http.wire import (
    MAX_HEAD,
    MAX_HOLD,
    MAYBE,
    NO,
    SHORTEST_REQUEST,
    UNKNOWN,
    YES,
    find_request,
    starts_request,
    whole_request_line,
)


class RequestReader(Reader):
    """Finds requests.

    Two things make it wait (mode ASIDE):

    * Behind CONNECT and Upgrade the bytes may be another protocol: they are held until the response tells (`holding`),
      and dropped, as if lost, when there are more than MAX_HOLD.
    * Behind `Expect: 100-continue` the body may never be sent: if a complete request line comes, it was not.

    Attributes:
        holding: What the bytes behind wait for: a response to "connect" or "upgrade"; empty when nothing.
    """

    __slots__ = ("_dropped", "_expecting", "_switch", "holding")

    def __init__(self, exchange: Exchange, heads: Heads, midstream: bool) -> None:
        super().__init__(exchange, heads, midstream)
        self.holding: Literal["", "connect", "upgrade"] = ""
        self._switch: Literal["", "connect", "upgrade"] = ""
        self._dropped = False
        self._expecting = False

    @property
    def dropped(self) -> bool:
        """Some of what was held is no longer there."""
        return self._dropped

    def release(self) -> None:
        """The response is not a switch of protocols: what was held is requests."""
        self.holding = ""
        self.mode = HEAD
        if self._dropped:
            self._dropped = False
            self._lost()
        self.read()

    def gap(self, size: int, reason: str) -> None:
        """Go on behind `size` bytes that were not captured."""
        if self.holding:
            self._drop()
            return
        if self.mode in (ASIDE, SEARCH) and self._exchange.refused and starts_request(self._left()) != NO:
            self._end_message()  # what comes behind an error is hardly the body
        elif self.mode == ASIDE:
            self.mode = BODY
            self.read()
        super().gap(size, reason)

    def finish(self) -> None:
        """No more bytes will come: end what is open; held bytes are requests if they look like one."""
        inbox = self.inbox
        if self.mode == ASIDE and not self._exchange.over:
            if not self.holding:
                self.mode = BODY
                self.read()
            elif self.holding == "upgrade" and whole_request_line(inbox.buf, inbox.pos) == YES:
                self.release()
                self.finish()
                return
        super().finish()

    def _read_heads(self) -> None:
        inbox = self.inbox
        buf, pos = inbox.buf, inbox.pos
        size = len(buf)
        find = buf.find
        lines, blocks = self._heads.request_lines, self._heads.blocks
        matcher = self._exchange.matcher
        append = matcher.pending.append
        (starts, times), base = inbox.segments, inbox.base
        parse, parse_line = self._heads.headers, self._heads.request_line
        while pos < size:
            eol = find(b"\n", pos)
            if eol < 0:
                break
            raw = buf[pos:eol]
            line = lines.get(raw)
            if line is None:
                line = parse_line(raw)
                if line is None:
                    if not raw.strip():  # RFC 9112, section 2.2: empty lines in front of a request are ignored
                        pos = eol + 1
                        continue
                    if eol - pos > MAX_HEAD:
                        break
                    inbox.pos = eol + 1
                    self._malformed(times[bisect_right(starts, base + pos) - 1])
                    return
            end = find(b"\n\r\n", eol)
            after = end + 3
            block = buf[eol + 1 : end + 1]
            headers = blocks.get(block) if end >= 0 else None
            if headers is None:
                headers = parse(block) if end >= 0 and after - pos <= MAX_HEAD else None
                if headers is None or headers[1].errors:  # an empty line that ends in a bare LF is seen only here
                    end, after = self._head_end(buf, eol)
                    if not after or after - pos > MAX_HEAD:
                        break
                    headers = parse(buf[eol + 1 : end + 1])
            self.synced = True
            meaning, verb = headers[1], line[0]
            if meaning.special or meaning.request_frame or verb.connect or verb.head or not matcher.sure:
                inbox.pos = after
                self._begin(times[bisect_right(starts, base + pos) - 1], line, headers)
                if self.mode != HEAD:
                    return
            else:
                append((times[bisect_right(starts, base + pos) - 1], line, headers, None, 0, True))
            pos = after
        inbox.pos = pos
        self._exchange.trim()
        if size - pos > MAX_HEAD:
            self._too_long(pos)

    def _begin(self, time: int, line: RequestLine, headers: Headers) -> None:
        meaning = headers[1]
        for name in meaning.errors:
            self._exchange.error(name)
        frame = meaning.request_frame
        body = self._exchange.new_body(meaning) if frame else None
        self._switch = "connect" if line[0].connect else "upgrade" if meaning.upgrade else ""
        self._exchange.request((time, line, headers, body, 0, False))
        if body is None:
            self._hold_or(HEAD)
            return
        self.body = body
        self._expecting = meaning.expect
        if frame == UNKNOWN:
            self._boundary = True
            self.mode = SEARCH
        else:
            self._framing.start(frame)
            self.mode = ASIDE if meaning.expect else BODY

    def _hold_or(self, mode: int) -> None:
        if self._switch:
            self.holding, self._switch = self._switch, ""
            self.mode = ASIDE
        else:
            self.mode = mode

    def _end_message(self) -> None:
        body, self.body = self.body, None
        if body is not None:
            self._exchange.request_done(body)
        self._hold_or(HEAD)

    def _abandon_body(self, body: Body) -> None:
        if self._expecting and not body.size:
            self._end_message()  # refused or never answered: the body was not owed
        else:
            super()._abandon_body(body)

    def _malformed(self, time: int) -> None:
        """A line that should begin a request and does not. Servers answer it (400), so it takes its turn."""
        if self.synced:
            self._exchange.error("request_line")
            self._unknown(time)
        self._skip()

    def _unknown(self, time: int) -> None:
        self._exchange.request((time, None, self._heads.headers(b""), None, 0, False))

    def _cut_head(self, pos: int, end: int, note: int) -> None:
        buf = self.inbox.buf
        while pos < end and buf[pos] in b"\r\n":
            pos += 1
        raw, eol, rest = buf[pos:end].partition(b"\n")
        line = self._heads.request_line(raw) if eol else self._heads.cut_request_line(raw)
        if line is None:
            return
        headers = self._heads.headers(rest[: rest.rfind(b"\n") + 1])
        body = Body(0)
        body.known, body.done, body.note = False, True, note
        self._switch = "connect" if line[0].connect else "upgrade" if headers[1].upgrade else ""
        self._exchange.request((self.inbox.time_at(pos), line, headers, body, 0, False))
        self._hold_or(HEAD)

    def _starts(self, piece: bytes) -> int:
        return starts_request(piece)

    def _find(self, buf: bytes, pos: int) -> tuple[int, int]:
        return find_request(buf, pos, self._boundary)

    def _aside(self) -> None:
        inbox = self.inbox
        if not self.holding:
            answer = whole_request_line(inbox.buf, inbox.pos)
            if answer == YES:
                self._end_message()
            elif answer != MAYBE:
                self.mode = BODY
        elif len(inbox.buf) - inbox.pos > MAX_HOLD:
            if self.holding == "upgrade" and whole_request_line(inbox.buf, inbox.pos) == YES:
                self.release()
            else:
                self._drop()

    def _left(self) -> bytes:
        inbox = self.inbox
        return inbox.buf[inbox.pos : inbox.pos + 64]

    def _drop(self) -> None:
        self.inbox.clear()
        self._dropped = True

    def _lose(self, size: int, note: int) -> None:
        if self.mode == HEAD and self.inbox.pos >= len(self.inbox.buf) and size >= SHORTEST_REQUEST:
            self._unknown(0)  # a whole request at least: the next response answers it, not the one before
        super()._lose(size, note)

    def _lost(self) -> None:
        if self.holding:
            self._dropped = True
            return
        self._exchange.gap(REQUEST)
        self.mode = RESUME
        self.synced = False
        self._boundary = True

    def _skip(self) -> None:
        if self.holding:
            self._dropped = True
        else:
            super()._skip()
