"""Counting the rows of a result where they lie.

A row is a type byte and a length in front of its values. Rows of one length in a row, which numbers in binary format and keys
of one width make common, are looked at many at once: the same byte of each is one slice with a step.
"""

from struct import Struct

from pxcap.plugins.pgsql.wire import DATA_ROW, HEADER_SIZE

MIN_ROW = 6  # length of a DataRow without columns
ALIKE = 3  # rows of one length before more are expected
FEW, MANY = 8, 1024  # looked at at once

_HEADER = Struct(">BI").unpack_from
_TYPE = bytes([DATA_ROW])


def rows(buf: bytes, pos: int, end: int) -> tuple[int, int]:
    """How many whole rows lie in `buf` from `pos` to `end`, and where the first message begins that is none."""
    header, last = _HEADER, end - HEADER_SIZE
    count, alike, before, ahead = 0, 0, -1, FEW
    while pos <= last:
        kind, size = header(buf, pos)
        if kind != DATA_ROW or size < MIN_ROW:
            break
        stop = pos + size + 1
        if stop > end:
            break
        pos = stop
        count += 1
        if size != before:
            before, alike = size, 0
            continue
        alike += 1
        if alike < ALIKE:
            continue
        stride = size + 1
        many = min((end - pos) // stride, ahead)
        if many >= FEW and _same(buf, pos, stride, many, size):
            pos += many * stride
            count += many
            ahead = min(ahead * 2, MANY)
        else:
            alike, ahead = -FEW, FEW
    return count, pos


def _same(buf: bytes, pos: int, stride: int, many: int, size: int) -> bool:
    """Whether so many rows follow each other that are all of one length."""
    stop = pos + many * stride
    low, high = divmod(size, 256)[::-1]
    return (
        buf[pos + 4 : stop : stride] == bytes([low]) * many
        and buf[pos:stop:stride] == _TYPE * many
        and buf[pos + 3 : stop : stride] == bytes([high & 255]) * many
        and buf[pos + 2 : stop : stride] == bytes([high >> 8 & 255]) * many
        and buf[pos + 1 : stop : stride] == bytes([high >> 16]) * many
    )
