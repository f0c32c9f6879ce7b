"""Is it Kafka? It is when a request is, from its header to its last byte, the message that its API and version say.

The beginning of one makes it likely, and so do responses that follow each other by length and correlation id.
Near relatives: PgSQL's startup and DNS over TCP, MongoDB and CQL, which also begin with lengths.
"""

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.kafka.compiler import UNREADABLE
from pxcap.plugins.kafka.definitions import APIS
from pxcap.plugins.kafka.heads import plausible
from pxcap.plugins.kafka.layouts import LAYOUTS
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.resync import find_request, find_response, follows, judge_request, may_go_on, printable
from pxcap.plugins.kafka.wire import REQUEST_HEAD, REQUEST_HEAD_SIZE, RESPONSE_HEAD

LIKELY = 80  # the beginning of a request with a name, longer than the sample
BEGUN = 45  # the same without more than a header
REPLIES = 60  # responses alone, three of them one behind the other
_LONGEST = 100 << 20  # the default socket.request.max.bytes: longer ones exist, but not at the beginning
_CHAIN = 3
_SHORT_NAME = 2  # bytes of a client id that chance may have put together


def recognise(sample: Sample) -> int:
    """How sure a sample is Kafka in this orientation; any side may be empty."""
    request, response = sample.request, sample.response
    if not request:
        return _responses(response, sample.midstream)
    if sample.midstream:
        return _joined(request, response)
    asked = _request(request)
    return _agreed(request, response, asked) if asked and response else asked


def _joined(request: bytes, response: bytes) -> int:
    """A connection joined in mid-stream: one message found by its content may be chance, so more must speak for it.

    That is the response to it, or a further request where it ends; or, for less, a name.
    """
    at, found = find_request(request, 0)
    if not found:
        return NO
    first, named, some = at, True, True
    idents: dict[int, Request] = {}
    while judge_request(request, at):
        length, key, version, ident, client = REQUEST_HEAD.unpack_from(request, at)
        idents[ident] = (0, key, version, None, None, 0, "", "")
        named, some = named and client > _SHORT_NAME, some and client > 0
        at += 4 + length
    if find_response(response, 0, idents)[1]:
        return SURE
    if at > len(request):  # a long one, of which the sample holds the beginning
        return LIKELY if named else NO
    if len(request) - at >= REQUEST_HEAD_SIZE and judge_request(request, at) is False:
        return NO
    if len(idents) > 1 and named:
        return SURE
    if first == 0 and at == len(request):  # whole segments, as requests mostly are
        return SURE if some else LIKELY
    return NO


def _request(data: bytes) -> int:
    verdict = judge_request(data, 0)
    if verdict is not None:
        return (SURE if len(data) >= _size(data) else LIKELY) if verdict else NO
    if len(data) < REQUEST_HEAD_SIZE:
        return NO
    length, key, version, _, client = REQUEST_HEAD.unpack_from(data)
    name = data[REQUEST_HEAD_SIZE : REQUEST_HEAD_SIZE + max(client, 0)]
    if not plausible(length, key, version, client) or length > _LONGEST or LAYOUTS[key, version].request is None:
        return NO
    if not name or not printable(name) or not may_go_on(data, length + 4):
        return NO
    return LIKELY if client > _SHORT_NAME and len(name) == client else BEGUN


def _size(data: bytes) -> int:
    return 4 + int.from_bytes(data[:4], "big")


def _agreed(request: bytes, response: bytes, asked: int) -> int:
    """The first response answers the first request, unless that wants no answer."""
    if len(response) < RESPONSE_HEAD.size:
        return asked
    length, ident = RESPONSE_HEAD.unpack_from(response)
    if length < 4:
        return NO
    if ident == REQUEST_HEAD.unpack_from(request)[3]:
        return SURE
    return asked if asked == SURE else NO


def _responses(data: bytes, midstream: bool) -> int:
    if len(data) < RESPONSE_HEAD.size or data[0]:
        return NO
    if not midstream and _api_versions(data):
        return REPLIES
    at = 0
    for _ in range(_CHAIN - 1):
        if follows(data, at) is not True:
            return NO
        at += _size(data[at : at + 4])
    return REPLIES


def _api_versions(data: bytes) -> bool:
    """Whether a connection's first response is that to ApiVersions, as nearly every client's first request is."""
    for version in range(APIS[18].last + 1):
        layout = LAYOUTS[18, version]
        size = _size(data)
        if layout.response is None or size > len(data) or size < 40:
            continue
        try:
            text, code, end = layout.response(data[:size], RESPONSE_HEAD.size, [0, 0], True)
        except UNREADABLE:
            continue
        if end == size and code in (0, 35) and '"api_key":18,' in text:
            return True
    return False
