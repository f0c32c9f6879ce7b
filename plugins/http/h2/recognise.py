"""Is it HTTP/2? By the client's preface, by the server's first frame, or by frames that follow one another."""

from pxcap.core.protocol import NO, REQUEST, RESPONSE, SURE, Sample
from pxcap.plugins.http.h2.wire import (
    ACK,
    END_HEADERS,
    HEAD_SIZE,
    HEADERS,
    PREFACE,
    SETTINGS,
    begins_message,
    block_of,
    header_at,
    plausible,
)

_BEGUN, _PERHAPS, _LIKELY = 60, 20, 80
_NONE = (0, "")
_ENOUGH = 3  # frames of one side
_LAST_SETTING = 0x10  # of those that IANA's registry names, or nearly


def recognise(sample: Sample) -> int:
    """SURE with the preface, or with the server's SETTINGS; in mid-stream with headers or three frames."""
    request, response = sample.request, sample.response
    if response.startswith(PREFACE):
        return NO  # the other way round
    if request.startswith(PREFACE):
        return SURE
    if not sample.midstream:
        if request:
            return _BEGUN if PREFACE.startswith(request) and len(request) > 2 else NO
        return server_begins(response)
    asked, answered = _frames(request), _frames(response)
    if asked is None and answered is None:
        return NO
    asked, answered = asked or _NONE, answered or _NONE  # a side may have been joined inside a frame
    if asked[1] == "response" or answered[1] == "request":
        return NO
    if asked[1] or answered[1] or max(asked[0], answered[0]) >= _ENOUGH:
        return SURE if asked[1] or answered[1] else _LIKELY
    return _PERHAPS if asked[0] + answered[0] > 1 else NO


def server_begins(data: bytes) -> int:
    """Whether these are the first bytes of a server: a SETTINGS frame that is no acknowledgement (section 3.4)."""
    head = data[:HEAD_SIZE]
    if len(head) < HEAD_SIZE:
        return _PERHAPS if len(head) > 3 and head[0] == 0 and head[1] == 0 and head[3] == SETTINGS else NO
    length, kind, flags, stream = header_at(head, 0)
    if kind != SETTINGS or flags & ACK or not plausible(length, kind, flags, stream):
        return NO
    keys = [
        int.from_bytes(data[at : at + 2], "big") for at in range(HEAD_SIZE, min(len(data) - 1, HEAD_SIZE + length), 6)
    ]
    if 0 in keys or (keys and not any(key <= _LAST_SETTING for key in keys)):  # others may be there (section 6.5.2)
        return NO
    return SURE if length else _LIKELY


def _frames(data: bytes) -> tuple[int, str] | None:
    """How many frames stand at the beginning, and whose they are as far as headers tell; None when they are none."""
    pos = count = 0
    whose = ""
    while pos + HEAD_SIZE <= len(data):
        length, kind, flags, stream = header_at(data, pos)
        if not plausible(length, kind, flags, stream):
            return None
        count += 1
        start = pos + HEAD_SIZE
        pos = start + length
        if kind == HEADERS and flags & END_HEADERS and not whose and pos <= len(data):
            side = begins_message(block_of(data, start, pos, flags))
            whose = "request" if side == REQUEST else "response" if side == RESPONSE else ""
    return count, whose
