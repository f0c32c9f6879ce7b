"""The server's direction."""

from bisect import bisect_right

from pxcap.core.stream import RESPONSE
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.h2.reader import FrameReader
from pxcap.plugins.http.h2.requests import RequestReader
from pxcap.plugins.http.h2.stitch import MAX_BYTES, Streams
from pxcap.plugins.http.h2.types import NO_CODE, Head, Stream
from pxcap.plugins.http.h2.wire import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEAD,
    HEAD_SIZE,
    HEADERS,
    PING,
    WHOLE,
    WINDOW_UPDATE,
)
from pxcap.plugins.http.redact import redact_body
from pxcap.plugins.http.types import BINARY


class ResponseReader(FrameReader):
    """Gives streams their responses, and makes rows of them."""

    __slots__ = ("_requests",)

    def __init__(self, streams: Streams, midstream: bool, requests: RequestReader) -> None:
        super().__init__(RESPONSE, streams, midstream)
        self._requests = requests

    def _fast(self, buf: bytes, pos: int, size: int) -> int:
        """Responses in whole frames to requests of which nothing is doubtful."""
        streams = self._streams
        opened, losses, limit, redact = streams.streams, streams.losses, streams.limit, streams.redact
        unpack = HEAD.unpack_from
        (starts, times), base = self.inbox.segments, self.inbox.base
        edge = -1  # where the segment ends that was seen at `time`
        until = self._until()
        memo, decode = self._table.memo, self._table.head
        emit = streams.rows.append
        found = self.found
        while pos + HEAD_SIZE <= size:
            if pos >= edge:
                at = bisect_right(starts, base + pos)
                time = times[at - 1]
                edge = starts[at] - base if at < len(starts) else size
                if time >= until:
                    break
            high, low, kind, flags, number = unpack(buf, pos)
            start = pos + HEAD_SIZE
            length = high << 8 | low
            end = start + length
            if end > size or high >= 64:
                break
            if (kind == WINDOW_UPDATE and length == 4) or (kind == PING and length == 8 and not number):
                pos = end
                found += 1
                continue
            stream = opened.get(number)
            if stream is None or stream.note or stream.resp_done:
                break
            request = stream.request
            if request is None or request.method == "CONNECT":
                break
            text = ""
            if kind == HEADERS and flags in (WHOLE, END_HEADERS):
                if stream.response is None and stream.resp_body is not None:
                    break
                block = buf[start:end]
                head = memo.get(block)
                if head is None:
                    head, error = decode(block)
                    if error:
                        streams.error(error)
                found += 1
                if stream.response is not None and flags == WHOLE and head.known and head.status is None:
                    streams.call_ended(stream, head, time)
                    pos = end
                    continue
                if stream.response is not None or not head.simple or head.status is None:
                    note = 0 if head.known else self._unknown
                    self._head(number, head, flags == WHOLE, time, note)
                    until = self._until()
                    pos, edge = end, -1
                    continue
                stream.response = head
                stream.held += head.cost
                streams.kept += head.cost
                if streams.kept > MAX_BYTES:
                    streams.give_up(number)
                stream.resp_time = time
                stream.resp_losses = losses[RESPONSE]
                self.understood = True
                if flags != WHOLE or head.grpc or not stream.req_done:
                    if flags == WHOLE:
                        streams.response_ended(stream, stream.resp_time)
                    pos = end
                    continue
                length = 0
            elif kind == DATA and flags <= END_STREAM:
                known = stream.response
                if known is None or stream.resp_trailers is not None:
                    break
                head = known
                if (
                    not flags
                    or not head.plain
                    or not stream.req_done
                    or stream.resp_body is not None
                    or length > limit
                    or stream.resp_losses != losses[RESPONSE]
                ):
                    if length:
                        body = stream.resp_body
                        if body is None:
                            stream.resp_body = streams.begin(head, buf, start, end)
                        else:
                            streams.add(body, buf, start, end)
                    if flags:
                        streams.response_ended(stream, time)
                    elif head.grpc:
                        stream.end_time = time
                    found += 1
                    pos = end
                    continue
                media = head.meaning.media
                if media.shape == BINARY:
                    text = f"[{media.name}, {length} bytes]" if length else ""
                else:
                    text = str(buf[start:end], "utf-8", "backslashreplace")
                    if "\0" in text:
                        text = text.replace("\0", "\\x00")
                    if redact and media.scrub:
                        text = redact_body(text, media.scrub)
                found += 1
            else:
                break
            pos = end
            if stream.req_body is not None or stream.req_trailers is not None or stream.ending:
                if length:
                    stream.resp_body = streams.begin(head, buf, start, end)
                streams.response_ended(stream, stream.resp_time)
                continue
            del opened[number]
            streams.kept -= stream.held
            emit((
                stream.time,
                2,
                0,
                head.meaning.media.kind or request.meaning.media.kind,
                request.json,
                request.method,
                request.path,
                "",
                0,
                head.json,
                head.status,
                "",
                text,
                length,
                stream.resp_time - stream.time,
                "",
            ))  # fmt: skip
        self.found = found
        return pos

    def _until(self) -> int:
        """From when on a frame has to wait for what the client sent before it, or for streams to end that it reset."""
        resets = self._streams.resets
        waiting = self._requests.waiting
        return min(waiting, resets[0][0] + 1) if resets else waiting

    def _waits(self, time: int) -> bool:
        if time >= self._requests.waiting and not self._streams.many:
            self._requests.read()
        if self._streams.resets:
            self._streams.pass_resets(time)
        return False

    def _stream(self, number: int) -> Stream | None:
        stream = self._streams.streams.get(number)
        if stream is None and self._requests.paused and number & 1 and number > self._requests.last:
            self._requests.read_until(number)
            stream = self._streams.streams.get(number)
        return stream

    def _head(self, number: int, head: Head, last: bool, time: int, note: int) -> None:
        streams = self._streams
        stream = self._stream(number)
        status = head.status
        if status is not None and 100 <= status < 200:
            return  # RFC 9113, section 8.1: another will follow
        if stream is None:
            if streams.is_over(number):
                return
            stream = streams.open(number, time, None)
        elif stream.resp_done:
            streams.error("after_end")
            return
        stream.note |= note
        trailers = status is None and (last or head.code != NO_CODE)
        if stream.response is not None or (trailers and (stream.resp_body is not None or head.known)):
            stream.resp_trailers = head
            streams.hold(stream, head)
        else:
            stream.response = head
            streams.hold(stream, head)
            if not note:  # nothing of it was lost up to here
                stream.resp_losses = streams.losses[RESPONSE]
        if not stream.resp_time:
            stream.resp_time = time
        if last:
            streams.response_ended(stream, time)
        elif stream.tunnel and status is not None and 200 <= status < 300:
            streams.late(number)
            stream.req_done = True
            streams.response_ended(stream, time)

    def _body(self, number: int, time: int) -> Body | None:
        stream = self._stream(number)
        if stream is None or stream.resp_done:
            return None
        stream.end_time = time
        if stream.resp_body is None:
            stream.resp_body = self._streams.body(stream.response)
        return stream.resp_body

    def _end(self, number: int, time: int) -> None:
        stream = self._stream(number)
        if stream is not None and not stream.resp_done:
            self._streams.response_ended(stream, time)

    def _reset(self, number: int, code: int, time: int) -> None:
        self._stream(number)
        self._streams.reset_by_server(number, code, time)

    def _promise(self, promised: int, head: Head, time: int, note: int) -> None:
        stream = self._streams.open(promised, time, head)
        stream.note |= note
        stream.req_done = True
