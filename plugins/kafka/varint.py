"""Variable-length integers: 7 bits a byte, lowest first; signed ones in zigzag (Kafka protocol guide, Protocol Primitive Types)."""

from pxcap.plugins.kafka.types import Bad


def uvarint(buf: bytes | bytearray, pos: int) -> tuple[int, int]:
    """An unsigned integer and the position behind it.

    Raises:
        IndexError: The bytes end inside it.
        Bad: It is longer than ten bytes.
    """
    value = shift = 0
    while True:
        byte = buf[pos]
        pos += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, pos
        shift += 7
        if shift > 63:
            raise Bad


def varint(buf: bytes | bytearray, pos: int) -> tuple[int, int]:
    """A signed integer and the position behind it; raises as `uvarint` does."""
    value, pos = uvarint(buf, pos)
    return (value >> 1) ^ -(value & 1), pos
