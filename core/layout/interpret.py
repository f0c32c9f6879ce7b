"""construct's own interpreter, made to tell Partial from Invalid and kept within the bounds of `limits`.

The declaration is copied once; in the copy the few constructs that need a bound, or that return a Container, are
replaced by subclasses of themselves. Everything else is construct's code, so this side is what the compiled code is
held against, and what runs when a declaration cannot be compiled.

When is a failure Partial? When any read of the outer input came up short on the way, even one that Select, Peek or
GreedyRange passed over: with more bytes the parse might have gone another way. Everything else is Invalid; inside a
Prefixed or FixedSized the end is known, so to run over it is Invalid too.
"""

import io
import sys
from operator import index
from typing import Any, Protocol

import construct as c
from construct.lib import RestreamedBytesIO

from pxcap.core.layout.errors import Invalid, Partial
from pxcap.core.layout.limits import EMPTY_LIMIT, VARINT_LIMIT, min_size
from pxcap.core.layout.record import Record, record_class

Classes = dict[int, type[Record]]
"""By the identity of the Struct or FlagsEnum."""


class Parse(Protocol):
    """Signature of `Layout.parse` and `Layout.interpret`."""

    def __call__(self, buf: bytes | memoryview, pos: int = 0, end: int | None = None) -> tuple[Any, int]:
        """Parse at `buf[pos:end]` and return the object and the position behind it."""


class _Outer(io.BytesIO):
    """The outer input; remembers by how much reads came up short."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size = len(data)
        self.short = 0  # fewest bytes that were missing at any short read; 0: none was short

    def read(self, size: int | None = -1, /) -> bytes:
        size = -1 if size is None else index(size)
        if size > self.size - self.tell():
            self.lack(size - self.size + self.tell())
        return super().read(size)

    def lack(self, size: int) -> None:
        self.short = min(self.short, size) if self.short else size


def _remaining(stream: Any) -> int:
    if isinstance(stream, RestreamedBytesIO):  # bits of no fixed number: it cannot seek
        return sys.maxsize
    here = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(here)
    return int(end - here)


def _lack(stream: Any, size: int) -> None:
    if isinstance(stream, _Outer):
        stream.lack(size)


class _Empty:
    """How many elements that may be empty one parse has had."""

    def __init__(self) -> None:
        self.count = 0

    def spend(self, count: int, path: str) -> None:
        self.count += count
        if self.count > EMPTY_LIMIT:
            raise c.RangeError(f"{self.count} elements that may be empty", path=path)


class _Struct(c.Struct):
    record: type[Record]

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        fields = super()._parse(stream, context, path)
        record = self.record()
        for name in record.__slots__:
            setattr(record, name, fields.get(name))
        return record


class _FlagsEnum(c.FlagsEnum):
    record: type[Record]

    def _decode(self, obj: Any, context: Any, path: Any) -> Any:
        fields = super()._decode(obj, context, path)
        record = self.record()
        for name in record.__slots__:
            setattr(record, name, fields[name])
        return record


class _Array(c.Array):  # type: ignore[type-arg]
    least: int

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        count: Any = self.count
        count = index(count(context) if callable(count) else count)
        if count < 0:
            raise c.RangeError(f"count {count} is negative", path=path)
        if self.least:
            lack = count * self.least - _remaining(stream)
            if lack > 0:
                _lack(stream, lack)
                raise c.StreamError(f"count {count} cannot fit", path=path)
        else:
            context._params._empty.spend(count, path)
        return super()._parse(stream, context, path)


class _GreedyRange(c.GreedyRange):  # type: ignore[type-arg]
    least: int

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        items: list[Any] = []
        while True:
            lack = self.least - _remaining(stream)
            if lack > 0:
                _lack(stream, lack)
                return items
            context._index = len(items)
            start = stream.tell()
            try:
                item = self.subcon._parsereport(stream, context, path)
            except c.ExplicitError:
                raise
            except Exception:  # noqa: BLE001  any failure ends the range, as in construct
                stream.seek(start)
                return items
            if stream.tell() == start:
                return items
            items.append(item)


class _RepeatUntil(c.RepeatUntil):  # type: ignore[type-arg]
    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        items: list[Any] = []
        while True:
            start = stream.tell()
            context._index = len(items)
            item = self.subcon._parsereport(stream, context, path)
            items.append(item)
            predicate: Any = self.predicate
            if predicate(item, items, context) if callable(predicate) else predicate:
                return items
            if stream.tell() == start:
                context._params._empty.spend(1, path)


class _VarInt(type(c.VarInt)):  # type: ignore[misc]
    def _parse(self, stream: Any, context: Any, path: str) -> int:
        value = 0
        for place in range(VARINT_LIMIT):
            byte = c.stream_read(stream, 1, path)[0]
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise c.IntegerError(f"a variable-length integer of more than {VARINT_LIMIT} bytes", path=path)


class _ZigZag(_VarInt):
    def _parse(self, stream: Any, context: Any, path: str) -> int:
        value = super()._parse(stream, context, path)
        return (value >> 1) ^ -(value & 1)


class _Terminated(type(c.Terminated)):  # type: ignore[misc]
    def _parse(self, stream: Any, context: Any, path: str) -> None:
        if _remaining(stream):
            raise c.TerminatedError("expected the end", path=path)


_GUARDS: dict[type, type] = {
    c.Struct: _Struct,
    c.FlagsEnum: _FlagsEnum,
    c.Array: _Array,
    c.GreedyRange: _GreedyRange,
    c.RepeatUntil: _RepeatUntil,
    type(c.VarInt): _VarInt,
    type(c.ZigZag): _ZigZag,
    type(c.Terminated): _Terminated,
}
_PARTS = ("subcon", "thensubcon", "elsesubcon", "default", "lengthfield")


def interpreter(declaration: Any, name: str) -> tuple[Parse, Classes]:
    """An interpreter of the declaration, and the classes its Structs and FlagsEnums parse to.

    Raises:
        ValueError: A field name cannot be an attribute.
    """
    classes: Classes = {}
    guarded = _guard(declaration, name, classes, {})

    def interpret(buf: bytes | memoryview, pos: int = 0, end: int | None = None) -> tuple[Any, int]:
        stream = _Outer(bytes(buf[pos:] if end is None else buf[pos:end]))
        try:
            value = guarded.parse_stream(stream, _empty=_Empty())
        except Exception as error:
            if stream.short:
                raise Partial(stream.short) from error
            raise Invalid(str(error) or type(error).__name__, pos + stream.tell()) from error
        return value, pos + stream.tell()

    return interpret, classes


def _guard(con: Any, title: str, classes: Classes, done: dict[int, Any]) -> Any:
    if id(con) in done:
        return done[id(con)]
    kind = type(con)
    if kind is c.NamedTuple:  # takes apart the Container it is given
        return con
    new: Any = object.__new__(_GUARDS.get(kind, kind))
    done[id(con)] = new
    state = new.__dict__
    state.update(vars(con))
    if kind is c.Struct or kind is c.FlagsEnum:
        names = con.flags if kind is c.FlagsEnum else [sub.name for sub in con.subcons if sub.name]
        state["record"] = classes[id(con)] = record_class(title, names)
    if kind is c.Array or kind is c.GreedyRange:
        state["least"] = min_size(con.subcon)
    for part in _PARTS:
        if isinstance(state.get(part), c.Construct):
            inner = f"{title}.{con.name}" if kind is c.Renamed else title
            state[part] = _guard(state[part], inner, classes, done)
    if "subcons" in state:
        state["subcons"] = [_guard(sub, title, classes, done) for sub in state["subcons"]]
    if kind is c.Switch:
        state["cases"] = {key: _guard(sub, title, classes, done) for key, sub in con.cases.items()}
    return new
