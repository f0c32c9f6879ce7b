"""Requests and responses in, records out."""

from collections.abc import Callable, Iterable

from pxcap.core.matching import MAX_PENDING, FifoMatcher
from pxcap.core.protocol import ConnectionInfo, Row
from pxcap.core.stream import RESPONSE
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.codings import encoded_room
from pxcap.plugins.http.media import show
from pxcap.plugins.http.types import BINARY, Meaning, Request, Response
from pxcap.plugins.http.wire import GUESSED, NO_REQUEST, NO_RESPONSE, NOTES

MAX_BYTES = 4 << 20  # bodies kept with unanswered requests, and with responses whose order is unknown, each

Settled = Iterable[tuple[Request | None, Response | None, bool]]


class Exchange:
    """What the two directions of a connection share: the matcher, and the rows made and not yet handed over.

    Attributes:
        matcher: Pairs by order. The response reader's hot path takes from its `pending` itself.
        rows: Made since the parser last took them.
        limit: Longest body shown, in bytes.
        redact: Secrets are replaced.
        over: The connection is no longer HTTP/1.
        errors: Counts by name; the parser's own.
        upgraded: The connection went on as HTTP/2 (RFC 7540, section 3.2).
        first: The request that became the first of HTTP/2; None when it was not seen.
    """

    __slots__ = (
        *("_early", "_held", "_kept", "errors", "first", "limit", "matcher", "over", "redact", "rows", "upgraded"),
    )

    def __init__(self, info: ConnectionInfo, errors: dict[str, int]) -> None:
        self.matcher: FifoMatcher[Request, Response] = FifoMatcher(sure=not info.midstream)
        self.rows: list[Row] = []
        self.limit = info.settings.body_limit
        self.redact = info.settings.redact
        self.over = False
        self.upgraded = False
        self.first: Request | None = None
        self.errors = errors
        self._early: tuple[Request, Response | None, bool] | None = None
        self._kept = 0
        self._held = 0

    def error(self, name: str) -> None:
        """Count something malformed."""
        self.errors[name] = self.errors.get(name, 0) + 1

    def new_body(self, meaning: Meaning) -> Body:
        """An empty body with room for what a record can show of it."""
        if meaning.media.shape == BINARY:
            return Body(0)
        return Body(encoded_room(self.limit, meaning.codings) if meaning.codings else self.limit + 1)

    def show(self, body: Body, meaning: Meaning) -> str:
        """A body as a record shows it."""
        text, well = show(body, meaning, self.limit, self.redact)
        if not well:
            self.error("content_coding")
        return text

    @property
    def refused(self) -> bool:
        """The request whose body is awaited was answered with an error."""
        response = self._early[1] if self._early is not None else None
        return response is not None and response[1].status >= 400

    def request(self, request: Request) -> None:
        """Note a request whose headers are complete; its body may follow."""
        self._settle(self.matcher.request(request))

    def request_done(self, body: Body) -> None:
        """The body of the last request is complete."""
        body.done = True
        self._kept += len(body.kept)
        if self._early is not None:
            early, self._early = self._early, None
            self._row(*early)
        elif self._kept > MAX_BYTES:
            self._forget(lambda: self._kept > MAX_BYTES)

    def response(self, response: Response) -> None:
        """Note a complete response."""
        matcher = self.matcher
        if not matcher.sure and response[3]:
            self._held += len(response[3])
            if self._held > MAX_BYTES:
                self._settle(matcher.settle())
        self._settle(matcher.response(response))

    def upgrade(self) -> None:
        """The server goes on in HTTP/2, beginning with the answer to the request whose turn it is."""
        self.over = self.upgraded = True
        matcher, pending = self.matcher, self.matcher.pending
        if pending and (matcher.sure or pending[-1][2][1].upgrade):  # no request is read behind one that asks for it
            self.first = pending.popleft() if matcher.sure else pending.pop()
            if self.first[3] is not None:
                self._kept -= len(self.first[3].kept)

    def gap(self, side: int) -> None:
        """Whole messages of a side may have been lost."""
        self._settle(self.matcher.gap(side))

    def trim(self) -> None:
        """Give up the oldest requests when more wait for an answer than may."""
        if len(self.matcher.pending) > MAX_PENDING:
            self._forget(lambda: len(self.matcher.pending) > MAX_PENDING)

    def finish(self) -> None:
        """The connection is over: make a row of everything open."""
        self._settle(self.matcher.finish())

    def _forget(self, too_much: Callable[[], bool]) -> None:
        pending = self.matcher.pending
        while len(pending) > 1 and too_much():
            self._row(pending.popleft(), None, False)
        self.gap(RESPONSE)  # an answer to what was given up may still come

    def _settle(self, settled: Settled) -> None:
        for request, response, guessed in settled:
            self._row(request, response, guessed)
        if self.matcher.sure:
            self._held = 0

    def _row(self, request: Request | None, response: Response | None, guessed: bool) -> None:
        """Add the row of a settled pair, unless the request's body is still coming."""
        note = GUESSED if guessed else 0
        line = None
        if request is not None:
            time, line, req_headers, body, req_note, _ = request
            note |= req_note
            if body is not None:
                if not body.done:
                    self._early = (request, response, guessed)
                    return
                self._kept -= len(body.kept)
        if line is None:  # none, or a malformed or lost one: nothing of it can be shown
            if response is None:
                return
            time = response[0]
            minor: int | None
            major, minor, kind = response[1].major, response[1].minor, 0
            asked: tuple[str | None, ...] = (None, None, None)
            sent: tuple[str | None, int | None] = (None, None)
            note |= NO_REQUEST
        else:
            verb, path = line
            major, minor, kind = verb.major, verb.minor, req_headers[1].media.kind
            asked = (req_headers[0], verb.method, path)
            if body is None:
                sent = ("", 0)
            elif not body.known:
                sent = (None, None)
                note |= body.note
            else:
                sent = (self.show(body, req_headers[1]), body.size)
                note |= body.note
        if response is None:
            row = (time, major, minor, kind, *asked, *sent, None, None, None, None, None, None)
            self.rows.append((*row, NOTES[note | NO_RESPONSE]))
            return
        first, status, headers, text, size, resp_note = response
        self.rows.append((
            time,
            major,
            status.minor if minor is None else minor,
            headers[1].media.kind or kind,
            *asked,
            *sent,
            headers[0],
            status.status,
            status.message,
            text,
            size,
            None if line is None else first - time,
            NOTES[note | resp_note],
        ))  # fmt: skip
