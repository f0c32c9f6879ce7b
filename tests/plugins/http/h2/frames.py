"""Frames made by hand, header blocks by the library's encoder."""

import struct
from collections.abc import Sequence

from hpack import Encoder
from tests.plugins.http.exchange import Step

from pxcap.plugins.http.h2.wire import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PREFACE,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
)

Pairs = Sequence[tuple[str, str]]
BEGIN: list[Step] = [
    (">", PREFACE + b"\0\0\0\4\0\0\0\0\0"),
    ("<", b"\0\0\0\4\0\0\0\0\0" + b"\0\0\0\4\1\0\0\0\0"),
    (">", b"\0\0\0\4\1\0\0\0\0"),
]
"""Preface and settings of both sides."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


class Side:
    """What one side says; its encoder's table goes on from call to call."""

    def __init__(self) -> None:
        self.encoder = Encoder()

    def block(self, *pairs: tuple[str, str]) -> bytes:
        return bytes(self.encoder.encode(list(pairs)))

    def headers(self, stream: int, *pairs: tuple[str, str], end: bool = False) -> bytes:
        return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, self.block(*pairs))

    def split(self, stream: int, parts: int, *pairs: tuple[str, str], end: bool = False) -> bytes:
        """HEADERS and CONTINUATION."""
        block = self.block(*pairs)
        size = -(-len(block) // parts)
        pieces = [block[at : at + size] for at in range(0, len(block), size)]
        out = frame(HEADERS, END_STREAM if end else 0, stream, pieces[0])
        for number, piece in enumerate(pieces[1:], 2):
            out += frame(CONTINUATION, END_HEADERS if number == len(pieces) else 0, stream, piece)
        return out

    def promise(self, stream: int, promised: int, *pairs: tuple[str, str]) -> bytes:
        return frame(PUSH_PROMISE, END_HEADERS, stream, struct.pack(">I", promised) + self.block(*pairs))

    def get(self, stream: int, path: str = "/a", *more: tuple[str, str], method: str = "GET") -> bytes:
        return self.headers(stream, *request(path, method), *more, end=True)

    def post(self, stream: int, path: str = "/p", *more: tuple[str, str]) -> bytes:
        return self.headers(stream, *request(path, "POST"), *more)

    def ok(self, stream: int, body: bytes = b"ok", media: str = "text/plain", *more: tuple[str, str]) -> bytes:
        head = self.headers(stream, (":status", "200"), ("content-type", media), *more)
        return head + data(stream, body, end=True)

    def call(self, stream: int, *messages: bytes, path: str = "/s.S/M", more: Pairs = ()) -> bytes:
        """A gRPC request."""
        head = self.headers(stream, *request(path, "POST"), ("content-type", "application/grpc"), *more)
        return head + data(stream, b"".join(map(message, messages)), end=True)

    def answer(self, stream: int, *messages: bytes, status: str = "0", text: str = "", more: Pairs = ()) -> bytes:
        """A gRPC response with trailers."""
        head = self.headers(stream, (":status", "200"), ("content-type", "application/grpc"), *more)
        trailers = [("grpc-status", status), *([("grpc-message", text)] if text else [])]
        body = data(stream, b"".join(map(message, messages))) if messages else b""
        return head + body + self.headers(stream, *trailers, end=True)


def request(path: str, method: str = "GET") -> Pairs:
    return ((":method", method), (":scheme", "http"), (":authority", "x"), (":path", path))


def data(stream: int, body: bytes, end: bool = False, pad: int = -1) -> bytes:
    flags = (END_STREAM if end else 0) | (PADDED if pad >= 0 else 0)
    payload = bytes((pad,)) + body + bytes(pad) if pad >= 0 else body
    return frame(DATA, flags, stream, payload)


def message(body: bytes, compressed: bool = False) -> bytes:
    return struct.pack(">BI", compressed, len(body)) + body


def reset(stream: int, code: int) -> bytes:
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def goaway(last: int, code: int, debug: bytes = b"") -> bytes:
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + debug)


def settings(*pairs: tuple[int, int]) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK, 0)
