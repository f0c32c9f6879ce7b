"""Frames of messages through a pipe: the length, then that many bytes of msgpack."""

import fcntl
import os
import struct
from contextlib import suppress
from typing import Any

import msgpack  # type: ignore[import-untyped]

from pxcap.core.workers.plan import Message

HEAD = struct.Struct("<Q")
_CAPACITY = 1 << 20  # the most that Linux gives to everybody (pipe(7)): fewer changes between writer and reader


def widen(pipe: int) -> None:
    """Let the pipe hold as much as it may."""
    with suppress(OSError):  # this user holds too many already (pipe-user-pages-soft)
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _CAPACITY)


def pack(messages: list[Message]) -> bytes:
    """Messages as one frame."""
    # Surrogates stand for bytes that are not text in what plugins name.
    body: bytes = msgpack.packb(messages, unicode_errors="surrogatepass")
    return HEAD.pack(len(body)) + body


def unpack(body: bytes | bytearray | memoryview) -> list[Message]:
    """The messages of a frame, without its length."""
    messages: list[Message] = msgpack.unpackb(body, unicode_errors="surrogatepass", strict_map_key=False)
    return messages


def write(pipe: int, frame: bytes) -> None:
    """Write it all.

    Raises:
        OSError: Nobody reads any more.
    """
    view = memoryview(frame)
    while view:
        view = view[os.write(pipe, view) :]


def read(pipe: int) -> list[Message] | None:
    """Wait for a frame; None at the end, also when that is within a frame."""
    head = _read(pipe, HEAD.size)
    body = _read(pipe, HEAD.unpack(head)[0]) if head else None
    return None if body is None else unpack(body)


def _read(pipe: int, size: int) -> bytearray | None:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = os.readv(pipe, [view])
        if not count:
            return None
        view = view[count:]
    return data


class Frames:
    """Frames out of a pipe that is not waited for."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._data = bytearray()
        self.over = False
        os.set_blocking(pipe, False)

    def take(self) -> list[Any]:
        """The messages of the frames that have come; sets `over` at the end."""
        while not self.over:
            try:
                data = os.read(self._pipe, _CAPACITY)
            except BlockingIOError:
                break
            self._data += data
            self.over = not data
        messages: list[Message] = []
        at = 0
        while len(self._data) - at >= HEAD.size:
            end = at + HEAD.size + HEAD.unpack_from(self._data, at)[0]
            if end > len(self._data):
                break
            messages += unpack(self._data[at + HEAD.size : end])
            at = end
        del self._data[:at]
        return messages
