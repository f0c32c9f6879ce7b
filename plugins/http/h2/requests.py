"""The client's direction."""

from pxcap.core.stream import REQUEST
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.h2.reader import FrameReader
from pxcap.plugins.http.h2.stitch import MANY_BYTES, MANY_STREAMS, MAX_BYTES, MAX_STREAMS, Streams
from pxcap.plugins.http.h2.types import Head, Stream
from pxcap.plugins.http.h2.wire import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEAD,
    HEAD_SIZE,
    HEADERS,
    NOT_PADDED,
    PING,
    PREFACE,
    PRIORITIZED,
    WINDOW_UPDATE,
)

NEVER = 1 << 63  # a time after all others
MAX_WAITING = 1 << 20  # bytes that may wait for the server's frames


class RequestReader(FrameReader):
    """Opens streams.

    The core may hand over all that a window of the capture holds of the client before anything of the server. So that it
    need not become thousands of objects, reading pauses while many streams are open, and goes on as responses come.

    Attributes:
        paused: Frames wait in the inbox.
        waiting: When the first of them was seen; NEVER when none waits.
        last: Number of the last stream opened.
    """

    __slots__ = ("_preface", "_until", "last", "paused", "waiting")

    def __init__(self, streams: Streams, midstream: bool) -> None:
        super().__init__(REQUEST, streams, midstream)
        self._preface = not midstream
        self.paused = False
        self.waiting = NEVER
        self.last = 0
        self._until = 0

    def read(self) -> None:
        """Consume of the inbox what can be consumed; the preface first (RFC 9113, section 3.4)."""
        if self._preface:
            inbox = self.inbox
            begin = inbox.buf[inbox.pos : inbox.pos + len(PREFACE)]
            if begin != PREFACE and PREFACE.startswith(begin):
                return
            self._preface = False
            if begin == PREFACE:
                inbox.pos += len(PREFACE)
        self.paused = False
        self.waiting = NEVER
        super().read()

    def read_until(self, number: int) -> None:
        """Go on, at least until a stream was opened; 0 for all there is."""
        self._until = number or 0x7FFFFFFF
        self.read()
        self._until = 0

    def gap(self, size: int, reason: str) -> None:
        """Go on behind `size` bytes that were not captured."""
        if self.paused:
            self.read_until(0)
        self._preface = False
        super().gap(size, reason)

    def finish(self) -> None:
        """No more bytes will come."""
        if self.paused:
            self.read_until(0)
        super().finish()

    def _fast(self, buf: bytes, pos: int, size: int) -> int:
        """New streams, DATA in whole frames, and WINDOW_UPDATE and PING between them."""
        streams, inbox = self._streams, self.inbox
        opened = streams.streams
        unpack, time_at = HEAD.unpack_from, inbox.time_at
        memo, decode = self._table.memo, self._table.head
        req_losses, resp_losses = streams.losses
        last, found = self.last, self.found
        may_wait, until = size <= MAX_WAITING, self._until
        while pos + HEAD_SIZE <= size:
            high, low, kind, flags, number = unpack(buf, pos)
            start = pos + HEAD_SIZE
            end = start + (high << 8 | low)
            if end > size or high >= 64:
                break
            if kind == DATA:
                stream = opened.get(number)
                if flags > END_STREAM or stream is None or stream.req_done or stream.tunnel or stream.request is None:
                    break
                if start < end:
                    body = stream.req_body
                    if body is None:
                        stream.req_body = streams.begin(stream.request, buf, start, end)
                    else:
                        streams.add(body, buf, start, end)
                if flags:
                    stream.req_done = True
                    if stream.resp_done:
                        streams.ended(stream)
            elif kind == HEADERS:
                if may_wait and last >= until and (len(opened) >= MANY_STREAMS or streams.kept >= MANY_BYTES):
                    break
                if flags & PRIORITIZED:
                    start += 5
                if flags & ~NOT_PADDED or not flags & END_HEADERS:
                    break
                if not last < number <= streams.last_taken or streams.closing or number in opened:
                    break
                block = buf[start:end]
                head = memo.get(block)
                if head is None:
                    head, error = decode(block)
                    if error:
                        streams.error(error)
                time = time_at(pos)
                if head.simple and head.status is None and len(opened) < MAX_STREAMS and streams.kept < MAX_BYTES:
                    streams.newest = time
                    opened[number] = Stream(number, time, head, flags & END_STREAM != 0, req_losses, resp_losses)
                    streams.kept += head.cost
                    self.understood = True
                else:
                    self.last = last
                    self._head(number, head, flags & END_STREAM != 0, time, 0 if head.known else self._unknown)
                last = max(last, number)
            elif not (
                (kind == WINDOW_UPDATE and end - start == 4) or (kind == PING and end - start == 8 and not number)
            ):
                break
            found += 1
            pos = end
        self.last, self.found = last, found
        return pos

    def _waits(self, time: int) -> bool:
        if self._streams.many and self.last >= self._until and len(self.inbox.buf) <= MAX_WAITING:
            self.paused = True
            self.waiting = time
        return self.paused

    def _head(self, number: int, head: Head, last: bool, time: int, note: int) -> None:
        streams = self._streams
        stream = streams.streams.get(number)
        if stream is None or stream.request is None:
            if streams.is_over(number) or (head.method is None and head.path is None and head.known and not note):
                return  # late, or trailers of a request whose beginning was not seen
            stream = streams.open(number, time, head)
            stream.note |= note
            self.last = max(self.last, number)
            streams.opened(time)
        elif stream.req_done:
            streams.error("after_end")
            return
        elif head.method is None or last:
            stream.req_trailers = head
            streams.hold(stream, head)
            stream.note |= note
        if last:
            stream.req_done = True
            if stream.resp_done:
                streams.ended(stream)

    def _body(self, number: int, time: int) -> Body | None:
        stream = self._streams.streams.get(number)
        if stream is None or stream.request is None or stream.req_done or stream.tunnel:
            return None
        if stream.req_body is None:
            stream.req_body = self._streams.body(stream.request)
        return stream.req_body

    def _end(self, number: int, time: int) -> None:
        stream = self._streams.streams.get(number)
        if stream is not None and not stream.req_done:
            stream.req_done = True
            if stream.resp_done:
                self._streams.ended(stream)

    def _reset(self, number: int, code: int, time: int) -> None:
        self._streams.reset_by_client(number, code, time)

    def _promise(self, promised: int, head: Head, time: int, note: int) -> None:
        self._streams.error("push_by_client")
