"""The bytes of a capture file: from disk, a pipe or standard input, and unpacked where gzip or zstd packed them."""

import io
import os
import select
import stat
import sys
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

import zstandard

from pxcap.core.errors import CaptureError

_MAGIC_SIZE = 4
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_HEAD = 4096  # bytes asked for to tell what the file is
_ZSTD_STEP = 512  # compressed bytes unpacked at once: they become 16 MiB at the worst (128 blocks of 128 KiB)
_ZSTD_WINDOW = 1 << 27  # bytes; what the zstd command accepts unless told otherwise


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
        self._codec: _Codec | None = None
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

    def _recognise(self) -> "_Codec":
        head = b""
        while len(head) < _MAGIC_SIZE and (data := self._raw(_HEAD)):
            head += data
        if head.startswith(_GZIP):
            return _Gzip(self._raw, head)
        if head.startswith(_ZSTD):
            return _Zstd(self._raw, head)
        return _Plain(self._raw, head)


class _Codec(Protocol):
    """Unpacks a stream that begins with `head`, which was read already."""

    fault: str

    def step(self, most: int) -> bytes | None:
        """Some bytes, or b"" when the next call has to read on, or None at the end; reads its input once at most."""

    def pending(self) -> bool:
        """Whether there is input left that was read already."""


class _Plain:
    def __init__(self, read: Callable[[int], bytes], head: bytes) -> None:
        self.fault = ""
        self._read = read
        self._head = head

    def step(self, most: int) -> bytes | None:
        data, self._head = self._head or self._read(most), b""
        return data or None

    def pending(self) -> bool:
        return False


class _Packed:
    """What the packed formats share: members one after the other, any of which may be cut short or damaged."""

    name = ""
    magic = b""
    block = 0

    def __init__(self, read: Callable[[int], bytes], head: bytes) -> None:
        self.fault = ""
        self._read = read
        self._input = head
        self._member: Any = None

    def pending(self) -> bool:
        return len(self._input) >= (1 if self._member else len(self.magic))

    def step(self, most: int) -> bytes | None:
        if not self.pending():
            data = self._read(self.block)
            if not data:
                return self._end(most)
            self._input += data
            if self._member is None:
                self._input = self._input.lstrip(b"\0")  # what copies disks and tapes pads with zeros
            if not self.pending():
                return b""
        if self._member is None:
            if not self._input.startswith(self.magic):
                self.fault = f"other data follows the {self.name} data"
                return None
            self._member = self._make()
        return self._guarded(most)

    def _end(self, most: int) -> bytes | None:
        """No input is left, though zlib may still hold output."""
        held = self._guarded(most) if self._member else None
        if not held and not self.fault and (self._member or self._input):
            self.fault = f"the {self.name} data is cut short"
        return held or None

    def _guarded(self, most: int) -> bytes | None:
        try:
            return self._unpack(most)
        except (zlib.error, zstandard.ZstdError) as err:
            self.fault = f"the {self.name} data is damaged ({err})"
            return None

    def _make(self) -> Any:
        """A decompressor of one member."""
        raise AssertionError("each format has its own")

    def _unpack(self, most: int) -> bytes:
        """Give input to the member, and forget it when it is complete."""
        raise AssertionError("each format has its own")


class _Gzip(_Packed):
    name, magic, block = "gzip", _GZIP, 65536

    def _make(self) -> Any:
        return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def _unpack(self, most: int) -> bytes:
        data: bytes = self._member.decompress(self._input, most)
        self._input = self._member.unconsumed_tail
        if self._member.eof:
            self._input = self._member.unused_data.lstrip(b"\0")
            self._member = None
        return data


class _Zstd(_Packed):
    name, magic, block = "zstd", _ZSTD, 4096

    def _make(self) -> Any:
        return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    def _unpack(self, most: int) -> bytes:
        bite, self._input = self._input[:_ZSTD_STEP], self._input[_ZSTD_STEP:]
        data: bytes = self._member.decompress(bite)
        if self._member.eof:
            self._input = (self._member.unused_data + self._input).lstrip(b"\0")
            self._member = None
        return data


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
