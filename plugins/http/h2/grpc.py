"""gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): messages in their frames, and what a status says."""

from pxcap.core.compression import CODINGS, decompress
from pxcap.core.protocol import Settings
from pxcap.core.text import clip_text
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.h2 import descriptors, protobuf
from pxcap.plugins.http.redact import redact_body

PREFIX = 5  # bytes in front of a message: whether it is compressed, and its length
_USUAL = "application/grpc"
MAX_REMEMBERED, MAX_SHORT = 1024, 256  # entries, and bytes of the longest body whose text is remembered

STATUS = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Names of status codes, by number (grpc/doc/statuscodes.md)."""


def status_text(code: int, message: str) -> str:
    """A status as a record shows it: its name, and its message if it has one."""
    name = STATUS[code] if code < len(STATUS) else f"status {code}"
    return f"{name}: {message}" if message else name


class Grpc:
    """Shows the messages of bodies: a line for each.

    Protocol Buffers are shown by field number, or by name where the person gave the types of the service.
    """

    __slots__ = ("_limit", "_most", "_redact", "_remembered", "_types", "_well")

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.body_limit
        self._redact = settings.redact
        self._types = descriptors.types_of(settings)
        self._most = min(MAX_SHORT, self._limit >> 3) if self._limit and self._types is None else -1
        self._remembered: dict[bytes, str] = {}
        self._well = True

    def room(self, limit: int) -> int:
        """How many bytes to keep of a body to be able to show `limit`."""
        return limit + 1024 if limit else 0

    def show(self, body: Body, coding: str, media: str, path: str, asked: bool) -> tuple[str, bool]:
        """A body's messages; and whether their coding could be undone.

        Args:
            body: Of a request or a response.
            coding: The grpc-encoding of its side.
            media: Media type, "application/grpc" with or without its format.
            path: Of the request: names the method, and so the types.
            asked: It is a request's.
        """
        text = self.usual(body.kept, media)
        if text is not None:
            return text, True
        data = bytes(body.kept)
        if not data or not self._limit:
            return "", True
        return self._show(data, coding, media, path, asked), self._well

    def usual(self, kept: bytes | bytearray, media: str) -> str | None:
        """The one message of a body, short and neither compressed nor of a known type; None when it is not such a body."""
        if media != _USUAL:
            return None
        size = len(kept) - PREFIX
        if not 0 <= size <= self._most or kept[0] or size != int.from_bytes(kept[1:PREFIX], "big"):
            return None
        data = bytes(kept)
        text = self._remembered.get(data)
        if text is None:
            text = protobuf.render(data[PREFIX:], self._limit)
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[data] = text
        return text

    def _show(self, data: bytes, coding: str, media: str, path: str, asked: bool) -> str:
        """All messages that begin in `data`; sets `_well`."""
        lines: list[str] = []
        self._well = True
        pos, room = 0, self._limit
        while pos + PREFIX <= len(data) and room > 0:
            compressed, length = data[pos], int.from_bytes(data[pos + 1 : pos + PREFIX], "big")
            pos += PREFIX
            message = data[pos : pos + length]
            whole = len(message) == length
            pos += length
            if compressed:
                if coding not in CODINGS:
                    lines.append(f"[{coding or 'compressed'}, {length} bytes]")
                    self._well = self._well and coding in ("", "identity")
                    continue
                message, fine = decompress(message, coding, room + 1)
                self._well = self._well and (fine or not whole)
                whole = whole and fine and len(message) <= room
            line = self._message(message, whole, media, path, asked, room)
            room -= len(line) + 1
            lines.append(line)
        text = "\n".join(lines)
        return clip_text(text.encode(), self._limit) if len(text) * 4 > self._limit else text

    def _message(self, data: bytes, whole: bool, media: str, path: str, asked: bool, room: int) -> str:
        form = media.partition("+")[2]
        if form == "json":
            text = clip_text(data, room)
            return redact_body(text, "json") if self._redact else text
        if form not in ("", "proto"):
            return f"[{form}, {len(data)} bytes]"
        if self._types is not None and whole:
            named = self._types.named(path, asked, data)
            if named is not None:
                return redact_body(named, "json") if self._redact else named
        return protobuf.render(data, room)
