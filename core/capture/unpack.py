"""Unpacks what gzip or zstd packed, a bounded piece at a time, and says how that ended."""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

import zstandard

MAGIC_SIZE = 4
"""Bytes that tell whether and how a file is packed."""

_ZSTD_STEP = 512  # compressed bytes unpacked at once: they become 16 MiB at the worst (128 blocks of 128 KiB)
_ZSTD_WINDOW = 1 << 27  # bytes; what the zstd command accepts unless told otherwise


class Codec(Protocol):
    """A stream being unpacked.

    Attributes:
        fault: Why it cannot be unpacked to its end; empty while it can.
    """

    fault: str

    def step(self, most: int) -> bytes | None:
        """Some bytes, or b"" when the next call has to read on, or None at the end; reads its input once at most."""

    def pending(self) -> bool:
        """Whether there is input left that was read already."""


class Plain:
    """Bytes that are not packed."""

    def __init__(self, read: Callable[[int], bytes], head: bytes) -> None:
        self.fault = ""
        self._read = read
        self._head = head

    def step(self, most: int) -> bytes | None:
        """See `Codec`."""
        data, self._head = self._head or self._read(most), b""
        return data or None

    def pending(self) -> bool:
        """See `Codec`."""
        return False


class _Packed(ABC):
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
        """See `Codec`."""
        return len(self._input) >= (1 if self._member else len(self.magic))

    def step(self, most: int) -> bytes | None:
        """See `Codec`."""
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

    @abstractmethod
    def _make(self) -> Any:
        """A decompressor of one member."""

    @abstractmethod
    def _unpack(self, most: int) -> bytes:
        """Give input to the member, and forget it when it is complete."""


class Gzip(_Packed):
    """Members of gzip (RFC 1952)."""

    name, magic, block = "gzip", b"\x1f\x8b", 65536

    def _make(self) -> Any:
        return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def _unpack(self, most: int) -> bytes:
        data: bytes = self._member.decompress(self._input, most)
        self._input = self._member.unconsumed_tail
        if self._member.eof:
            self._input = self._member.unused_data.lstrip(b"\0")
            self._member = None
        return data


class Zstd(_Packed):
    """Frames of Zstandard (RFC 8878)."""

    name, magic, block = "zstd", b"\x28\xb5\x2f\xfd", 4096

    def _make(self) -> Any:
        return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    def _unpack(self, most: int) -> bytes:
        bite, self._input = self._input[:_ZSTD_STEP], self._input[_ZSTD_STEP:]
        data: bytes = self._member.decompress(bite)
        if self._member.eof:
            self._input = (self._member.unused_data + self._input).lstrip(b"\0")
            self._member = None
        return data


def codec(read: Callable[[int], bytes], head: bytes) -> Codec:
    """What unpacks a stream.

    Args:
        read: Gives its next bytes, b"" at the end.
        head: Its first bytes, read already: MAGIC_SIZE or more, unless there are no more.
    """
    for kind in (Gzip, Zstd):
        if head.startswith(kind.magic):
            return kind(read, head)
    return Plain(read, head)
