"""The slow reader: a message field by field as its bytes come, for what is long, cut, damaged or beyond the body limit.

It holds only the bytes of the value it is at, keeps of values and arrays what the budget allows, and goes through records
batch by batch, so that a response of 100 MiB costs the memory of what is shown of it. What was read before the message
broke off is kept. It gives the same text as a compiled reader for a whole message within the budget.

The walk is a generator that is told when there are enough bytes: it yields how many it needs, or, negative, how many are
to be dropped unread.
"""

from collections.abc import Generator
from struct import Struct

from pxcap.plugins.kafka.consumer import assignment_text, subscription_text
from pxcap.plugins.kafka.records import MessageSet
from pxcap.plugins.kafka.text import (
    HIDDEN,
    TEXTS,
    UUIDS,
    ErrorTexts,
    clipped,
    float_text,
    secret_config,
    value_text,
)
from pxcap.plugins.kafka.tree import Array, Object, node_text
from pxcap.plugins.kafka.types import Bad, Field
from pxcap.plugins.kafka.wire import BATCH_SIZE, BATCH_START_SIZE

ITEM_COST = 16  # of the budget, for an element of an array beside its values
_Steps = Generator[int, None, None]
_NUMBERS = {
    name: Struct(f">{code}")
    for name, code in {
        "bool": "b",
        "int8": "b",
        "int16": "h",
        "uint16": "H",
        "int32": "i",
        "uint32": "I",
        "int64": "q",
        "float64": "d",
        "uuid": "16s",
    }.items()
}


class Walk:
    """One message on its way.

    Args:
        declared: Its fields.
        compact: It is of a flexible version.
        size: Bytes of the body.
        budget: Most bytes of it that are kept, about; and as many again of records.
        redact: Hide secrets.

    Attributes:
        left: Bytes of the body still to come.
        done: All fields were read.
        bad: It is not such a message.
        lost: Bytes that were needed are missing.
    """

    __slots__ = (
        "_budget",
        "_buf",
        "_compact",
        "_deep",
        "_entry",
        "_error",
        "_pos",
        "_records_budget",
        "_redact",
        "_root",
        "_size",
        "_skip",
        "_steps",
        "_top",
        "_want",
        "bad",
        "done",
        "left",
        "lost",
    )

    def __init__(self, declared: tuple[Field, ...], compact: bool, size: int, budget: int, redact: bool) -> None:
        self.left = self._size = size
        self.done = self.bad = self.lost = False
        self._compact = compact
        self._redact = redact
        self._budget = budget
        self._records_budget = [budget, 0]
        self._buf = bytearray()
        self._pos = 0
        self._skip = 0
        self._top = self._error = 0
        self._deep = 0
        self._root = Object()
        self._steps = self._struct(declared, self._root)
        self._want = 0
        self._entry: tuple[MessageSet, int, int] | None = None
        self._go()

    @property
    def error_code(self) -> int:
        """The first error code of the message itself, or else of its parts; 0 is none."""
        return self._top or self._error

    def text(self) -> str:
        """What was read, as JSON."""
        return self._root.text()

    def value(self, name: str) -> str | None:
        """The text of a field of the message itself; None when it was not read."""
        return next((node_text(value) for key, value in self._root.items if key == name), None)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body, at most `left`."""
        self.left -= len(data)
        if self.done or self.bad or self.lost:
            return
        if self._skip:
            cut = min(self._skip, len(data))
            self._skip -= cut
            if self._skip:
                return
            data = data[cut:]
        self._buf += data
        if len(self._buf) - self._pos >= self._want:
            self._go()

    def lose(self, size: int) -> None:
        """The next `size` bytes, at most `left`, were not captured: they do no harm where they would be dropped."""
        self.left -= size
        if self.done or self.bad:
            return
        if self._entry is not None and not self._skip:
            self._cut_entry(*self._entry)
        harmless = min(self._skip, size)
        self._skip -= harmless
        if harmless < size:
            self.lost = True
        elif not self._skip:
            self._go()

    def _cut_entry(self, found: MessageSet, total: int, there: int) -> None:
        """Of an entry of records its beginning is enough to count it, and its length tells where the next one begins."""
        data = bytes(self._buf[self._pos :])
        if len(data) < BATCH_SIZE:
            return
        found.entry(data, total, there)
        self._buf.clear()
        self._pos = 0
        self._skip = there - len(data)
        self._entry = None

    def _go(self) -> None:
        try:
            while True:
                want = next(self._steps)
                if want < 0:
                    there = len(self._buf) - self._pos
                    cut = min(-want, there)
                    self._pos += cut
                    self._skip = -want - cut
                    want = 0
                if self._skip or len(self._buf) - self._pos < want:
                    break
        except StopIteration:
            self.done = True
            want = 0
        except Bad:
            self.bad = True
            want = 0
        self._want = want
        del self._buf[: self._pos]
        self._pos = 0

    def _need(self, size: int) -> _Steps:
        if len(self._buf) - self._pos < size:
            if size > self.left + len(self._buf) - self._pos:
                raise Bad
            yield size

    def _take(self, size: int) -> bytes:
        begin = self._pos
        self._pos = begin + size
        return bytes(self._buf[begin : self._pos])

    def _varint(self) -> Generator[int, None, int]:
        value = shift = 0
        while True:
            yield from self._need(1)
            byte = self._buf[self._pos]
            self._pos += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise Bad

    def _number(self, kind: str) -> Generator[int, None, int]:
        layout = _NUMBERS[kind]
        yield from self._need(layout.size)
        value: int = layout.unpack_from(self._buf, self._pos)[0]
        self._pos += layout.size
        return value

    def _length(self, kind: str) -> Generator[int, None, int]:
        if self._compact:
            return (yield from self._varint()) - 1
        return (yield from self._number(kind))

    def _struct(self, declared: tuple[Field, ...], out: Object) -> _Steps:
        name = ""
        for field in declared:
            if field.tag is None:
                yield from self._value(field, out, name)
                if field.name == "name" and isinstance(out.items[-1][1], str):
                    name = out.items[-1][1]
        if not self._compact:
            return
        for _ in range((yield from self._varint())):
            tag = yield from self._varint()
            size = yield from self._varint()
            before = self._consumed() + size
            known = next((field for field in declared if field.tag == tag), None)
            if known is None:
                out.items.append((f"tag_{tag}", (yield from self._bytes(size))))
                continue
            yield from self._value(known, out, name)
            left = before - self._consumed()
            if left < 0:
                raise Bad
            yield from self._drop(left)

    def _consumed(self) -> int:
        """Bytes of the body behind the walk."""
        return self._size - self.left - len(self._buf) + self._pos

    def _drop(self, size: int) -> _Steps:
        if size:
            if size > self.left + len(self._buf) - self._pos:
                raise Bad
            yield -size

    def _bytes(self, size: int) -> Generator[int, None, str]:
        room = max(self._budget, 0)
        keep = min(size, room)
        yield from self._need(keep)
        data = self._take(keep)
        yield from self._drop(size - keep)
        self._budget -= keep
        return clipped(data, size)

    def _value(self, field: Field, out: Object, name: str) -> _Steps:
        """Read a field into `out`; what is nested is put there first, so that its part remains if the rest is missing."""
        add = out.items.append
        if field.array:
            yield from self._array(field, out)
        elif field.type == "{}":
            if field.nullable and (yield from self._number("int8")) < 0:
                add((field.name, "null"))
                return
            inner = Object()
            add((field.name, inner))
            self._deep += 1
            yield from self._struct(field.fields, inner)
            self._deep -= 1
        elif field.type in _NUMBERS:
            value = yield from self._number(field.type)
            add((field.name, self._fixed(field, value)))
        elif field.type == "records":
            size = yield from self._length("int32")
            if size < 0:
                add((field.name, self._null(field)))
                return
            found = MessageSet(size, self._records_budget)
            add((field.name, found))
            yield from self._records(found, size)
        else:
            add((field.name, (yield from self._sized(field, name))))

    def _sized(self, field: Field, name: str) -> Generator[int, None, str]:
        size = yield from self._length("int16" if field.type == "string" else "int32")
        if size < 0:
            return self._null(field)
        hidden = field.flag == "secret" or (field.flag == "config" and secret_config(name))
        if hidden and self._redact:
            yield from self._drop(size)
            return HIDDEN
        if size > self._budget:
            return (yield from self._bytes(size))
        yield from self._need(size)
        data = self._take(size)
        self._budget -= size
        if field.flag == "subscription":
            return subscription_text(data)
        if field.flag == "assignment":
            return assignment_text(data)
        return TEXTS[data] if field.type == "string" else value_text(data)

    def _null(self, field: Field) -> str:
        if not field.nullable:
            raise Bad
        return "null"

    def _fixed(self, field: Field, value: int) -> str:
        if field.type == "bool":
            return "true" if value else "false"
        if field.type == "uuid":
            return UUIDS[value]  # type: ignore[index]
        if field.type == "float64":
            return float_text(value)
        if field.name.endswith("error_code") and value:
            if self._deep:
                self._error = self._error or value
            else:
                self._top = self._top or value
            return ErrorTexts(field.name.removesuffix("error_code"))[value]
        return str(value)

    def _array(self, field: Field, out: Object) -> _Steps:
        count = yield from self._length("int32")
        if count < 0:
            out.items.append((field.name, self._null(field)))
            return
        if count > self.left + len(self._buf) - self._pos:
            raise Bad
        found = Array()
        out.items.append((field.name, found))
        self._deep += 1
        for _ in range(count):
            element = Object()
            kept = self._budget > 0
            self._budget -= ITEM_COST
            if field.type == "{}":
                if kept:
                    found.items.append(element)
                yield from self._struct(field.fields, element)
            else:
                one = Field(field.name, field.type, False, False, None, field.flag, ())
                yield from self._value(one, element, "")
                if kept:
                    found.items.append(element.items[0][1])
            if not kept:
                found.more += 1
        self._deep -= 1

    def _records(self, found: MessageSet, size: int) -> _Steps:
        if size > self.left + len(self._buf) - self._pos:
            raise Bad
        left = size
        while left > 0:
            if left >= BATCH_START_SIZE:
                yield from self._need(BATCH_START_SIZE)
                head = bytes(self._buf[self._pos : self._pos + BATCH_START_SIZE])
            else:
                head = b""
            total = found.start(head, left)
            there = min(total or left, left)
            keep = min(there, found.wanted(total)) if total == there else 0
            left -= there
            if keep:
                self._entry = (found, total, there)
                yield from self._need(keep)
                if self._entry is None:  # it was cut
                    continue
                self._entry = None
            data = self._take(keep)
            if total:
                found.entry(data, total, there)
            yield from self._drop(there - keep)
