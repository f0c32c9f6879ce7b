"""One HTTP/2 connection: the two readers, and the streams they share."""

from pxcap.core.protocol import REQUEST, ConnectionInfo, Row
from pxcap.core.stream import Chunk, Inbox
from pxcap.plugins.http.h2.fields import shared_fields
from pxcap.plugins.http.h2.requests import RequestReader
from pxcap.plugins.http.h2.responses import ResponseReader
from pxcap.plugins.http.h2.stitch import Streams
from pxcap.plugins.http.h2.types import Head
from pxcap.plugins.http.h2.wire import STREAM
from pxcap.plugins.http.types import Request

SURE_FRAMES = 3  # one behind the other: then it is HTTP/2, also where the beginning was not seen


class Http2:
    """Parses and matches HTTP/2 on one connection; what it holds is bounded by the readers and by `Streams`."""

    __slots__ = ("_readers", "_requests", "_responses", "_streams")

    def __init__(self, info: ConnectionInfo, errors: dict[str, int], midstream: bool) -> None:
        """Start with the connection, or where its protocol became HTTP/2."""
        self._streams = Streams(info, shared_fields(info.settings.redact), errors)
        self._requests = RequestReader(self._streams, midstream)
        self._responses = ResponseReader(self._streams, midstream, self._requests)
        self._readers = (self._requests, self._responses)

    @property
    def sure(self) -> bool:
        """Enough frames were read to know that it is HTTP/2."""
        return max(reader.found for reader in self._readers) >= SURE_FRAMES or any(
            reader.understood for reader in self._readers
        )

    def count_into(self, errors: dict[str, int]) -> None:
        """Count what is malformed there from now on, what was counted so far included."""
        for name, count in self._streams.errors.items():
            errors[name] = errors.get(name, 0) + count
        self._streams.errors = errors

    def upgraded(self, request: Request | None, inboxes: tuple[Inbox, Inbox], lost: bool) -> list[Row]:
        """Go on where HTTP/1.1 ended (RFC 7540, section 3.2): its request is stream 1.

        Args:
            request: The one that asked for it; None when it was not seen.
            inboxes: What both sides sent behind it, as far as it came.
            lost: Some of what the client sent behind it was not kept.
        """
        if request is not None and (line := request[1]) is not None:
            time, _, (json, meaning), body, note, _ = request
            head = Head((), json, meaning)
            head.method, head.path = line[0].method, line[1]
            self._streams.adopt(1, time, head, body, note)
        self._requests.inbox, self._responses.inbox = inboxes
        self._requests.allowed = STREAM  # HTTP2-Settings may have said more
        if lost:
            self._requests.gap(1, "")
        self._requests.read()
        self._responses.read()
        return self._rows()

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        reader = self._readers[side]
        if side == REQUEST and self._requests.paused:
            self._requests.read()
        reader.inbox.add(chunk)
        reader.read()
        if side != REQUEST and self._requests.paused:
            self._requests.read()
        return self._rows()

    def gap(self, side: int, size: int, reason: str) -> list[Row]:
        """Go on behind lost bytes."""
        self._readers[side].gap(size, reason)
        return self._rows()

    def finish(self) -> list[Row]:
        """The connection is over: a row for everything still open."""
        for reader in self._readers:
            reader.finish()
        if self._requests.longest > self._responses.allowed or self._responses.longest > self._requests.allowed:
            self._streams.error("frame_too_large")
        self._streams.finish()
        return self._rows()

    def _rows(self) -> list[Row]:
        streams = self._streams
        rows, streams.rows = streams.rows, []
        return rows
