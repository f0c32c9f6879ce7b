"""Is it HTTP? HTTP/1 by the first lines only, HTTP/2 by its frames."""

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.http import wire
from pxcap.plugins.http.h2.recognise import recognise as recognise_h2
from pxcap.plugins.http.wire import MAYBE, YES

_BEGUN, _PERHAPS, _INSIDE = 60, 20, 80
_TLS_HANDSHAKE = b"\x16\x03"  # RFC 8446, section 5.1


def recognise(sample: Sample) -> int:
    """SURE with a whole request line of HTTP/1.x or a status line; less with the beginning of one; or as HTTP/2 is."""
    return max(recognise_h2(sample), _recognise_h1(sample))


def _recognise_h1(sample: Sample) -> int:
    request, response = sample.request.lstrip(b"\r\n"), sample.response.lstrip(b"\r\n")
    if request.startswith((b"HTTP/1.", _TLS_HANDSHAKE)) or response.startswith(b"ICY "):
        return NO
    asked, answered = _request(request), _response(response)
    if answered == NO and _request(response) == SURE:
        return NO  # the other way round
    if sample.midstream and max(asked, answered) < SURE:
        if wire.find_request(request, 0, True)[0] >= 0 or wire.find_response(response, 0)[0] >= 0:
            return _INSIDE
        return max(asked, answered)
    if answered == SURE or asked == SURE:
        return SURE
    if (request and asked == NO) or (response and answered == NO):
        return NO
    return max(asked, answered)


def _request(data: bytes) -> int:
    end = data.find(b"\n")
    if end >= 0:
        parts = wire.split_request_line(data[:end])
        return SURE if parts is not None and parts[2] == 1 else NO
    answer = wire.starts_request(data[:64])
    if not data:
        return NO
    return _BEGUN if answer == YES else _PERHAPS if answer == MAYBE else NO


def _response(data: bytes) -> int:
    if wire.find_response(data[:13], 0)[0] == 0:
        return SURE
    answer = wire.starts_response(data)
    if not data or (answer == YES and len(data) >= 13):
        return NO
    return _BEGUN if answer == YES else _PERHAPS if answer == MAYBE else NO
