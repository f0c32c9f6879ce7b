"""The two checksums of v5 segments (section 2.2 and 2.3; the parameters are those of `Crc.java` of Cassandra 4.0)."""

import zlib

_INIT, _POLYNOMIAL = 0x875060, 0x1974F0B


def _remainder(byte: int) -> int:
    crc = byte << 16
    for _ in range(8):
        crc <<= 1
        if crc & 0x1000000:
            crc ^= _POLYNOMIAL
    return crc


_TABLE = tuple(map(_remainder, range(256)))


def crc24(data: bytes) -> int:
    """Checksum of the header of a segment, 3 or 5 bytes; stored behind it, least significant byte first."""
    crc = _INIT
    for byte in data:
        crc = (crc << 8 & 0xFFFFFF) ^ _TABLE[crc >> 16 ^ byte]
    return crc


CRC32_INIT = zlib.crc32(b"\xfa\x2d\x55\xca")
"""What CRC-32 of a payload starts from: `zlib.crc32(payload, CRC32_INIT)`; stored behind it, little-endian."""
