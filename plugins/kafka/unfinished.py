"""Requests and responses of which not all bytes are there yet, or ever will be: from their headers to slow readers."""

from pxcap.plugins.kafka.compiler import UNREADABLE
from pxcap.plugins.kafka.heads import CLIENTS
from pxcap.plugins.kafka.lane import Frame
from pxcap.plugins.kafka.layouts import LAYOUTS
from pxcap.plugins.kafka.render import Renderer, after_tags, token_text, unknown_text
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.stitch import Stitcher
from pxcap.plugins.kafka.wire import (
    API_VERSIONS,
    REQUEST_HEAD,
    REQUEST_HEAD_SIZE,
    RESPONSE_HEAD,
    SHUTDOWN,
    UNSUPPORTED_VERSION,
)


def request_of(frame: bytes, time: int, render: Renderer) -> Request:
    """The request of a whole frame with a plausible header, of any kind."""
    _, key, version, _, client = REQUEST_HEAD.unpack_from(frame)
    if key == SHUTDOWN and version == 0:  # its header has no client id
        return (time, key, version, None, frame, REQUEST_HEAD_SIZE - 2, None, "")
    at = REQUEST_HEAD_SIZE + max(client, 0)
    name = CLIENTS[frame[REQUEST_HEAD_SIZE:at]] if client >= 0 else None
    if LAYOUTS[key, version].compact_head:
        try:
            at = after_tags(frame, at)
        except UNREADABLE:
            render.count("bad_request")
            return (time, key, version, name, None, 0, unknown_text(LAYOUTS[key, version], len(frame) - at), "")
    return (time, key, version, name, frame, at, None, "")


def open_request(frame: Frame, render: Renderer) -> None:
    """Read on from what is held of a request frame, at least its size, API, version and correlation id."""
    data = frame.held()
    _, key, version, frame.ident, client = REQUEST_HEAD.unpack_from(data)
    layout = LAYOUTS[key, version]
    at = REQUEST_HEAD_SIZE + max(client, 0)
    name = CLIENTS[data[REQUEST_HEAD_SIZE:at]] if 0 <= client <= len(data) - REQUEST_HEAD_SIZE else None
    frame.request = (frame.time, key, version, name, None, 0, unknown_text(layout, frame.size - at), "")
    if layout.request is None:
        render.count("unknown_version" if layout.name else "unknown_api")
        return
    try:
        if layout.compact_head:
            at = after_tags(data, at)
    except UNREADABLE:
        return
    if at <= len(data) and not (key == SHUTDOWN and version == 0):
        frame.walk = render.walk(layout, False, frame.size - at)
        frame.walk.feed(data[at:])


def open_response(frame: Frame, render: Renderer, stitch: Stitcher) -> None:
    """Read on from what is held of a response frame, at least its size and correlation id, or a raw token's size."""
    data = frame.held()
    frame.ident = RESPONSE_HEAD.unpack_from(data)[1] if len(data) >= RESPONSE_HEAD.size else 0
    request = frame.request = stitch.response(frame.ident)
    if request is None:
        return
    if request[2] is None:
        frame.text = token_text(b"", True)
        return
    layout = LAYOUTS[request[1], request[2]]
    at = RESPONSE_HEAD.size
    frame.text = unknown_text(layout, frame.size - at)
    try:
        if layout.compact_answer:
            at = after_tags(data, at)
    except UNREADABLE:
        return
    if layout.key == API_VERSIONS and data[at : at + 2] == UNSUPPORTED_VERSION.to_bytes(2, "big"):
        layout = LAYOUTS[API_VERSIONS, 0]
    if layout.response is not None and at <= len(data):
        frame.walk = render.walk(layout, True, frame.size - at)
        frame.walk.feed(data[at:])
