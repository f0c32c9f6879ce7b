"""Whole record batches of format v2 as JSON, the common ones fast; what is told of a batch, and how much of it is read."""

from struct import Struct

from pxcap.plugins.kafka.codec import CODINGS, SNAPPY, inflate
from pxcap.plugins.kafka.record import holds, records_of
from pxcap.plugins.kafka.wire import BATCH_OVERHEAD, BATCH_SIZE, CODING, CONTROL, LOG_APPEND_TIME, TRANSACTIONAL

FIRST_LOOK = 1 << 14  # bytes decompressed first: mostly all that are shown lie in them
# Base offset, length, magic, attributes, base and largest timestamp, producer id and epoch, base sequence, count
_HEAD = Struct(">qi4xB4xH4xqqqhii").unpack_from


def batch_text(buf: bytes, pos: int, end: int, left: int) -> tuple[str, int, int] | None:
    """The batch that is `buf[pos:end]`, at least BATCH_SIZE bytes, as JSON, its records, and what it took of the budget.

    None when it is no data, in a coding without a quick look, or damaged: that is left to the careful way. `left` is what
    may be shown of records.
    """
    begin = pos + BATCH_SIZE
    base, length, magic, attributes, first, last, producer, epoch, sequence, count = _HEAD(buf, pos)
    coding = attributes & CODING
    if (
        magic != 2
        or length != end - pos - BATCH_OVERHEAD
        or count <= 0
        or left <= 0
        or attributes & CONTROL
        or coding == SNAPPY
        or coding >= len(CODINGS)
    ):
        return None
    head = head_text(end - pos, attributes, (producer, epoch, sequence), last, count)
    body, at, stop = buf, begin, end
    if coding:
        body, good = beginning(buf[begin:end], coding, count, left)
        if not good:
            return None
        at, stop = 0, len(body)
    shown, used = records_of(body, at, stop, count, base, first, left)
    more = count - len(shown)
    if more and used < left:
        return None
    return f'{{"base_offset":{base}{head},"records":[{",".join(shown)}]{more_text(more)}}}', count, used


def head_text(size: int, attributes: int, producer: tuple[int, int, int], last: int, count: int) -> str:
    """What is told of a batch between its base offset and its records.

    Args:
        size: Bytes of it.
        attributes: Its flags.
        producer: Its id and epoch, and the base sequence.
        last: Largest timestamp.
        count: Of records.
    """
    coding = attributes & CODING
    name = CODINGS[coding] if coding < len(CODINGS) else f"unknown_{coding}"
    text = f',"size":{size},"magic":2,"compression":"{name}"'
    if attributes & LOG_APPEND_TIME:
        text += ',"log_append_time":true'
    if attributes & TRANSACTIONAL:
        text += ',"transactional":true'
    if producer[0] >= 0:
        text += f',"producer_id":{producer[0]},"producer_epoch":{producer[1]},"base_sequence":{producer[2]}'
    return f'{text},"max_timestamp":{last},"record_count":{count}'


def more_text(more: int) -> str:
    """Behind the records shown: how many there are beside them."""
    return f',"more":{more}' if more else ""


def beginning(data: bytes, coding: int, count: int, budget: int) -> tuple[bytes, bool]:
    """What is wanted of the compressed records of a batch, decompressed, and whether all was well; not for snappy."""
    if budget > FIRST_LOOK:
        body, good = inflate(data, coding, FIRST_LOOK)
        if good and holds(body, count, budget):
            return body, True
    return inflate(data, coding, budget)
