"""Counting the rows of a result where they lie.

A row is a type byte and a length in front of its values. Rows of one length in a row, which numbers in binary format and keys
of one width make common, are looked at many at once: the same byte of each is one slice with a step.
"""

from struct import Struct

from pxcap.plugins.pgsql.wire import DATA_ROW, HEADER_SIZE

MIN_ROW = 6  # length of a DataRow without columns
ALIKE = 2  # rows as long as the one before, from which more are expected
FEW, SEVERAL, MANY = 8, 64, 1024  # rows: not worth looking at at once; looked at at once at first, and at most

_HEADER = Struct(">BI").unpack_from
_BYTES = [bytes([byte]) for byte in range(256)]


def rows(buf: bytes, pos: int, end: int) -> tuple[int, int]:
    """How many whole rows lie in `buf` from `pos` to `end`, and where the first message begins that is none."""
    header, last = _HEADER, end - HEADER_SIZE
    count, alike, before, ahead = 0, 0, -1, SEVERAL
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
            before, alike = size, min(alike, 0)
            continue
        alike += 1
        if alike < ALIKE or end - pos < FEW * (size + 1):
            continue
        many = min((end - pos) // (size + 1), ahead)
        same = _same(buf, pos, size, many)
        pos += same * (size + 1)
        count += same
        if same == many:
            ahead = min(ahead * 2, MANY)
        elif same < FEW:
            alike = -SEVERAL  # they only look alike: go on one by one for a while
    return count, pos


class Even:
    """So many rows of one length, as an answer that was seen had them: a guess at the next answer.

    Attributes:
        count: Rows.
        length: Bytes of all.
    """

    __slots__ = ("_bytes", "_stride", "count", "length")

    def __init__(self, count: int, stride: int) -> None:
        """`count` rows of `stride` bytes, type and length included."""
        self.count = count
        self.length = count * stride
        self._stride = stride
        header = bytes([DATA_ROW]) + (stride - 1).to_bytes(4, "big")
        self._bytes = [(at, header[at : at + 1] * count) for at in (4, 0, 3, 2, 1)]

    def lie(self, buf: bytes, pos: int) -> bool:
        """Whether these rows lie at `pos`."""
        stop, stride = pos + self.length, self._stride
        if stop > len(buf):
            return False
        return all(buf[pos + at : stop : stride] == wanted for at, wanted in self._bytes)


def even(count: int, length: int) -> Even | None:
    """So many rows, `length` bytes long, if all can be of one length, and are worth a look at once."""
    if count < FEW or length % count or length // count <= MIN_ROW:
        return None
    return Even(count, length // count)


def _same(buf: bytes, pos: int, size: int, many: int) -> int:
    """How many of so many rows that would follow each other are all of one length."""
    stride = size + 1
    for at, byte in ((4, size & 255), (0, DATA_ROW), (3, size >> 8 & 255), (2, size >> 16 & 255), (1, size >> 24)):
        each = buf[pos + at : pos + many * stride : stride]
        many -= len(each.lstrip(_BYTES[byte]))
        if not many:
            break
    return many
