"""The server's direction."""

from pxcap.core.stream import RESPONSE
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.h2.reader import FrameReader
from pxcap.plugins.http.h2.requests import RequestReader
from pxcap.plugins.http.h2.stitch import Streams
from pxcap.plugins.http.h2.types import NO_CODE, Head, Stream


class ResponseReader(FrameReader):
    """Gives streams their responses, and makes rows of them."""

    __slots__ = ("_requests",)

    def __init__(self, streams: Streams, midstream: bool, requests: RequestReader) -> None:
        super().__init__(RESPONSE, streams, midstream)
        self._requests = requests

    def _waits(self, time: int) -> bool:
        if self._requests.paused and not self._streams.many:
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
        else:
            stream.response = head
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
