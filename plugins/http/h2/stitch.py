"""Streams in, records out: requests and responses belong together by the number of their stream.

The two directions may be fed one far ahead of the other, so nothing here depends on which came first but where times say
so: what the client's RST_STREAM ends is a response as far as it came before it.
"""

from collections import deque

from pxcap.core.protocol import ConnectionInfo, Row
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.codings import encoded_room
from pxcap.plugins.http.h2.fields import Fields
from pxcap.plugins.http.h2.grpc import Grpc, status_text
from pxcap.plugins.http.h2.types import NO_CODE, Head, Stream
from pxcap.plugins.http.h2.wire import error_name
from pxcap.plugins.http.media import show
from pxcap.plugins.http.types import BINARY
from pxcap.plugins.http.wire import GAP, NO_REQUEST, NO_RESPONSE, NOTES, TRUNCATED

MAX_STREAMS = 8192  # open at once
MAX_BYTES = 1536 << 10  # of open streams: header lists, and what a stream itself takes
MAX_BODIES = 1 << 20  # of bodies of open streams; more where the person wants longer bodies
MANY_STREAMS, MANY_BYTES = 1024, 512 << 10  # open or kept: then the client's next frames wait for the server's
MAX_ENDED = 1024  # streams that ended early, remembered to know what still comes for them


class Streams:
    """The open streams of a connection, and the rows made and not yet handed over.

    Attributes:
        streams: By number, oldest first.
        rows: Made since the parser last took them.
        losses: By side, what was lost, to compare: gaps, and beyond 32 bits those of the snap length.
        kept: Bytes held for open streams, without bodies.
        last_taken: The last stream of the client that the server will look at (GOAWAY).
        newest: When the client last opened a stream; ns since the epoch.
        closing: Streams the server ended while the client still sent.
        resets: Streams the client reset, with the time, oldest first.
        errors: Counts by name; the parser's own.
    """

    __slots__ = (
        *(
            "_ended",
            "_goaway",
            "_goaways",
            "_bodies",
            "_grpc",
            "_most_bodies",
            "_room",
            "closing",
            "errors",
            "fields",
            "kept",
            "last_taken",
        ),
        *("limit", "losses", "newest", "redact", "resets", "rows", "streams"),
    )

    def __init__(self, info: ConnectionInfo, fields: Fields, errors: dict[str, int]) -> None:
        self.streams: dict[int, Stream] = {}
        self.rows: list[Row] = []
        self.losses = [0, 0]
        self.newest = 0
        self.resets: deque[tuple[int, int]] = deque()
        self.errors = errors
        self.fields = fields
        self.limit = info.settings.body_limit
        self.redact = info.settings.redact
        self._grpc = Grpc(info.settings)
        self.closing: list[int] = []
        self._ended: dict[int, None] = {}
        self.last_taken = 0x7FFFFFFF
        self._goaway = ""
        self._goaways: list[str] = []
        self.kept = 0
        self._room = self._grpc.room(self.limit)
        self._bodies = 0
        self._most_bodies = max(MAX_BODIES, 2 * self.limit)

    def error(self, name: str) -> None:
        """Count something malformed."""
        self.errors[name] = self.errors.get(name, 0) + 1

    def open(self, number: int, time: int, request: Head | None) -> Stream:
        """A stream begins: with a request, or with the response to one that was not seen."""
        old = self.streams.pop(number, None)
        if old is not None:
            self._finish(old)
        stream = Stream(number, time, request, request is None, *self.losses)
        self.streams[number] = stream
        self.kept += stream.held
        if len(self.streams) > MAX_STREAMS or (self.kept > MAX_BYTES and len(self.streams) > 1):
            self.give_up(number)
        if number > self.last_taken and number & 1 and request is not None:
            self._refused(stream)
        return stream

    def adopt(self, number: int, time: int, request: Head, body: Body | None, note: int) -> None:
        """A stream whose request came by other means, complete."""
        stream = self.open(number, time, request)
        stream.req_done = True
        stream.req_body = body
        stream.note = note
        if body is not None:
            self._bodies += len(body.kept)

    def hold(self, stream: Stream, head: Head) -> None:
        """A stream has one more header list."""
        stream.held += head.cost
        self.kept += head.cost
        if self.kept > MAX_BYTES and len(self.streams) > 1:
            self.give_up(stream.number)

    @property
    def many(self) -> bool:
        """So much is open that no more requests should be read before responses."""
        return len(self.streams) >= MANY_STREAMS or self.kept + self._bodies >= MANY_BYTES

    def opened(self, time: int) -> None:
        """The client began a stream: it has seen what the server ended before."""
        self.newest = time
        if self.closing:
            for number in self.closing:
                self.end_early(number)
            self.closing.clear()

    def body(self, head: Head | None) -> Body:
        """An empty body with room for what a record can show of it."""
        if head is None or head.grpc:
            return Body(self._room)
        meaning = head.meaning
        if meaning.media.shape == BINARY:
            return Body(0)
        return Body(encoded_room(self.limit, meaning.codings) if meaning.codings else self.limit + 1)

    def begin(self, head: Head, buf: bytes, start: int, end: int) -> Body:
        """A body of which the first bytes came."""
        body = Body(self._room) if head.grpc else self.body(head)
        if self._bodies > self._most_bodies and body.stop():
            self.error("body_not_kept")
        body.add(buf, start, end)
        self._bodies += len(body.kept)
        return body

    def add(self, body: Body, buf: bytes, start: int, end: int) -> None:
        """More of a body."""
        before = len(body.kept)
        if self._bodies > self._most_bodies and body.stop():
            self.error("body_not_kept")
        body.add(buf, start, end)
        self._bodies += len(body.kept) - before

    def is_over(self, number: int) -> bool:
        """Whether a stream that is not open ended before its last frame: what comes for it is late."""
        return number in self._ended

    def ended(self, stream: Stream) -> None:
        """A side of a stream came to its end: make the row if both have."""
        over = stream.resp_done and (stream.req_done or self._lost(0, stream.req_losses))
        if over and self.streams.pop(stream.number, None) is not None:  # else it was given up meanwhile
            self._row(stream)

    def response_ended(self, stream: Stream, time: int) -> None:
        """The server's last frame of a stream."""
        stream.resp_done = True
        stream.end_time = time
        if stream.reset_at:  # after the response had come
            stream.ending = ""
        self.ended(stream)

    def call_ended(self, stream: Stream, trailers: Head, time: int) -> None:
        """The trailers of a stream that has a response, with no doubt so far."""
        request, response, asked, told = stream.request, stream.response, stream.req_body, stream.resp_body
        if (
            request is not None
            and response is not None
            and request.grpc
            and response.grpc
            and stream.req_done
            and asked is not None
            and told is not None
            and stream.req_trailers is None
            and not (stream.ending or asked.note or told.note)
            and stream.resp_time
            and stream.resp_losses == self.losses[1]
            and trailers.code != NO_CODE
        ):  # a gRPC call as most are
            req_text = self._grpc.usual(asked.kept, request.meaning.media.name)
            resp_text = self._grpc.usual(told.kept, response.meaning.media.name)
            if req_text is not None and resp_text is not None:
                del self.streams[stream.number]
                self.kept -= stream.held
                self._bodies -= len(asked.kept) + len(told.kept)
                self.rows.append((
                    stream.time,
                    2,
                    0,
                    response.meaning.media.kind,
                    request.json,
                    request.method,
                    request.path,
                    req_text,
                    asked.size,
                    self.fields.joined(response, trailers),
                    response.status,
                    status_text(trailers.code, trailers.message),
                    resp_text,
                    told.size,
                    time - stream.time,
                    "",
                ))  # fmt: skip
                return
        stream.resp_trailers = trailers
        stream.held += trailers.cost
        self.kept += trailers.cost
        self.response_ended(stream, time)

    def end_early(self, number: int) -> None:
        """Make the row of a stream as far as it came; what still comes for it is late."""
        stream = self.streams.pop(number, None)
        if stream is not None:
            self.late(number)
            self._finish(stream)

    def late(self, number: int) -> None:
        """What still comes for a stream is to be passed over."""
        self._ended[number] = None
        if len(self._ended) > MAX_ENDED:
            del self._ended[next(iter(self._ended))]

    def reset_by_client(self, number: int, code: int, time: int) -> None:
        """RST_STREAM of the client: the response counts as far as it came until then."""
        stream = self.streams.get(number)
        if stream is None or stream.reset_at:
            return
        stream.req_done = True
        if stream.resp_done:
            self.ended(stream)
            return
        stream.reset_at = time
        stream.reset_losses = self.losses[1]
        stream.ending = f"RST_STREAM from client: {error_name(code)}"
        self.resets.append((time, number))
        if len(self.resets) > MAX_STREAMS:
            self.end_early(self.resets.popleft()[1])

    def reset_by_server(self, number: int, code: int, time: int) -> None:
        """RST_STREAM of the server: the end, also of the request."""
        stream = self.streams.get(number)
        if stream is None:
            return
        if stream.resp_done:  # with NO_ERROR: the rest of the request is not needed (RFC 9113, section 8.1)
            stream.req_done = True
            if self.newest > time:
                self.end_early(number)
            else:
                self.closing.append(number)
            return
        stream.ending = f"RST_STREAM from server: {error_name(code)}"
        self.end_early(number)

    def pass_resets(self, time: int) -> None:
        """The server's direction came beyond `time`: what the client reset before is over."""
        resets = self.resets
        while resets and resets[0][0] < time:
            self.end_early(resets.popleft()[1])

    def goaway(self, by_client: bool, last: int, code: int, debug: str) -> None:
        """A side will not take new streams; those of the client beyond `last` were not looked at."""
        who = "client" if by_client else "server"
        text = f"GOAWAY from {who}: {error_name(code)}" + (f" ({debug})" if debug else "")
        if code:
            self.error(f"goaway_{error_name(code)}")
            self._goaways.append(text)
            del self._goaways[2:]
        if by_client:
            return
        self.last_taken, self._goaway = last, text
        for number in [number for number in self.streams if number > last and number & 1]:
            self._refused(self.streams[number])

    def finish(self) -> None:
        """The connection is over: make a row of everything open."""
        for stream in self.streams.values():
            if self._goaways and not stream.ending:
                stream.ending = self._goaways[0]
            self._finish(stream)
        self.streams.clear()

    def _refused(self, stream: Stream) -> None:
        stream.ending = self._goaway
        self.end_early(stream.number)

    def give_up(self, but: int = 0) -> None:
        """End the oldest early, though not the one that is being read."""
        while len(self.streams) > MAX_STREAMS or (self.kept > MAX_BYTES and len(self.streams) > 1):
            self.error("too_many_streams")
            self.end_early(next(number for number in self.streams if number != but))

    def _finish(self, stream: Stream) -> None:
        """The row of a stream of which not everything came."""
        if not stream.resp_done and stream.response is not None and not stream.ending:
            stream.note |= TRUNCATED
        if not stream.req_done and not stream.resp_done and not stream.ending:
            stream.note |= TRUNCATED
        self._row(stream)

    def _lost(self, side: int, before: int, until: int = -1) -> int:
        """Note bits of what a side lost since `before`, up to `until` or now."""
        since = (self.losses[side] if until < 0 else until) - before
        return (GAP if since & 0xFFFFFFFF else 0) | (TRUNCATED if since >> 32 else 0)

    def _row(self, stream: Stream) -> None:
        request, response = stream.request, stream.response
        note = stream.note
        kind = 0
        req_json = method = path = None
        req_text: str | None = None
        req_size: int | None = None
        self.kept -= stream.held
        if request is None:
            note |= NO_REQUEST
        else:
            req_json, method, path = request.json, request.method, request.path
            kind = request.meaning.media.kind
            if stream.req_trailers is not None:
                req_json = self.fields.joined(request, stream.req_trailers)
            if not stream.req_done:
                note |= self._lost(0, stream.req_losses)
            told = request.untyped and response is not None and response.grpc
            req_text, req_size, lost = self._shown(stream.req_body, request, response if told else request, path, True)
            note |= lost
        if response is None and stream.resp_trailers is None and stream.resp_body is None:
            if not stream.resp_done:
                note |= self._lost(1, stream.resp_losses, stream.reset_losses)
            row = (stream.time, 2, 0, kind, req_json, method, path, req_text, req_size)
            self.rows.append((*row, None, None, stream.ending or None, None, None, None, NOTES[note | NO_RESPONSE]))
            return
        if self.losses[1] != stream.resp_losses:
            note |= self._lost(1, stream.resp_losses, stream.reset_losses)
        resp_json = status = None
        if response is None:
            resp_json = stream.resp_trailers.json if stream.resp_trailers is not None else None
        else:
            resp_json, status = response.json, response.status
            kind = response.meaning.media.kind or kind
            if stream.resp_trailers is not None:
                resp_json = self.fields.joined(response, stream.resp_trailers)
        like: Head | None = response
        if request is not None and request.grpc and (response is None or response.untyped):
            like = request
        grpc = like is not None and like.grpc
        resp_text: str | None
        resp_size: int | None
        if response is None and stream.resp_body is None:
            resp_text, resp_size, lost = None, None, 0
        else:
            resp_text, resp_size, lost = self._shown(stream.resp_body, response, like, path, False)
        latency = None
        if request is not None and stream.resp_time:
            latency = (stream.end_time or stream.resp_time if grpc else stream.resp_time) - stream.time
        message = stream.ending
        last = stream.resp_trailers if stream.resp_trailers is not None else response
        if last is not None and last.code != NO_CODE:
            message = status_text(last.code, last.message)
        self.rows.append((
            stream.time, 2, 0, kind, req_json, method, path, req_text, req_size, resp_json, status, message, resp_text,
            resp_size, latency, NOTES[note | lost],
        ))  # fmt: skip

    def _shown(
        self, body: Body | None, head: Head | None, like: Head | None, path: str | None, asked: bool
    ) -> tuple[str | None, int | None, int]:
        """A body's text, its size, and note bits; `like` is whose content type tells: the other side's if its own is lost."""
        if body is None:
            return "", 0, 0
        self._bodies -= len(body.kept)
        if like is not None and like.grpc:
            coding = head.coding if head is not None else ""
            text, well = self._grpc.show(body, coding, like.meaning.media.name, path or "", asked)
        elif head is None:
            return f"[{body.size} bytes]", body.size, body.note
        else:
            text, well = show(body, head.meaning, self.limit, self.redact)
        if not well:
            self.error("content_coding")
        return text, body.size, body.note
