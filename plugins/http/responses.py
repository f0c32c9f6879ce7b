"""The server's direction."""

import json
from bisect import bisect_right

from pxcap.core.stream import RESPONSE
from pxcap.core.text import to_text
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.headers import Heads
from pxcap.plugins.http.reader import ASIDE, BODY, HEAD, RESUME, SEARCH, Reader, note_of
from pxcap.plugins.http.redact import redact_body
from pxcap.plugins.http.requests import RequestReader
from pxcap.plugins.http.stitch import Exchange
from pxcap.plugins.http.types import Headers, Response, StatusLine
from pxcap.plugins.http.wire import MAX_HEAD, MAYBE, UNKNOWN, YES, find_response, starts_response


class ResponseReader(Reader):
    """Finds responses; how long one is depends on the request it answers (RFC 9112, section 6.3).

    Where that request is not known a response to HEAD cannot be told from any other: then it is decided by what comes
    after the headers (mode ASIDE): a body, the next status line, or the client's next words.
    """

    __slots__ = ("_behind", "_behind_reason", "_current", "_requests")

    def __init__(self, exchange: Exchange, heads: Heads, midstream: bool, requests: RequestReader) -> None:
        super().__init__(exchange, heads, midstream)
        self._requests = requests
        self._behind = 0  # bytes lost right behind headers, in mode ASIDE
        self._behind_reason = ""
        self._current: tuple[int, StatusLine, Headers] | None = None

    def gap(self, size: int, reason: str) -> None:
        """Go on behind `size` bytes that were not captured."""
        if self.mode == ASIDE and self.inbox.pos >= len(self.inbox.buf):
            self._behind += size  # of a body, or of other responses: what comes next tells
            self._behind_reason = reason
            return
        self._take_for_body()
        super().gap(size, reason)

    def client_spoke(self) -> None:
        """The client sends again: no body is coming if none has begun, as clients wait for the end of a response."""
        if self.mode == ASIDE and self.inbox.pos >= len(self.inbox.buf) and not self._behind:
            self._no_body()

    def finish(self) -> None:
        """No more bytes will come: end what is open."""
        self.client_spoke()
        self._take_for_body()
        super().finish()

    def _read_heads(self) -> None:
        inbox = self.inbox
        buf, pos = inbox.buf, inbox.pos
        size = len(buf)
        find = buf.find
        lines, blocks = self._heads.status_lines, self._heads.blocks
        exchange = self._exchange
        matcher, limit, redact = exchange.matcher, exchange.limit, exchange.redact
        emit = exchange.rows.append
        pending = matcher.pending
        (starts, times), base = inbox.segments, inbox.base
        parse = self._heads.headers
        while pos < size:
            eol = find(b"\n", pos)
            if eol < 0:
                break
            raw = buf[pos:eol]
            status = lines.get(raw)
            if status is None:
                if not raw.strip():
                    pos = eol + 1
                    continue
                status = self._heads.status_line(raw)
                if status is None:
                    if eol - pos > MAX_HEAD:
                        break
                    inbox.pos = pos + 1
                    self._malformed()
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
            text_of_headers, meaning = headers
            length = meaning.response_frame
            stop = after + length
            if (
                meaning.fast
                and length <= limit
                and stop <= size
                and pending
                and pending[0][5]
                and matcher.sure
                and not status.bodiless
            ):
                asked, line, req_headers, _, _, _ = pending.popleft()
                verb, path = line  # type: ignore[misc]  # plain requests have a line
                text = ""
                if length:
                    text = str(buf[after:stop], "utf-8", "backslashreplace")
                    if "\0" in text:
                        text = to_text(buf[after:stop])
                    if redact and meaning.media.scrub:
                        text = redact_body(text, meaning.media.scrub)
                emit((
                    asked,
                    verb.major,
                    verb.minor,
                    meaning.media.kind or req_headers[1].media.kind,
                    req_headers[0],
                    verb.method,
                    path,
                    "",
                    0,
                    text_of_headers,
                    status.status,
                    status.message,
                    text,
                    length,
                    times[bisect_right(starts, base + pos) - 1] - asked,
                    "",
                ))  # fmt: skip
                pos = stop
                continue
            inbox.pos = after
            self._begin(times[bisect_right(starts, base + pos) - 1], status, headers)
            if self.mode != HEAD or exchange.over:
                return
            pos = after
        inbox.pos = pos
        if size - pos > MAX_HEAD:
            self._too_long(pos)

    def _begin(self, time: int, status: StatusLine, headers: Headers, cut: int = 0) -> None:
        """Go on behind a response's headers; `cut` is why not all of them are there, as a note, or 0."""
        exchange = self._exchange
        meaning = headers[1]
        for name in meaning.errors:
            exchange.error(name)
        if status.interim:
            return
        matcher = exchange.matcher
        request = matcher.pending[0] if matcher.sure and matcher.pending else None
        line = request[1] if request is not None else None
        connect = line[0].connect if line is not None else self._requests.holding == "connect"
        if status.status == 101 and switches_to_http2(headers[0]):
            exchange.upgrade()
            return
        if status.status == 101 or (connect and 200 <= status.status < 300):
            exchange.response((time, status, headers, "", 0, cut))
            exchange.over = True
            return
        frame = meaning.response_frame
        if status.bodiless or (line is not None and line[0].head):
            frame = 0
        if cut:
            self._deliver((time, status, headers, None, None, cut))
        elif frame == 0:
            self._deliver((time, status, headers, "", 0, 0))
        else:
            self._current = (time, status, headers)
            self.body = exchange.new_body(meaning)
            if frame == UNKNOWN:
                self.mode = SEARCH
            else:
                self._framing.start(frame)
                self.mode = BODY if request is not None else ASIDE

    def _end_message(self) -> None:
        body, self.body = self.body, None
        current, self._current = self._current, None
        self.mode = HEAD
        if body is not None and current is not None:
            text = self._exchange.show(body, current[2][1])
            self._deliver((*current, text, body.size, body.note))

    def _deliver(self, response: Response) -> None:
        exchange, requests = self._exchange, self._requests
        release = False
        if requests.holding:
            matcher = exchange.matcher
            request = matcher.pending[0] if matcher.sure and matcher.pending else None
            release = request is None or request[2][1].upgrade or (request[1] is not None and request[1][0].connect)
        exchange.response(response)
        if release:
            requests.release()

    def _aside(self) -> None:
        inbox = self.inbox
        answer = starts_response(inbox.buf[inbox.pos : inbox.pos + 7])
        if answer == YES:
            self._no_body()
        elif answer != MAYBE:
            self._has_body()

    def _no_body(self) -> None:
        """The response answered HEAD."""
        self.body = Body(0)
        self._end_message()
        if self._behind:
            self._behind = 0
            self._lost()

    def _has_body(self) -> None:
        self.mode = BODY
        if self._behind:
            size, self._behind = self._behind, 0
            self._lose(size, note_of(self._behind_reason))

    def _take_for_body(self) -> None:
        """What comes after the headers is a body, as far as can be told."""
        if self.mode == ASIDE:
            self._has_body()
            self.read()

    def _malformed(self) -> None:
        if self.synced:
            self._exchange.error("status_line")
        self._skip()

    def _cut_head(self, pos: int, end: int, note: int) -> None:
        raw, _, rest = self.inbox.buf[pos:end].partition(b"\n")
        line = self._heads.status_line(raw)
        if line is not None:
            headers = self._heads.headers(rest[: rest.rfind(b"\n") + 1])
            self._begin(self.inbox.time_at(pos), line, headers, note)

    def _starts(self, piece: bytes) -> int:
        return starts_response(piece)

    def _find(self, buf: bytes, pos: int) -> tuple[int, int]:
        return find_response(buf, pos)

    def _lost(self) -> None:
        self._exchange.gap(RESPONSE)
        self.mode = RESUME
        self.synced = False


def switches_to_http2(headers: str) -> bool:
    """Whether the headers of a 101 response, as JSON, say that HTTP/2 follows (RFC 7540, section 3.2)."""
    return any(name.lower() == "upgrade" and value == "h2c" for name, value in json.loads(headers).items())
