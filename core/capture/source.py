"""The bytes of a capture file: from disk, a pipe or standard input, and unpacked where gzip or zstd packed them."""

import fcntl
import io
import os
import select
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from pxcap.core.capture.unpack import MAGIC_SIZE, Codec, codec
from pxcap.core.errors import CaptureError

_HEAD = 4096  # bytes asked for to tell what the file is
_PIPE = 1 << 20  # bytes a pipe is asked to hold; its 64 KiB make windows too small to be read fast


class Source:
    """A capture file as a stream of plain bytes.

    Attributes:
        path: The file as shown to people.
        size: Its bytes on disk; None when it is a stream.
        position: How many of them were read: of the packed ones, when they are packed.
    """

    def __init__(self, source: str) -> None:
        """Open it.

        Args:
            source: Path, or "-" for standard input.

        Raises:
            CaptureError: When there is no such file, or it cannot be read.
        """
        self.path = "standard input" if source == "-" else source
        self.size: int | None = None
        self.position = 0
        self._owned = source != "-"
        self._file, self._poll = self._open(source)
        self._codec: Codec | None = None
        self._ended = False

    @property
    def fault(self) -> str:
        """Why packed bytes cannot be unpacked to their end; empty while they can."""
        return self._codec.fault if self._codec else ""

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._owned:
            self._file.close()

    def read(self, most: int) -> bytes:
        """The next bytes, b"" at the end.

        Waits for the first of them, and for no more: what has not arrived yet is left for the next call.

        Args:
            most: Bytes wanted, about: a packed stream may give some more.

        Raises:
            CaptureError: When the file cannot be read.
        """
        if self._codec is None:
            self._codec = self._recognise()
        parts: list[bytes] = []
        count = 0
        while count < most and not self._ended:
            if parts and not self._codec.pending() and self._poll is not None and not self._poll(0):
                break
            data = self._codec.step(most - count)
            if data is None:
                self._ended = True
            elif data:
                parts.append(data)
                count += len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _open(self, source: str) -> tuple[BinaryIO, Callable[[int], object] | None]:
        try:
            file = _standard_input() if source == "-" else open(source, "rb", buffering=0)  # noqa: SIM115
        except FileNotFoundError as err:
            raise CaptureError(f"{source}: no such file", "check the path; - reads standard input") from err
        except IsADirectoryError as err:
            hint = f"name the files in it: {source.rstrip('/')}/*.pcap"
            raise CaptureError(f"{source}: found a directory, expected a capture file", hint) from err
        except PermissionError as err:
            raise CaptureError(f"{source}: no permission to read it", f"sudo chmod a+r {source}") from err
        except (OSError, ValueError) as err:
            raise CaptureError(f"{self.path}: cannot be opened ({_reason(err)})", "check the path") from err
        try:
            number = file.fileno()
        except (OSError, AttributeError):
            return file, None
        if stat.S_ISREG(os.fstat(number).st_mode):
            self.size = os.fstat(number).st_size
            return file, None
        if os.isatty(number):
            if self._owned:
                file.close()
            hint = "pipe a capture in: tcpdump -U -w - | pxcap replay -"
            raise CaptureError(f"{self.path}: found a terminal, expected a capture", hint)
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            with suppress(OSError, AttributeError):  # a wish: what arrives while a window is worked on makes the next
                fcntl.fcntl(number, fcntl.F_SETPIPE_SZ, _PIPE)
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return file, poll.poll

    def _raw(self, most: int) -> bytes:
        try:
            data = self._file.read(most)
        except OSError as err:
            raise CaptureError(f"{self.path}: cannot be read ({_reason(err)})", "check the disk") from err
        self.position += len(data)
        return data

    def _recognise(self) -> Codec:
        head = b""
        while len(head) < MAGIC_SIZE and (data := self._raw(_HEAD)):
            head += data
        return codec(self._raw, head)


def _standard_input() -> BinaryIO:
    """File descriptor 0, unbuffered; what stands in its place when it was replaced within Python."""
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise ValueError("it is closed")
    try:
        return open(stream.fileno(), "rb", buffering=0, closefd=False)
    except io.UnsupportedOperation:
        replaced: BinaryIO = stream
        return replaced


def _reason(err: Exception) -> str:
    return (getattr(err, "strerror", None) or str(err)).lower()
