"""Counting rows: packets are passed over by their lengths, those of one length many at a time.

Source: "MySQL Packets" and "Text Resultset Row" of the MySQL source documentation.
"""

from struct import Struct

from pxcap.plugins.mysql.wire import EOF, HEADER, MAX_PAYLOAD

_WORD = Struct("<I").unpack_from
_AT_ONCE = 128  # rows
_WORTH_IT = 6  # rows that are passed over one by one as fast
_TRIES = 4  # how often fewer than these may be found before it is no longer tried


def walk_rows(buf: bytes, pos: int) -> tuple[int, int]:
    """Pass over the rows that begin at `pos`.

    Returns the position of the first packet that is none, or may be none, or not begun: one whose first byte is that of an
    EOF or an ERR, or that is continued by another, or of which not even five bytes are there; and the number of rows. The last
    of them may end beyond the buffer.
    """
    last, word = len(buf) - HEADER - 1, _WORD
    count = 0
    before, tries = -1, _TRIES
    while pos <= last:
        size = word(buf, pos)[0] & 0xFFFFFF
        if buf[pos + 4] >= EOF or size == MAX_PAYLOAD:
            break
        if size == before and tries:
            alike = _alike(buf, pos, size + HEADER, last)
            if alike < _WORTH_IT:
                tries -= 1
            pos += alike * (size + HEADER)
            count += alike
        else:
            before = size
            pos += size + HEADER
            count += 1
    return pos, count


def _alike(buf: bytes, pos: int, step: int, last: int) -> int:
    """How many packets from `pos` on have the length and the first byte that the first has.

    As long as lengths are the same the next is `step` bytes on, so each of their bytes is looked at in all of them at once.
    """
    stop = min(pos + _AT_ONCE * step, last + 1)
    lane = buf[pos:stop:step]
    count = len(lane) - len(lane.lstrip(lane[:1]))
    for at in (1, 2, 4):
        begin = pos + at
        lane = buf[begin : begin + count * step - step + 1 : step]
        rest = lane.lstrip(lane[:1])
        if rest:
            count -= len(rest)
    return count
