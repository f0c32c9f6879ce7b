"""Records of format v2, and control records (`org.apache.kafka.common.record.DefaultRecord`, `ControlRecordType`)."""

from struct import Struct, error, unpack_from

from pxcap.core.text import quote
from pxcap.plugins.kafka.text import TEXTS, clipped, value_text
from pxcap.plugins.kafka.types import Bad
from pxcap.plugins.kafka.varint import uvarint, varint

RECORD_COST = 8192  # of the budget: least that a record takes; decides how many small ones are shown, 8 by default
_PLAIN = RECORD_COST // 6 - 4  # longest record that cannot cost more than that, each byte of it escaped
_HEAD = Struct("BBBB").unpack_from  # attributes, deltas of timestamp and offset, length of the key: of a byte each
_CONTROL_TYPES = {0: "abort", 1: "commit", 2: "leader_change", 3: "snapshot_header", 4: "snapshot_footer"}


def records_of(
    buf: bytes, pos: int, size: int, count: int, base: int, first: int, budget: int
) -> tuple[list[str], int]:
    """The first records of a batch as JSON, and what they took of the budget.

    Args:
        buf: Holds the records, decompressed; may be cut.
        pos: Where the first one begins.
        size: Where they end.
        count: How many the batch has.
        base: Offset that theirs are relative to.
        first: Timestamp that theirs are relative to, ms since the epoch.
        budget: Bytes that may be shown; the record that exhausts it is the last. Each takes RECORD_COST at least.
    """
    shown: list[str] = []
    left = budget
    if left > _PLAIN:
        pos = _plain_records(buf, pos, size, min(count, 1 + (left - _PLAIN) // RECORD_COST), base, first, shown)
        left -= RECORD_COST * len(shown)
    append = shown.append
    try:
        for _ in range(count - len(shown)):
            if left <= 0:
                break
            length = buf[pos]
            pos += 1
            if length > 127:
                if buf[pos] < 128:
                    length = length & 127 | buf[pos] << 7
                    pos += 1
                else:
                    length, pos = uvarint(buf, pos - 1)
            stop = pos + (length >> 1)
            if length & 1:
                break
            if stop > size or length >> 1 > left:
                text, used = _long_record(buf, pos, stop, base, first, left)
                append(text)
                left -= used
                pos = stop
                continue
            delta = buf[pos + 1]
            number = buf[pos + 2]
            if delta > 127 or number > 127:
                delta, pos = uvarint(buf, pos + 1)
                number, pos = uvarint(buf, pos)
            else:
                pos += 3
            length = buf[pos]
            pos += 1
            if length == 1:
                key = "null"
            else:
                if length > 127:
                    length, pos = uvarint(buf, pos - 1)
                end = pos + (length >> 1)
                try:
                    key = quote(buf[pos:end].decode())
                except UnicodeDecodeError:
                    key = value_text(buf[pos:end])
                if "\\u0000" in key:
                    key = value_text(buf[pos:end])
                pos = end
            length = buf[pos]
            pos += 1
            if length == 1:
                value = "null"
            else:
                if length > 127:
                    if buf[pos] < 128:
                        length = length & 127 | buf[pos] << 7
                        pos += 1
                    else:
                        length, pos = uvarint(buf, pos - 1)
                end = pos + (length >> 1)
                try:
                    value = quote(buf[pos:end].decode())
                except UnicodeDecodeError:
                    value = value_text(buf[pos:end])
                if "\\u0000" in value:
                    value = value_text(buf[pos:end])
                pos = end
            headers = buf[pos]
            pos += 1
            extra = ""
            if headers:
                extra, pos = _headers(buf, pos - 1, stop)
            if pos != stop:
                break
            append(
                f'{{"offset":{base + ((number >> 1) ^ -(number & 1))}'
                f',"timestamp":{first + ((delta >> 1) ^ -(delta & 1))},"key":{key},"value":{value}{extra}}}'
            )
            used = len(key) + len(value) + len(extra)
            left -= max(RECORD_COST, used)
    except (IndexError, Bad):
        pass
    return shown, budget - left


def _plain_records(buf: bytes, pos: int, size: int, count: int, base: int, first: int, shown: list[str]) -> int:
    """Add at most `count` records to those shown, up to one that is not plain; returns where that begins.

    A plain one is short, has a value and no headers, and is near the batch's first one.
    """
    append = shown.append
    try:
        for _ in range(count):
            whole = buf[pos]
            at = pos + 1
            if whole > 127:
                whole = whole & 127 | buf[at] << 7
                at += 1
            stop = at + (whole >> 1)
            _, delta, number, length = _HEAD(buf, at)
            if (delta | number) & 129 or whole & 1 or whole > 2 * _PLAIN or stop > size:
                break
            at += 4
            if length == 1:
                key = "null"
            elif length & 129:
                break
            else:
                begin = at
                at += length >> 1
                key = quote(buf[begin:at].decode())
            length = buf[at]
            at += 1
            if length > 127:
                length = length & 127 | buf[at] << 7
                at += 1
            if at + (length >> 1) != stop - 1 or length & 1 or buf[stop - 1]:
                break
            text = (
                f'{{"offset":{base + (number >> 1)},"timestamp":{first + (delta >> 1)},"key":{key}'
                f',"value":{quote(buf[at : stop - 1].decode())}}}'
            )
            if "\\u0000" in text:
                break
            append(text)
            pos = stop
    except (IndexError, UnicodeDecodeError, error):
        pass
    return pos


def holds(buf: bytes, count: int, budget: int) -> bool:
    """Whether all of `count` records that `records_of` could show lie in `buf`, which may be cut."""
    pos = 0
    size = len(buf)
    try:
        for _ in range(min(count, -(-budget // RECORD_COST))):
            length, pos = uvarint(buf, pos)
            pos += length >> 1
    except (IndexError, Bad):
        return False
    return pos <= size


def _long_record(buf: bytes, pos: int, stop: int, base: int, first: int, left: int) -> tuple[str, int]:
    """A record that is cut or takes more than is left: what is there of its key and value; and what that took."""
    delta, pos = varint(buf, pos + 1)
    number, pos = varint(buf, pos)
    texts = []
    room = left
    for _ in range(2):
        length, pos = varint(buf, pos)
        if length < 0:
            texts.append("null")
            continue
        if pos + length > stop:
            raise Bad
        data = buf[pos : pos + min(length, max(room, 0))]
        room -= len(data)
        texts.append(clipped(data, length))
        pos += length
        if pos > len(buf):
            break
    if len(texts) < 2:
        texts.append('"...(cut)"')
    extra = ""
    if stop <= len(buf) and stop - pos <= room and buf[pos]:
        extra, pos = _headers(buf, pos, stop)
    text = f'{{"offset":{base + number},"timestamp":{first + delta},"key":{texts[0]},"value":{texts[1]}{extra}}}'
    return text, max(left - room + len(extra), RECORD_COST)


def control_text(body: bytes) -> str:
    """What a control batch says: "commit" or "abort" of a transaction, or another of Kafka's markers."""
    try:
        pos = uvarint(body, 0)[1] + 1
        pos = uvarint(body, uvarint(body, pos)[1])[1]
        length, pos = varint(body, pos)
        kind = unpack_from(">hh", body, pos)[1] if length >= 4 else -1
    except (IndexError, Bad, error):
        return "true"
    return f'"{_CONTROL_TYPES.get(kind, kind)}"'


def _headers(buf: bytes, pos: int, stop: int) -> tuple[str, int]:
    """Headers of a record as a JSON array of pairs, for a name may come twice; names are the object's keys."""
    number, pos = varint(buf, pos)
    if not 0 <= number <= stop - pos:
        raise Bad
    found = []
    for _ in range(number):
        length, pos = varint(buf, pos)
        end = pos + length
        if length < 0 or end > stop:
            raise Bad
        name = TEXTS[buf[pos:end]]
        length, pos = varint(buf, end)
        end = pos + length
        if end > stop:
            raise Bad
        found.append(f"{{{name}:{value_text(buf[pos:end]) if length >= 0 else 'null'}}}")
        pos = max(pos, end)
    return f',"headers":[{",".join(found)}]', pos
