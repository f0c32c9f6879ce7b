"""The header of the PROXY protocol: what a load balancer may send before the bytes of the client it speaks for.

It belongs to no protocol that pxcap parses, and comes before any of them. Source: "The PROXY protocol, versions 1 & 2"
(HAProxy, 2020/03/05), sections 2.1 (text) and 2.2 (binary).
"""

import re
from collections.abc import Sequence

from pxcap.core.stream import Chunk

_LONGEST_TEXT = 107  # bytes with the line's end (section 2.1)
_LONGEST_BINARY = 4096  # bytes; 16 + 216 without additions, and these are short (section 2.2)
_TEXT = re.compile(rb"PROXY (?:TCP4|TCP6|UNKNOWN)(?: [ -~]*)?\r\n")
_TEXT_BEGINS = b"PROXY "
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_BINARY_HEAD = 16  # bytes: signature, version and command, family, length of what follows
_VERSION_AND_COMMAND = (0x20, 0x21)  # version 2: LOCAL, PROXY


def header_size(data: bytes) -> int | None:
    """Bytes of the header at the beginning of `data`: 0 when it has none, None when more bytes must tell."""
    if not data:
        return None
    if data.startswith(_SIGNATURE[: len(data)]):
        return _binary_size(data)
    if not data.startswith(_TEXT_BEGINS[: len(data)]):
        return 0
    if (line := _TEXT.match(data[:_LONGEST_TEXT])) is not None:
        return line.end()
    return None if len(data) < _LONGEST_TEXT and b"\n" not in data else 0


def _binary_size(data: bytes) -> int | None:
    if len(data) < _BINARY_HEAD:
        return None
    size = _BINARY_HEAD + int.from_bytes(data[14:_BINARY_HEAD], "big")
    if data[12] not in _VERSION_AND_COMMAND or size > _LONGEST_BINARY:
        return 0
    return size if len(data) >= size else None


def behind(chunks: Sequence[Chunk], size: int) -> list[Chunk]:
    """Contiguous chunks without their first `size` bytes."""
    left = []
    for chunk in chunks:
        if size < len(chunk.data):
            left.append(_cut(chunk, size) if size else chunk)
        size = max(size - len(chunk.data), 0)
    return left


def _cut(chunk: Chunk, size: int) -> Chunk:
    offset = chunk.offset + size
    at = sum(start <= offset for start in chunk.starts) - 1
    return Chunk(chunk.data[size:], offset, [offset, *chunk.starts[at + 1 :]], chunk.times[at:])
