"""The segments that carry messages in v5 (sections 2.1 to 2.3), taken apart as they come.

    uncompressed: 3 bytes (17 bits length, 1 bit self-contained), CRC-24, payload, CRC-32
    LZ4:          5 bytes (17 bits length, 17 bits length before compression, 1 bit), CRC-24, payload, CRC-32

All little-endian. The payload of an uncompressed segment is handed on while it comes; a compressed one is collected
first, at most 128 KiB. A self-contained segment holds whole messages; another holds a part of one that is too long.
"""

import zlib
from typing import NamedTuple

from pxcap.core.compression import decompress
from pxcap.plugins.cql.crc import CRC32_INIT, crc24
from pxcap.plugins.cql.wire import MAX_SEGMENT

PLAIN_HEAD, LZ4_HEAD = 6, 8  # sizes of the two headers, with their checksum
TRAILER = 4
_MAX_HEADS = 4096

_heads: dict[bytes, "Head | None"] = {}


class Head(NamedTuple):
    """Header of a segment: sizes in bytes; `unpacked` is 0 when the payload is not compressed."""

    size: int
    unpacked: int
    self_contained: bool
    length: int


def read_head(data: bytes) -> Head | None:
    """The header in PLAIN_HEAD or LZ4_HEAD bytes; None when its checksum is wrong or its padding is not zero."""
    try:
        return _heads[data]
    except KeyError:
        pass
    word = int.from_bytes(data[:-3], "little")
    head = None
    if crc24(data[:-3]) == int.from_bytes(data[-3:], "little"):
        if len(data) == PLAIN_HEAD:
            if word >> 18 == 0:
                head = Head(word & MAX_SEGMENT, 0, bool(word >> 17), PLAIN_HEAD)
        elif word >> 35 == 0:
            head = Head(word & MAX_SEGMENT, word >> 17 & MAX_SEGMENT, bool(word >> 34), LZ4_HEAD)
    if len(_heads) >= _MAX_HEADS:
        _heads.clear()
    _heads[data] = head
    return head


def head_at(buf: bytes, pos: int) -> Head | None:
    """The header of either kind that begins at `pos`; None when there is none or it is not all there."""
    plain = buf[pos : pos + PLAIN_HEAD]
    if len(plain) < PLAIN_HEAD:
        return None
    if plain[2] < 4 and (head := read_head(plain)) is not None:
        return head
    packed = buf[pos : pos + LZ4_HEAD]
    return read_head(packed) if len(packed) == LZ4_HEAD and packed[4] < 8 else None


class Segment:
    """One segment on its way in.

    Attributes:
        head: Its header.
        time: When its first byte was seen, ns since the epoch.
        left: Bytes of the payload still to come.
        plain: The payload, while it is handed on as it comes; for a compressed one, what came out of it.
        whole: No byte of the payload was lost.
    """

    __slots__ = ("_checksum", "_collected", "_trailer", "head", "left", "time", "whole")

    def __init__(self, head: Head, time: int) -> None:
        self.head = head
        self.time = time
        self.left = head.size
        self.whole = True
        self._checksum = CRC32_INIT
        self._collected = bytearray()
        self._trailer = b""

    def count(self, data: bytes) -> None:
        """Note bytes of the payload that were handed on."""
        self.left -= len(data)
        self._checksum = zlib.crc32(data, self._checksum)

    def collect(self, data: bytes) -> None:
        """Keep bytes of a compressed payload."""
        self.count(data)
        self._collected += data

    def lose(self, count: int) -> int:
        """`count` bytes were not captured: how many of them lie behind the whole segment."""
        inside = min(count, self.left)
        if inside:
            self.left -= inside
            self.whole = False
            self._collected.clear()
        trailer = min(count - inside, TRAILER - len(self._trailer))
        if trailer and not self.left:
            self._trailer += bytes(trailer)
            self.whole = False
        return count - inside - trailer

    def trailer(self, data: bytes) -> int:
        """Take what there is of the checksum behind the payload; returns how many bytes of `data` that were."""
        taken = min(TRAILER - len(self._trailer), len(data))
        self._trailer += data[:taken]
        return taken

    @property
    def complete(self) -> bool:
        """All of it came."""
        return not self.left and len(self._trailer) == TRAILER

    @property
    def sound(self) -> bool:
        """The checksum is right, as far as that can be told."""
        return not self.whole or int.from_bytes(self._trailer, "little") == self._checksum

    def unpack(self) -> bytes | None:
        """The messages of a compressed segment; None when they cannot be had."""
        if not self.whole:
            return None
        if not self.head.unpacked:  # it would not have become smaller
            return bytes(self._collected)
        data, well = decompress(bytes(self._collected), "lz4-block", self.head.unpacked)
        return data if well and len(data) == self.head.unpacked else None
