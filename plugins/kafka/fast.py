"""The fast way for the commonest messages: a Produce of one partition, and its answer.

What stands in front of the records of such a request, and all but the offset of its answer, is the same again and again:
its text is looked up by its bytes. Anything else is left to the compiled readers; both ways give the same text.
"""

from struct import Struct

from pxcap.plugins.kafka.compiler import UNREADABLE, Reader
from pxcap.plugins.kafka.records import records_text
from pxcap.plugins.kafka.text import TEXTS
from pxcap.plugins.kafka.varint import uvarint

FIRST, FLEXIBLE, LAST = 3, 9, 12  # versions with a transactional id, with compact lengths, with topic names
_MAX_MEMO = 4096
_PLAIN_HEAD = Struct(">hhiih").unpack_from  # transactional id, acks, timeout, topics, length of the name
_PLAIN_PART = Struct(">ii").unpack_from  # partitions, index
_COMPACT_HEAD = Struct(">BhiBB").unpack_from
_COMPACT_PART = Struct(">Bi").unpack_from
_SIZE = Struct(">i").unpack_from
_OFFSET = Struct(">q").unpack_from
_NO_TAGS = b"\0\0\0"  # of the partition, the topic, the message
_requests: dict[bytes, str] = {}
_answers: dict[tuple[int, bytes, bytes], tuple[str, str]] = {}


def produce_text(frame: bytes, at: int, version: int, budget: list[int]) -> str | None:
    """A Produce request without a transaction, of one partition, as JSON; None when it is anything else."""
    try:
        if version < FLEXIBLE:
            records = at + 22 + frame[at + 13]
            head = _requests.get(frame[at:records]) or _plain_head(frame, at, records)
            size = _SIZE(frame, records)[0]
            records += 4
            end = records + size
            if head is None or size < 0 or end != len(frame):
                return None
        else:
            records = at + 13 + frame[at + 8]
            head = _requests.get(frame[at:records]) or _compact_head(frame, at, records)
            size, records = uvarint(frame, records)
            end = records + size - 1
            if head is None or size == 0 or frame[end:] != _NO_TAGS:
                return None
    except UNREADABLE:
        return None
    return f"{head}{records_text(frame, records, end, budget)}}}]}}]}}"


def produced_answer(frame: bytes, at: int, version: int, read: Reader) -> tuple[str, int] | None:
    """The answer to such a request, without an error, as JSON; None when it is anything else."""
    try:
        place = at + (16 + frame[at + 5] if version < FLEXIBLE else 8 + frame[at + 1])
        key = (version, frame[at:place], frame[place + 8 :])
        found = _answers.get(key) or _learn(frame, at, place, key, read)
        return (f"{found[0]}{_OFFSET(frame, place)[0]}{found[1]}", 0) if found else None
    except UNREADABLE:
        return None


def _plain_head(frame: bytes, at: int, records: int) -> str | None:
    transaction, acks, timeout, topics, length = _PLAIN_HEAD(frame, at)
    partitions, index = _PLAIN_PART(frame, records - 8)
    if (transaction, topics, partitions, at + length + 22) != (-1, 1, 1, records):
        return None
    return _remember(frame, at, records, acks, timeout, index, frame[at + 14 : records - 8])


def _compact_head(frame: bytes, at: int, records: int) -> str | None:
    transaction, acks, timeout, topics, length = _COMPACT_HEAD(frame, at)
    partitions, index = _COMPACT_PART(frame, records - 5)
    if (transaction, topics, partitions, at + length + 13) != (0, 2, 2, records) or not 0 < length < 128:
        return None
    return _remember(frame, at, records, acks, timeout, index, frame[at + 9 : records - 5])


def _remember(frame: bytes, at: int, records: int, acks: int, timeout: int, index: int, name: bytes) -> str:
    if len(_requests) >= _MAX_MEMO:
        _requests.clear()
    text = (
        f'{{"transactional_id":null,"acks":{acks},"timeout_ms":{timeout},"topics":[{{"name":{TEXTS[name]}'
        f',"partitions":[{{"index":{index},"message_set":'
    )
    _requests[frame[at:records]] = text
    return text


def _learn(frame: bytes, at: int, place: int, key: tuple[int, bytes, bytes], read: Reader) -> tuple[str, str] | None:
    """Read an answer the common way, and remember what is around its offset."""
    text, code, end = read(frame, at, [0, 0], True)
    shown = f'"base_offset":{_OFFSET(frame, place)[0]}'
    one = frame[at : at + 4] == b"\0\0\0\1" if key[0] < FLEXIBLE else frame[at] == 2
    if code or end != len(frame) or not one or text.count('"base_offset":') != 1 or text.count(f"{shown},") != 1:
        return None
    if len(_answers) >= _MAX_MEMO:
        _answers.clear()
    before, after = text.split(shown)
    found = _answers[key] = (before + '"base_offset":', after)
    return found
