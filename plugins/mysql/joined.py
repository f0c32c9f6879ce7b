"""A connection joined in mid-stream: whether it is compressed, as the login that agreed on it was not seen.

It may also be that only the handshake of TCP was not captured: then the server's greeting comes first.

A compressed frame is told by what is in it: its numbers must fit, and a command or an answer must begin in it. Both are tried
at the first byte that was seen of a side. A server may well be seen first in the middle of a frame, so that it has none says
nothing, and its bytes are held until the client speaks; the client begins anew with each command.

Source: "Compressed Packet" of the MySQL source documentation.
"""

import re
from itertools import takewhile

from pxcap.core.compression import decompress
from pxcap.core.stream import REQUEST, RESPONSE, Chunk
from pxcap.plugins.mysql.packed import ZSTD_MAGIC, Unpacker
from pxcap.plugins.mysql.resync import is_answer, is_command
from pxcap.plugins.mysql.wire import COMPRESSED_HEADER, HEADER

_NEED = 1024  # bytes of a side that tell, at most
_MAX_HELD = 65536  # bytes of the server that are held until the client speaks
_INNER = 64  # bytes of packets that tell
_GREETING = re.compile(rb"..\0\0\x0a[0-9][\x20-\x7e]{,78}\0", re.DOTALL)  # sequence id 0, protocol 10, version


def compressed(data: bytes, side: int) -> bool | None:
    """Whether a side's bytes begin with a compressed frame; None when more of them are needed to tell."""
    size, plain = int.from_bytes(data[:3], "little"), int.from_bytes(data[4:7], "little")
    if len(data) >= 4 and (data[3] != side or not size):
        return False
    end = COMPRESSED_HEADER + size
    if len(data) < COMPRESSED_HEADER + HEADER:
        return None if len(data) < max(HEADER, min(end, COMPRESSED_HEADER + HEADER)) else False
    if size < HEADER:
        return False
    inner = frame = data[COMPRESSED_HEADER:end]
    if plain:
        if size >= plain or not (_is_zlib(frame) or frame.startswith(ZSTD_MAGIC)):
            return False
        inner, well = decompress(frame, "zstd" if frame.startswith(ZSTD_MAGIC) else "zlib", _INNER)
        if not well:
            return False
    verdict = is_command(inner, 0) if side == REQUEST else is_answer(inner, 0)
    if verdict is None and (len(data) >= min(end, _NEED) or len(inner) == _INNER):
        return False
    if verdict and side == REQUEST and not plain:
        return 4 + int.from_bytes(inner[:3], "little") <= size
    return verdict


def _is_zlib(frame: bytes) -> bool:
    return frame[0] == 0x78 and (frame[0] << 8 | frame[1]) % 31 == 0


class Joined:
    """The first bytes of both sides, until it is clear; at most _MAX_HELD and the chunk that makes it clear.

    Attributes:
        held: Side and bytes, as they came.
    """

    __slots__ = ("_begun", "_size", "_told", "held")

    def __init__(self) -> None:
        self.held: list[tuple[int, Chunk]] = []
        self._told: list[bool | None] = [None, None]
        self._begun = [b"", b""]
        self._size = 0

    def add(self, side: int, chunk: Chunk) -> bool:
        """Take the next bytes; whether it is clear now."""
        self.held.append((side, chunk))
        self._size += len(chunk.data)
        if self._told[side] is None:
            self._begun[side] += chunk.data
            self._told[side] = compressed(self._begun[side], side)
        return any(self._told) or self._told[REQUEST] is not None or self._size > _MAX_HELD

    @property
    def greeted(self) -> bool:
        """The connection was seen from its greeting on."""
        first = takewhile(lambda held: held[0] == RESPONSE, self.held)
        return _GREETING.match(b"".join(chunk.data for _, chunk in first)) is not None

    def unpackers(self) -> list[Unpacker | None]:
        """What undoes the compression of each side; None of both when there is none, or it is not clear."""
        if not any(self._told):
            return [None, None]
        unpackers: list[Unpacker | None] = []
        for side, told in enumerate(self._told):
            unpacker = Unpacker("zlib")
            unpacker.lost = not told and self._begun[side] != b""
            unpackers.append(unpacker)
        return unpackers
