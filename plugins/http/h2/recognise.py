"""Is it HTTP/2? By the client's preface, by the server's first frame, or by frames that follow one another."""

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.http.h2.wire import (
    ACK,
    END_HEADERS,
    HEAD_SIZE,
    HEADERS,
    PADDED,
    PREFACE,
    PRIORITIZED,
    SETTINGS,
    header_at,
    plausible,
)

_BEGUN, _PERHAPS, _LIKELY = 60, 20, 80
_ENOUGH = 3  # frames of one side
_REQUESTS = frozenset(range(0x81, 0x88))  # RFC 7541, appendix A: :authority, :method, :path, :scheme
_RESPONSES = frozenset(range(0x88, 0x8F))  # :status
_NAMES = 0x40  # literal with indexing, the name by index: 0x41 to 0x47 as above, 0x48 to 0x4e :status


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
    if asked is None or answered is None:
        return NO
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
    if any(key == 0 or key > 0x10 for key in keys if key & 0x0F0F != 0x0A0A):  # RFC 8701 keeps those for nothing
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
        if kind == HEADERS and flags & END_HEADERS and not whose:
            start += (1 if flags & PADDED else 0) + (5 if flags & PRIORITIZED else 0)
            first = data[start : start + 1]
            if first and 0x20 <= first[0] < 0x40:  # a size update comes first
                first = data[start + 1 : start + 2]
            if first:
                index = first[0] | 0x80 if first[0] & 0xC0 == _NAMES else first[0]
                index &= 0xBF if first[0] & 0xC0 == _NAMES else 0xFF
                whose = "request" if index in _REQUESTS else "response" if index in _RESPONSES else ""
    return count, whose
