"""Compressed records: Kafka's codes for the codings, and the framings that are its own.

* snappy comes raw (librdkafka, Sarama) or in the framing of snappy-java: magic, two versions, then blocks behind their length.
* lz4 is the frame format; in messages of format v0 and v1 its header checksum covers the magic too, which the format
  does not allow (KAFKA-3160): where the library refuses it, it is set right.
"""

from struct import error, unpack_from

from pxcap.core.compression import decompress

CODINGS = ("none", "gzip", "snappy", "lz4", "zstd")
"""By the low three bits of a batch's attributes."""

XERIAL = b"\x82SNAPPY\x00"
SNAPPY = 2
_LZ4 = 3
_XERIAL_HEADER = 16  # magic, version, lowest compatible version
_LZ4_MAGIC = b"\x04\x22\x4d\x18"
_MASK = 0xFFFFFFFF


def inflate(data: bytes, coding: int, limit: int) -> tuple[bytes, bool]:
    """The beginning of decompressed records.

    Args:
        data: Compressed bytes, or their beginning.
        coding: Index in `CODINGS`.
        limit: Most bytes wanted. What is one raw snappy block comes whole or not at all.

    Returns:
        At most `limit` bytes; and whether all was well so far as `data` goes.
    """
    if coding == 0:
        return data[:limit], True
    if coding == SNAPPY and data.startswith(XERIAL):
        return _xerial(data, limit)
    if coding >= len(CODINGS):
        return b"", False
    found = decompress(data, CODINGS[coding], limit)
    if coding == _LZ4 and not found[1]:
        return decompress(_lz4(data), CODINGS[coding], limit)
    return found


def _xerial(data: bytes, limit: int) -> tuple[bytes, bool]:
    out = bytearray()
    pos = _XERIAL_HEADER
    try:
        while len(out) < limit and pos < len(data):
            size = unpack_from(">i", data, pos)[0]
            pos += 4
            if size <= 0:
                return bytes(out), False
            if pos + size > len(data):
                break
            block, good = decompress(data[pos : pos + size], "snappy", max(limit, 1 << 16))
            if not good:
                return bytes(out[:limit]), False
            out += block
            pos += size
    except error:
        pass
    return bytes(out[:limit]), True


def _lz4(data: bytes) -> bytes:
    """The frame with its header checksum set right (LZ4 frame format 1.6, Frame Descriptor)."""
    if not data.startswith(_LZ4_MAGIC) or len(data) < 15:
        return data
    end = 14 if data[4] & 8 else 6
    check = (_xxh32(data[4:end]) >> 8) & 0xFF
    return data if data[end] == check else data[:end] + bytes((check,)) + data[end + 1 :]


def _xxh32(data: bytes) -> int:
    """XXH32 with seed 0 of fewer than 16 bytes."""
    value = (374761393 + len(data)) & _MASK
    words = len(data) // 4
    for (word,) in (unpack_from("<I", data, 4 * at) for at in range(words)):
        value = (_rotate((value + word * 3266489917) & _MASK, 17) * 668265263) & _MASK
    for byte in data[4 * words :]:
        value = (_rotate((value + byte * 374761393) & _MASK, 11) * 2654435761) & _MASK
    value = ((value ^ value >> 15) * 2246822519) & _MASK
    value = ((value ^ value >> 13) * 3266489917) & _MASK
    return value ^ value >> 16


def _rotate(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & _MASK
