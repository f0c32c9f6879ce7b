"""The fast way for the commonest messages: a Produce of one partition, and its answer.

What stands in front of the records of such a request, and all but the offsets and the time of its answer, is the same again
and again: a `Like` keeps both as bytes and as text, found by the bytes in front of the records. Anything else is left to the
compiled readers; both ways give the same text.
"""

from struct import Struct

from pxcap.plugins.kafka.compiler import UNREADABLE, Reader
from pxcap.plugins.kafka.records import records_text
from pxcap.plugins.kafka.text import TEXTS
from pxcap.plugins.kafka.varint import uvarint

FIRST, FLEXIBLE, LAST = 3, 9, 12  # versions with a transactional id, with compact lengths, with topic names
_MAX_MEMO = 1024
_PLAIN_HEAD = Struct(">hhiih").unpack_from  # transactional id, acks, timeout, topics, length of the name
_PLAIN_PART = Struct(">ii").unpack_from  # partitions, index
_COMPACT_HEAD = Struct(">BhiBB").unpack_from
_COMPACT_PART = Struct(">Bi").unpack_from
_SIZE = Struct(">i").unpack_from
_NO_TAGS = b"\0\0\0"  # of the partition, the topic, the message
_OFFSETS, _OFFSETS_TEXT = Struct(">qq"), '"base_offset":%d,"log_append_time_ms":%d'  # what differs between answers
_STARTS, _STARTS_TEXT = (
    Struct(">qqq"),
    f'{_OFFSETS_TEXT},"log_start_offset":%d',
)  # moves whenever a broker drops old records
_STARTING = 5  # first version with it
_PATIENCE = 256  # answers that are learnt
_NEVER = b"?"  # what no answer begins with: none was seen


class Like:
    """Produce requests that differ in their records only, and their answers without an error.

    Args:
        version: Of the API.
        client: Client id.
        at: Where the body begins in the frame.
        records: Where the length of the records is.
        acks: Field of the request; with 0 there is no answer.
        text: JSON in front of the records.
    """

    __slots__ = (
        *("_offsets", "_offsets_text", "acks", "after", "answer", "at", "before", "client", "patience", "place"),
        *("records", "text", "version"),
    )

    def __init__(self, version: int, client: str | None, at: int, records: int, acks: int, text: str) -> None:
        self.version = version
        self.client = client
        self.at = at
        self.records = records
        self.acks = acks
        self.text = text
        starts = version >= _STARTING
        self._offsets, self._offsets_text = (_STARTS, _STARTS_TEXT) if starts else (_OFFSETS, _OFFSETS_TEXT)
        self.place = 0  # of the offsets in the answer's frame
        self.before, self.after = _NEVER, b""  # bytes of the answer around the offsets, behind the correlation id
        self.answer = ""  # format of the text
        self.patience = _PATIENCE

    def request(self, frame: bytes, budget: list[int]) -> str | None:
        """Such a request as JSON; None when its records do not end where it does."""
        pos = self.records
        if self.version < FLEXIBLE:
            size = _SIZE(frame, pos)[0]
            pos += 4
            end = pos + size
            if size < 0 or end != len(frame):
                return None
        else:
            size = frame[pos]
            pos += 1
            if size > 127:
                try:
                    size, pos = uvarint(frame, pos - 1)
                except UNREADABLE:
                    return None
            end = pos + size - 1
            if size == 0 or frame[end:] != _NO_TAGS:
                return None
        try:
            return f"{self.text}{records_text(frame, pos, end, budget)}}}]}}]}}"
        except UNREADABLE:
            return None

    def answered(self, buf: bytes, pos: int, end: int) -> str | None:
        """The answer in the frame `buf[pos:end]`, error-free and like the one learnt last, as JSON; None when it is another."""
        place = pos + self.place
        offsets = self._offsets
        if buf[pos + 8 : place] != self.before or buf[place + offsets.size : end] != self.after:
            return None
        return self.answer % offsets.unpack_from(buf, place)

    def learn(self, frame: bytes, read: Reader) -> None:
        """Remember what is around the offsets of an answer, if it is one of one partition and without an error."""
        if not self.patience:  # what else may differ, such as a throttle time, is never alike
            return
        self.patience -= 1
        try:
            at = 8 if self.version < FLEXIBLE else 9
            place = at + (16 + frame[at + 5] if self.version < FLEXIBLE else 8 + frame[at + 1])
            text, code, end = read(frame, at, [0, 0], True)
            shown = self._offsets_text % self._offsets.unpack_from(frame, place)
        except UNREADABLE:
            return
        one = frame[at : at + 4] == b"\0\0\0\1" if self.version < FLEXIBLE else frame[8:10] == b"\0\2"
        before, _, after = text.partition(shown)
        if code or end != len(frame) or not one or text.count('"base_offset":') != 1 or after[:1] not in (",", "}"):
            return
        self.place = place
        self.before, self.after = frame[8:place], frame[place + self._offsets.size :]
        self.answer = f"{before.replace('%', '%%')}{self._offsets_text}{after.replace('%', '%%')}"


class Likes(dict[bytes, Like]):
    """The Produce requests of one version, by the bytes from the client id's length up to the records'."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = version

    def of(self, frame: bytes, at: int, client: str | None) -> Like | None:
        """The likes of a request whose body begins at `at`; None when it is anything but a Produce of one partition."""
        try:
            records = at + (22 + frame[at + 13] if self.version < FLEXIBLE else 13 + frame[at + 8])
            key = frame[12:records]
            found = self.get(key)
            if found is not None:
                return found
            made = (_plain if self.version < FLEXIBLE else _compact)(frame, at, records)
        except UNREADABLE:
            return None
        if made is None or records >= len(frame):
            return None
        if len(self) >= _MAX_MEMO:
            self.clear()
        like = self[key] = Like(self.version, client, at, records, *made)
        return like


LIKES = {version: Likes(version) for version in range(FIRST, LAST + 1)}
"""By version."""


def _plain(frame: bytes, at: int, records: int) -> tuple[int, str] | None:
    transaction, acks, timeout, topics, length = _PLAIN_HEAD(frame, at)
    partitions, index = _PLAIN_PART(frame, records - 8)
    if (transaction, topics, partitions, at + length + 22) != (-1, 1, 1, records) or records + 4 > len(frame):
        return None
    return acks, _text(acks, timeout, index, frame[at + 14 : records - 8])


def _compact(frame: bytes, at: int, records: int) -> tuple[int, str] | None:
    transaction, acks, timeout, topics, length = _COMPACT_HEAD(frame, at)
    partitions, index = _COMPACT_PART(frame, records - 5)
    if (transaction, topics, partitions, at + length + 13) != (0, 2, 2, records) or not 0 < length < 128:
        return None
    return acks, _text(acks, timeout, index, frame[at + 9 : records - 5])


def _text(acks: int, timeout: int, index: int, name: bytes) -> str:
    return (
        f'{{"transactional_id":null,"acks":{acks},"timeout_ms":{timeout},"topics":[{{"name":{TEXTS[name]}'
        f',"partitions":[{{"index":{index},"message_set":'
    )
