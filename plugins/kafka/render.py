"""Whole frames as text: by the compiled readers, and by the slow one where they cannot.

Bytes behind a message's last field are passed over, as brokers and clients do: librdkafka sends some.
"""

from collections.abc import Callable
from typing import TypeVar

from pxcap.plugins.kafka.compiler import UNREADABLE
from pxcap.plugins.kafka.fast import Like
from pxcap.plugins.kafka.layouts import LAYOUTS, Layout
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.text import HIDDEN, value_text
from pxcap.plugins.kafka.types import Bad, Short
from pxcap.plugins.kafka.varint import uvarint
from pxcap.plugins.kafka.walker import Walk
from pxcap.plugins.kafka.wire import API_VERSIONS, UNSUPPORTED_VERSION

_MAX_REMEMBERED = 512  # bytes of a body
_MAX_MEMO = 2048
_STRUCTURE = (
    3  # of a message longer than the limit, what is not records may take this power of two less, for a fast reader
)

V = TypeVar("V")
Answer = tuple[str, int | None]
"""A body as JSON and its error code; None when the layout, and so the code, is not known."""


class Renderer:
    """Turns frames into text.

    Args:
        limit: Longest body rendered whole; of a longer one about that many bytes.
        redact: Hide secrets.
        count: Told the name of what was not decoded.

    Attributes:
        count, limit: As given.
    """

    __slots__ = ("_answers", "_bodies", "_redact", "count", "limit")

    def __init__(self, limit: int, redact: bool, count: Callable[[str], None]) -> None:
        self.limit = limit
        self._redact = redact
        self.count = count
        self._bodies: dict[tuple[int, int, bytes], str] = {}
        self._answers: dict[tuple[int, int, bytes], tuple[str, int]] = {}

    def body(self, request: Request) -> str | None:
        """The body of a request as JSON."""
        _, key, version, _, frame, at, text, _ = request
        if frame is None:
            return text if isinstance(text, str) else None
        if isinstance(text, Like):
            quick = text.request(frame, [self.limit, 0])
            if quick is not None:
                return quick
        return self.request(key, version, frame, at)

    def answer(self, request: Request, frame: bytes) -> Answer:
        """The body of the response frame of a request with a version as JSON, and its error code."""
        like = request[6]
        if isinstance(like, Like):
            quick = like.answered(frame, 0, len(frame))
            if quick is not None:
                return quick, 0
        layout = LAYOUTS[request[1], request[2] or 0]
        answer = self.response(layout, frame)
        if isinstance(like, Like) and layout.response is not None and answer[1] == 0:
            like.learn(frame, layout.response)
        return answer

    def request(self, key: int, version: int | None, frame: bytes, at: int) -> str:
        """The body of a request frame, from `at` on, as JSON."""
        if version is None:
            return token_text(frame[4:], self._redact)
        layout = LAYOUTS[key, version]
        read = layout.request
        if read is None:
            self.count("unknown_version" if layout.name else "unknown_api")
            return unknown_text(layout, len(frame) - at)
        memo = (key, version, frame[at:]) if layout.repeats and len(frame) - at <= _MAX_REMEMBERED else None
        if memo is not None and (text := self._bodies.get(memo)) is not None:
            return text
        size = len(frame)
        if size <= self.limit or not layout.repeats:
            budget = [self.limit, 0]
            try:
                text, _, end = read(frame, at, budget, self._redact)
                if end <= size and (size <= self.limit or size - budget[1] <= self.limit >> _STRUCTURE):
                    if memo is not None:
                        _remember(self._bodies, memo, text)
                    return text
            except UNREADABLE:
                pass
        return self._slow(layout, False, frame, at, "bad_request")[0]

    def response(self, layout: Layout, frame: bytes) -> Answer:
        """The body of a response frame as JSON, and its error code."""
        key, version = layout.key, layout.version
        name = "bad_response"
        if key == API_VERSIONS and version and frame[8:10] == UNSUPPORTED_VERSION.to_bytes(2, "big"):
            layout = LAYOUTS[key, 0]  # KIP-511: the broker does not know the version, and answers in the first one
            name = ""  # no client looks further than the error code, and some brokers put anything behind it
        read = layout.response
        at = 8
        try:
            if layout.compact_answer:
                at = after_tags(frame, 8)
        except UNREADABLE:
            self.count("bad_response")
            return "{}", None
        if read is None:
            return unknown_text(layout, len(frame) - at), None
        memo = (key, version, frame[at:]) if layout.repeats and len(frame) - at <= _MAX_REMEMBERED else None
        if memo is not None and (answer := self._answers.get(memo)) is not None:
            return answer
        size = len(frame)
        if size <= self.limit or not layout.repeats:
            budget = [self.limit, 0]
            try:
                text, code, end = read(frame, at, budget, self._redact)
                if end <= size and (size <= self.limit or size - budget[1] <= self.limit >> _STRUCTURE):
                    if memo is not None:
                        _remember(self._answers, memo, (text, code))
                    return text, code
            except UNREADABLE:
                pass
        return self._slow(layout, True, frame, at, name)

    def walk(self, layout: Layout, response: bool, size: int) -> Walk:
        """A slow reader for a body of `size` bytes, whose layout must be known."""
        return Walk(layout.fields(response), layout.compact, size, self.limit, self._redact)

    def walked(self, walk: Walk, name: str) -> Answer:
        """What a slow reader has read; counts it under `name`, if any, when it is not such a message."""
        if walk.bad and name:
            self.count(name)
        return walk.text(), walk.error_code

    def _slow(self, layout: Layout, response: bool, frame: bytes, at: int, name: str) -> Answer:
        walk = self.walk(layout, response, len(frame) - at)
        walk.feed(frame[at:])
        if not walk.done and not walk.bad and name:
            self.count(name)
        return self.walked(walk, name)


def _remember(memo: dict[tuple[int, int, bytes], V], key: tuple[int, int, bytes], value: V) -> None:
    if len(memo) >= _MAX_MEMO:
        memo.clear()
    memo[key] = value


def unknown_text(layout: Layout, size: int) -> str:
    """What is shown of a body whose layout is not known."""
    name = f'"api":"{layout.name}",' if layout.name else ""
    return f'{{{name}"size":{size}}}'


def token_text(token: bytes, redact: bool) -> str:
    """A raw SASL token, in the form of SaslAuthenticate."""
    return f'{{"auth_bytes":{HIDDEN if redact else value_text(token)}}}'


def after_tags(frame: bytes, pos: int) -> int:
    """Where the tagged fields of a header end; none is defined, so that what is there is passed over.

    Raises:
        Short, Bad, IndexError: They do not fit the frame.
    """
    number, pos = uvarint(frame, pos)
    for _ in range(number):
        _, pos = uvarint(frame, pos)
        size, pos = uvarint(frame, pos)
        pos += size
        if pos > len(frame):
            raise Short
    if pos > len(frame):
        raise Bad
    return pos
