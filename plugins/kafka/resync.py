"""The next frame after a loss, and in a connection joined in mid-stream: by its content, wherever packets begin.

A frame that fits JUDGED is believed when it is, from its header to its last byte, the message that its API and version
say; of a longer one the beginning must be. Where no request is known, responses are believed when the next one follows
where the first says it ends, with a correlation id a little higher.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from pxcap.plugins.kafka.compiler import UNREADABLE
from pxcap.plugins.kafka.heads import plausible
from pxcap.plugins.kafka.layouts import LAYOUTS, Layout
from pxcap.plugins.kafka.render import after_tags
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.walker import Walk
from pxcap.plugins.kafka.wire import (
    API_VERSIONS,
    MAX_RESPONSE,
    REQUEST_HEAD,
    REQUEST_HEAD_SIZE,
    RESPONSE_HEAD,
    UNSUPPORTED_VERSION,
)

JUDGED = 1 << 16  # longest frame that must be there whole to be judged
PREFIX = 2048  # of a longer one, so much
MAX_STEP = 64  # how far correlation ids of neighbouring responses may be apart
_MAX_IDS = 256  # of those that wait, so many are looked for
_HEAD = re.compile(
    rb"(?=(?!\x00{3}[\x00-\x07])[\x00-\x3f].{3}\x00[\x00-\x5c]\x00[\x00-\x1f].{4}(?:\xff\xff|[\x00-\x03].))", re.DOTALL
)
_ANSWER = re.compile(rb"(?=\x00\x00(?!\x00[\x00-\x03])..[\x00-\x7f])", re.DOTALL)
_BUDGET = 1 << 16

Verdict = bool | None
"""Whether a frame begins here; None when more bytes are needed to say."""


def find_request(buf: bytes, pos: int) -> tuple[int, bool]:
    """Where the next request begins at or behind `pos`, and True; or from where on bytes must be kept, and False."""
    starts = (found.start() for found in _HEAD.finditer(buf, pos))
    return _first(starts, lambda at: judge_request(buf, at), max(pos, len(buf) - REQUEST_HEAD_SIZE + 1))


def _first(starts: Iterable[int], judge: Callable[[int], Verdict], rest: int) -> tuple[int, bool]:
    """The first place that is believed, and True; else the first that may still be, or `rest`, and False.

    One that must wait for its last byte does not keep a later one from being believed: bytes that look like a header are
    found in any data, a whole message hardly ever.
    """
    for at in starts:
        verdict = judge(at)
        if verdict:
            return at, True
        if verdict is None and at < rest:
            rest = at
    return rest, False


def judge_request(buf: bytes, pos: int) -> Verdict:
    """Whether a request begins at `pos`."""
    if len(buf) - pos < REQUEST_HEAD_SIZE:
        return None
    length, key, version, _, client = REQUEST_HEAD.unpack_from(buf, pos)
    if not plausible(length, key, version, client):
        return False
    layout = LAYOUTS[key, version]
    if layout.request is None or (client <= 0 and length == 10):
        return False
    at = pos + REQUEST_HEAD_SIZE + max(client, 0)
    name = buf[pos + REQUEST_HEAD_SIZE : at]
    if not printable(name):
        return False
    end = pos + 4 + length
    limit = min(end, pos + PREFIX) if length > JUDGED else end
    if at > limit:
        return False
    if len(buf) < limit:
        return None
    return _is_body(layout, False, buf[pos:limit], at - pos, end - pos, layout.compact_head)


def may_go_on(data: bytes, size: int) -> bool:
    """Whether the beginning of a request frame of `size` bytes, with a plausible header, fits its layout so far."""
    _, key, version, _, client = REQUEST_HEAD.unpack_from(data)
    layout = LAYOUTS[key, version]
    at = REQUEST_HEAD_SIZE + max(client, 0)
    if len(data) <= at or layout.request is None:
        return layout.request is not None
    return _is_body(layout, False, data, at, size, layout.compact_head)


def printable(name: bytes) -> bool:
    """Whether bytes can be a client id: text without control characters."""
    try:
        return name.decode().isprintable()
    except UnicodeDecodeError:
        return name.isascii()


def find_response(buf: bytes, pos: int, pending: Mapping[int, Request]) -> tuple[int, bool]:
    """Where the next response begins at or behind `pos`, as `find_request` tells it, given the unanswered requests."""
    idents = list(islice(_ids(pending), _MAX_IDS))
    if not idents:
        starts = (found.start() for found in _ANSWER.finditer(buf, pos))
        return _first(starts, lambda at: follows(buf, at), max(pos, len(buf) - 4))
    wanted = b"|".join(re.escape(ident.to_bytes(4, "big", signed=True)) for ident in idents)
    starts = (found.start() - 4 for found in re.compile(b"(?=" + wanted + b")").finditer(buf, pos + 4))
    return _first(starts, lambda at: judge_response(buf, at, pending), max(pos, len(buf) - 7))


def _ids(pending: Mapping[int, Request]) -> Iterator[int]:
    return (ident for ident in pending if ident < 1 << 31)


def judge_response(buf: bytes, pos: int, pending: Mapping[int, Request]) -> Verdict:
    """Whether the response to one of the unanswered requests begins at `pos`."""
    if len(buf) - pos < 8:
        return None
    length, ident = RESPONSE_HEAD.unpack_from(buf, pos)
    request = pending.get(ident)
    if not 4 <= length <= MAX_RESPONSE or request is None or request[2] is None:
        return False
    layout = LAYOUTS[request[1], request[2]]
    if layout.response is None:
        return False
    end = pos + 4 + length
    limit = min(end, pos + PREFIX) if length > JUDGED else end
    if len(buf) < limit:
        return None
    if layout.key == API_VERSIONS and buf[pos + 8 : pos + 10] == UNSUPPORTED_VERSION.to_bytes(2, "big"):
        layout = LAYOUTS[API_VERSIONS, 0]
    return _is_body(layout, True, buf[pos:limit], 8, end - pos, layout.compact_answer)


def _is_body(layout: Layout, response: bool, data: bytes, at: int, size: int, tagged: bool) -> bool:
    """Whether a frame of `size` bytes, of which `data` is all or the beginning, has the body of its layout at `at`."""
    read = layout.response if response else layout.request
    try:
        if tagged:
            at = after_tags(data, at)
        if len(data) == size and read is not None:
            return read(data, at, [0, 0], True)[2] == size
    except UNREADABLE:
        return False
    walk = Walk(layout.fields(response), layout.compact, size - at, _BUDGET, True)
    walk.feed(data[at:])
    return not walk.bad and not walk.done


def follows(buf: bytes, pos: int) -> Verdict:
    """Whether a response begins at `pos`, because another one follows it."""
    if len(buf) - pos < 8:
        return None
    length, ident = RESPONSE_HEAD.unpack_from(buf, pos)
    if not 4 <= length <= JUDGED or ident < 0:
        return False
    after = pos + 4 + length
    if len(buf) - after < 8:
        return None
    length, other = RESPONSE_HEAD.unpack_from(buf, after)
    return bool(4 <= length <= MAX_RESPONSE and 0 < other - ident <= MAX_STEP)
