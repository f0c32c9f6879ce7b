"""A set of records that is one batch of one plain record, read at a go: what producers send that do not wait for more.

`records` reads it likewise, step by step.
"""

from struct import Struct, error

from pxcap.core.text import quote
from pxcap.plugins.kafka.record import RECORD_COST
from pxcap.plugins.kafka.wire import BATCH_OVERHEAD

# Base offset, length, magic, attributes, base and largest timestamp, producer and count; of the record its length in two
# bytes, attributes and delta of the timestamp, delta of the offset, length of the key
_HEAD = Struct(">qi4xB4xH4xqq18sBBHBB")
_PRODUCER_AND_COUNT = b"\xff" * 14 + b"\0\0\0\1"  # no producer, epoch or sequence; one record
_FIRST_FIELDS = 4  # bytes of a record between its length and its key
_LONGEST = (1 << 14) - 1  # of a length in two bytes


def lone_text(buf: bytes, pos: int, end: int) -> str | None:
    """The set in `buf[pos:end]` as JSON, if it is such a one; it takes RECORD_COST of the budget.

    None when it is another, or the record's deltas are not 0, or it has headers, no value or bytes that are not text.
    """
    try:
        base, length, magic, flags, first, last, rest, low, high, deltas, delta, key = _HEAD.unpack_from(buf, pos)
        size = end - pos
        if magic != 2 or flags or length != size - BATCH_OVERHEAD or rest != _PRODUCER_AND_COUNT:
            return None
        at = pos + _HEAD.size
        if low > 127:
            low = low & 127 | high << 7
        else:  # its length takes one byte
            delta, key = high, delta
            at -= 1
        if low != 2 * (end - at + _FIRST_FIELDS) or low > _LONGEST or deltas or delta:
            return None
        if key == 1:
            name = "null"
        elif key & 129:
            return None
        else:
            stop = at + (key >> 1)
            data = buf[at:stop]
            if 0 in data:
                return None
            name = quote(data.decode())
            at = stop
        length = buf[at]
        at += 1
        if length > 127:
            length = length & 127 | buf[at] << 7
            at += 1
        data = buf[at : end - 1]
        if length != 2 * len(data) or at >= end or buf[end - 1] or 0 in data:
            return None
        text = (
            f'{{"size":{size},"record_count":1,"record_batches":[{{"base_offset":{base},"size":{size},"magic":2'
            f',"compression":"none","max_timestamp":{last},"record_count":1'
            f',"records":[{{"offset":{base},"timestamp":{first},"key":{name},"value":{quote(data.decode())}}}]}}]}}'
        )
    except (IndexError, UnicodeDecodeError, error):
        return None
    return text if len(text) <= RECORD_COST else None
