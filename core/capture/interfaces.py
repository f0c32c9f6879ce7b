"""The interfaces a pcapng section describes: link type, snap length, and what a time stamp means."""

import struct
from dataclasses import dataclass

import numpy as np

from pxcap.core.packets import I64, U64

_TSRESOL, _TSOFFSET = 9, 14  # draft-ietf-opsawg-pcapng, section 4.2
_SECOND = 1_000_000_000
_MAX_TIME = (1 << 63) - 1
_DIGITS = 19  # the largest power of ten in 64 bits
_FRACTION = 34  # bits of a binary fraction that are used: 0.06 ns


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface.

    Attributes:
        link: Link type.
        snaplen: Most bytes captured of a packet; 0 is no limit.
        resolution: if_tsresol as written: a negative power of 10, or with the high bit of 2, of a second.
        offset: if_tsoffset, in seconds.
    """

    link: int
    snaplen: int = 0
    resolution: int = 6
    offset: int = 0

    def time(self, units: U64) -> I64:
        """Time stamps in ns since the epoch, never below 0 nor past the year 2262."""
        power = self.resolution & 0x7F
        if self.resolution & 0x80:
            time = _binary(units, power)
        elif power <= 9:
            factor = 10 ** (9 - power)
            time = np.minimum(units, np.uint64(_MAX_TIME // factor)) * np.uint64(factor)
        elif power - 9 <= _DIGITS:
            time = np.minimum(units // np.uint64(10 ** (power - 9)), np.uint64(_MAX_TIME))
        else:
            time = np.zeros_like(units)
        known = time.astype(np.int64)
        offset = max(-_MAX_TIME, min(self.offset * _SECOND, _MAX_TIME))
        if offset > 0:
            return np.minimum(known, _MAX_TIME - offset) + offset
        return np.maximum(known + offset, 0) if offset else known


def _binary(units: U64, power: int) -> U64:
    seconds = units >> np.uint64(power) if power < 64 else np.zeros_like(units)
    fraction = units & np.uint64((1 << min(power, 64)) - 1)
    if power > _FRACTION:
        drop = power - _FRACTION
        fraction = fraction >> np.uint64(drop) if drop < 64 else np.zeros_like(units)
        power = _FRACTION
    seconds = np.minimum(seconds, np.uint64(_MAX_TIME // _SECOND - 1))
    return seconds * np.uint64(_SECOND) + (fraction * np.uint64(_SECOND) >> np.uint64(power))


def read_interface(body: bytes, order: str) -> Interface:
    """Read the body of an interface description block, at least 8 bytes; options that make no sense are passed over.

    Args:
        body: The block without its type and lengths.
        order: "<" or ">".
    """
    link, _, snaplen = struct.unpack_from(order + "HHI", body)
    resolution, offset = 6, 0
    pos = 8
    while pos + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, pos)
        value = body[pos + 4 : pos + 4 + size]
        if code == 0:
            break
        if code == _TSRESOL and size == len(value) == 1:
            resolution = value[0]
        elif code == _TSOFFSET and size == len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
        pos += 4 + (size + 3 & ~3)
    return Interface(link, snaplen, resolution, offset)
