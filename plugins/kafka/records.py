"""Record batches (format v2) and message sets (v0, v1) as JSON: counts are exact, records are shown within a budget.

A set of records is a row of entries: batches, or messages of the older formats, each with its length in front. The number
of a batch's records stands in its header, so that nothing need be decompressed to count them. The messages of an older
format are put together under one batch, and a compressed one holds further messages.
"""

from struct import error, unpack_from

from pxcap.plugins.kafka.batches import batch_text, beginning, head_text
from pxcap.plugins.kafka.codec import CODINGS, SNAPPY, inflate
from pxcap.plugins.kafka.lone import lone_text
from pxcap.plugins.kafka.record import RECORD_COST, control_text, records_of
from pxcap.plugins.kafka.text import value_text
from pxcap.plugins.kafka.wire import (
    BATCH,
    BATCH_OVERHEAD,
    BATCH_SIZE,
    BATCH_START,
    BATCH_START_SIZE,
    CODING,
    CONTROL,
    MESSAGE,
    MESSAGE_SIZE,
    ONE_BATCH,
)

ENTRY_COST = 160  # of the budget, for what is shown of a batch itself
RAW_BLOCK = 1 << 18  # a raw snappy block is decompressed whole or not at all
_LEGACY_FIELDS = 8  # timestamp of a message v1


def records_text(buf: bytes, pos: int, end: int, budget: list[int]) -> str:
    """The records in `buf[pos:end]` as JSON.

    `budget[0]` bytes of them may be shown, and it is lowered by those that are; `budget[1]` is raised by their size.
    """
    size = end - pos
    budget[1] += size
    if size > BATCH_SIZE:
        left = budget[0] - ENTRY_COST
        if left >= RECORD_COST and (lone := lone_text(buf, pos, end)) is not None:
            budget[0] = left - RECORD_COST
            return lone
        length, magic, number = ONE_BATCH(buf, pos)
        if magic == 2 and length == size - BATCH_OVERHEAD:  # one batch, as mostly
            if left <= -ENTRY_COST:
                return f'{{"size":{size},"record_count":{max(number, 0)},"record_batches":[],"more_batches":1}}'
            whole = batch_text(buf, pos, end, left)
            if whole is not None:
                text, count, used = whole
                budget[0] = left - used
                return f'{{"size":{size},"record_count":{count},"record_batches":[{text}]}}'
    found = MessageSet(end - pos, budget)
    while pos < end:
        total = found.start(buf[pos : pos + BATCH_START_SIZE] if pos + BATCH_START_SIZE <= end else b"", end - pos)
        if not total:
            break
        stop = min(pos + total, end)
        found.entry(buf[pos : min(stop, pos + found.wanted(total))], total, stop - pos)
        pos = stop
    return found.text()


class MessageSet:
    """Entries as they come, whole or only their beginnings.

    Args:
        size: Bytes of the set.
        budget: Bytes that may be shown, shared by the sets of a message.

    Attributes:
        count: Records so far; a lower bound when `sure` is False.
        sure: The count is exact.
        bad: Something was not an entry.
    """

    __slots__ = ("_budget", "_entries", "_hidden", "_legacy", "_partial", "_size", "_strange", "bad", "count", "sure")

    def __init__(self, size: int, budget: list[int]) -> None:
        self._size = size
        self._budget = budget
        self._entries: list[str] = []
        self._hidden = 0
        self._legacy: _Legacy | None = None
        self._partial = 0
        self._strange = False  # what is left is no entry
        self.bad = False
        self.count = 0
        self.sure = True

    def start(self, head: bytes, left: int) -> int:
        """Size of the entry that begins with `head` (BATCH_START_SIZE bytes, or none when fewer are left); 0 at the end.

        A fetch cuts the last entry at its limit: that is no error (`max_bytes` of FetchRequest).
        """
        if not head:
            self._partial = left
            return 0
        _, length, _, magic = BATCH_START.unpack(head)
        if magic > 2 or length < (BATCH_SIZE if magic == 2 else MESSAGE_SIZE + 8) - BATCH_OVERHEAD:
            self.bad = self._strange = True
            self._partial = left
            return 0
        return int(length) + BATCH_OVERHEAD

    def wanted(self, total: int) -> int:
        """How many bytes of an entry `entry` can make use of."""
        return min(total, BATCH_SIZE + max(self._budget[0], RAW_BLOCK if self._budget[0] > 0 else 0))

    def entry(self, data: bytes, total: int, there: int) -> None:
        """Take in an entry of `total` bytes, of which the set holds `there` and `data` is the beginning."""
        if there < total:
            self._partial = there
            return
        if data[16] == 2:
            self._batch(data, total)
        else:
            self._message(data)

    def text(self) -> str:
        """The set as JSON."""
        self._close_legacy()
        text = f'{{"size":{self._size},"record_count":{self.count}'
        if not self.sure:
            text += ',"at_least":true'
        text += f',"record_batches":[{",".join(self._entries)}]'
        if self._hidden:
            text += f',"more_batches":{self._hidden}'
        if self._partial:
            text += f',"{"malformed" if self._strange else "partial_batch"}":{self._partial}'
        return text + "}"

    def _batch(self, data: bytes, total: int) -> None:
        self._close_legacy()
        head, pos = BATCH.parse(data, 0)
        count = max(head.count, 0)
        self.count += count
        budget = self._budget
        if budget[0] <= 0:
            self._hidden += 1
            return
        budget[0] -= ENTRY_COST
        if len(data) == total > BATCH_SIZE:
            whole = batch_text(data, 0, total, budget[0])
            if whole is not None:
                self._entries.append(whole[0])
                budget[0] -= whole[2]
                return
        attributes = head.attributes
        coding = attributes & CODING
        producer = (head.producer_id, head.producer_epoch, head.base_sequence)
        text = f'{{"base_offset":{head.base_offset}{head_text(total, attributes, producer, head.max_timestamp, count)}'
        body, good = data[pos:], True
        if coding:
            body, good = _beginning(body, coding, count, budget[0])
        if attributes & CONTROL:
            self._entries.append(f'{text},"control":{control_text(body)}}}')
            return
        shown, used = records_of(body, 0, len(body), count, head.base_offset, head.base_timestamp, budget[0])
        budget[0] -= used
        text += f',"records":[{",".join(shown)}]'
        if len(shown) < count:
            text += f',"more":{count - len(shown)}'
        if not good or (len(shown) < count and budget[0] > 0 and len(data) == total and coding != SNAPPY):
            text += ',"malformed":true'
            self.bad = True
        self._entries.append(text + "}")

    def _message(self, data: bytes) -> None:
        head, pos = MESSAGE.parse(data, 0)
        timestamp = -1
        if head.magic == 1:
            timestamp = unpack_from(">q", data, pos)[0] if pos + _LEGACY_FIELDS <= len(data) else -1
            pos += _LEGACY_FIELDS
        coding = head.attributes & CODING
        legacy = self._legacy
        if legacy is None or legacy.magic != head.magic or legacy.coding != coding or coding:
            self._close_legacy()
            legacy = self._legacy = _Legacy(head.offset, head.magic, coding)
        if not coding:
            self.count += 1
            self._legacy_record(legacy, head.offset, timestamp, data, pos)
            return
        self._wrapped(legacy, head.offset, data, pos)

    def _legacy_record(self, legacy: "_Legacy", offset: int, timestamp: int, data: bytes, pos: int) -> None:
        legacy.count += 1
        if self._budget[0] <= 0:
            return
        key, pos = _nullable(data, pos)
        value, pos = _nullable(data, pos)
        if key is None or value is None:
            return
        stamp = f',"timestamp":{timestamp}' if legacy.magic else ""
        legacy.records.append(f'{{"offset":{offset}{stamp},"key":{key},"value":{value}}}')
        self._budget[0] -= max(len(key) + len(value), RECORD_COST)

    def _wrapped(self, legacy: "_Legacy", offset: int, data: bytes, pos: int) -> None:
        """Messages compressed into one; in format v1 their offsets are relative and the wrapper's is the last one's."""
        _, pos = _nullable(data, pos)
        room = max(self._budget[0], RAW_BLOCK)
        length = unpack_from(">i", data, pos)[0] if pos + 4 <= len(data) else -1
        whole = length <= len(data) - pos - 4
        inner, good = inflate(data[pos + 4 : pos + 4 + max(length, 0)], legacy.coding, room)
        ends: list[tuple[int, int, int, int]] = []  # offset, timestamp, begin, end
        at = 0
        try:
            while at + MESSAGE_SIZE <= len(inner):
                head, begin = MESSAGE.parse(inner, at)
                end = at + BATCH_OVERHEAD + head.length
                if head.length < MESSAGE_SIZE - BATCH_OVERHEAD or head.magic > 1 or end > len(inner):
                    break
                stamp = -1
                if head.magic == 1:
                    stamp = unpack_from(">q", inner, begin)[0]
                    begin += _LEGACY_FIELDS
                ends.append((head.offset, stamp, begin, end))
                at = end
        except error:
            pass
        exact = whole and good and at == len(inner) < room
        self.sure = self.sure and exact
        self.count += len(ends)
        shift = offset - ends[-1][0] if legacy.magic == 1 and ends and exact else 0
        for relative, stamp, begin, _ in ends:
            self._legacy_record(legacy, relative + shift, stamp, inner, begin)
        if not good:
            self.bad = legacy.bad = True

    def _close_legacy(self) -> None:
        legacy, self._legacy = self._legacy, None
        if legacy is None:
            return
        if self._budget[0] <= 0 and not legacy.records:
            self._hidden += 1
            return
        self._budget[0] -= ENTRY_COST
        text = (
            f'{{"base_offset":{legacy.offset},"magic":{legacy.magic},"compression":"{_coding(legacy.coding)}"'
            f',"record_count":{legacy.count},"records":[{",".join(legacy.records)}]'
        )
        if len(legacy.records) < legacy.count:
            text += f',"more":{legacy.count - len(legacy.records)}'
        if legacy.bad:
            text += ',"malformed":true'
        self._entries.append(text + "}")


class _Legacy:
    """Messages of format v0 or v1 that are shown as one batch."""

    __slots__ = ("bad", "coding", "count", "magic", "offset", "records")

    def __init__(self, offset: int, magic: int, coding: int) -> None:
        self.offset = offset
        self.magic = magic
        self.coding = coding
        self.bad = False
        self.count = 0
        self.records: list[str] = []


def _beginning(data: bytes, coding: int, count: int, budget: int) -> tuple[bytes, bool]:
    """What is wanted of the compressed records of a batch, decompressed, and whether all was well."""
    if budget <= 0:
        return b"", True
    if coding == SNAPPY:
        return inflate(data, coding, max(budget, RAW_BLOCK))
    return beginning(data, coding, count, budget)


def _coding(number: int) -> str:
    return CODINGS[number] if number < len(CODINGS) else f"unknown_{number}"


def _nullable(data: bytes, pos: int) -> tuple[str | None, int]:
    """Bytes behind their length as JSON, and where they end; None when they are not all there."""
    if pos + 4 > len(data):
        return None, pos
    length = unpack_from(">i", data, pos)[0]
    if length < 0:
        return "null", pos + 4
    end = pos + 4 + length
    return (value_text(data[pos + 4 : end]), end) if end <= len(data) else (None, pos)
