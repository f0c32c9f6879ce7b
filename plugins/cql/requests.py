"""Requests as text and JSON (section 4.1).

`req_body` is what a person looks for: the statement, with a batch written as CQL writes one; for other messages their
name. `req_params` holds everything else, keys in wire order. Values without a known type are hex.
"""

from collections.abc import Mapping
from struct import Struct, error
from typing import NamedTuple

from pxcap.core.layout import Invalid, Partial
from pxcap.core.text import REDACTED, clip_text, quote, to_json, to_text
from pxcap.plugins.cql.datatypes import read_string
from pxcap.plugins.cql.redact import redact
from pxcap.plugins.cql.rows import begun
from pxcap.plugins.cql.types import Decode, Message, Shown, Statement
from pxcap.plugins.cql.values import as_hex, odd
from pxcap.plugins.cql.wire import (
    AUTH_RESPONSE,
    BATCH,
    BATCH_TYPES,
    BYTES_MAP,
    CONSISTENCIES,
    CONTINUOUS,
    DSE1,
    EXECUTE,
    KEYSPACE,
    METADATA_IDS,
    NAMES,
    NOW,
    OLD,
    OPCODES,
    PAGE_SIZE,
    PAGING_STATE,
    PAYLOAD,
    PREPARE,
    QUERY,
    REGISTER,
    SERIAL,
    STARTUP,
    STRING_MAP,
    STRINGS,
    TIMESTAMP,
    TRACING,
    VALUES,
    WIDE,
)

_U8, _U16, _I32, _U32, _I64 = (Struct(f">{code}").unpack_from for code in "BHiIq")
_STATE_SHOWN = 32  # bytes of a paging state
BROKEN = (error, ValueError, IndexError, Partial, Invalid)
"""What reading a body raises when it is not what it should be."""


class Context(NamedTuple):
    """What a request is read with.

    Attributes:
        statements: Prepared statements by id.
        limit: The body limit.
        redact: Whether to hide secrets.
        metadata_ids: A statement id is followed by that of its result metadata (v5, and ScyllaDB by agreement).
    """

    statements: Mapping[bytes, Statement]
    limit: int
    redact: bool
    metadata_ids: bool


def opcode_name(opcode: int) -> str:
    """Name of an opcode, or its number."""
    return OPCODES[opcode] if opcode < len(OPCODES) else f"OPCODE {opcode:#04x}"


def consistency_name(level: int) -> str:
    """Name of a [consistency], or its number."""
    return CONSISTENCIES[level] if level < len(CONSISTENCIES) else str(level)


def show_request(message: Message, context: Context) -> Shown:
    """What is stored of a request whose body is not compressed (any more)."""
    reading = _Reading(message, context)
    ok = True
    try:
        reading.read()
    except BROKEN:
        ok = len(message.body) < message.size  # of a body that is not whole, what there is was read
    params = "{" + ",".join(reading.params) + "}" if reading.params else None
    return Shown(reading.text, params, ok, reading.known)


class _Reading:
    """Walks one body; what was found before it ended stays."""

    __slots__ = ("body", "context", "known", "message", "params", "pos", "text", "wide")

    def __init__(self, message: Message, context: Context) -> None:
        self.message = message
        self.context = context
        self.body = message.body
        self.pos = 0
        self.known = True  # every statement it names
        self.wide = message.version >= WIDE
        self.text: str | None = opcode_name(message.opcode)
        self.params: list[str] = []

    def read(self) -> None:
        opcode, flags = self.message.opcode, self.message.flags
        if flags & TRACING:
            self.params.append('"tracing":true')
        if flags & PAYLOAD and self.message.version >= OLD:
            payload, self.pos = BYTES_MAP.parse(self.body, self.pos)
            items = (f"{quote(to_text(item.key))}:{_value(item.value, item.size)}" for item in payload)
            self.params.append(f'"custom_payload":{{{",".join(items)}}}')
        if opcode in (QUERY, PREPARE):
            self._statement(opcode)
        elif opcode == EXECUTE:
            self._execute()
        elif opcode == BATCH:
            self._batch()
        elif opcode == STARTUP:
            pairs, self.pos = STRING_MAP.parse(self.body, self.pos)
            self.params += [f"{quote(to_text(pair.key))}:{quote(to_text(pair.value))}" for pair in pairs]
        elif opcode == REGISTER:
            events, self.pos = STRINGS.parse(self.body, self.pos)
            self.params.append(f'"events":{to_json([to_text(event) for event in events])}')
        elif opcode == AUTH_RESPONSE:
            size = _I32(self.body, self.pos)[0]
            token = self.body[self.pos + 4 : self.pos + 4 + max(size, 0)]
            secret = self.context.redact and size > 0
            self.params.append(f'"token":{quote(REDACTED if secret else to_text(token))}')

    def _statement(self, opcode: int) -> None:
        self.text = ""
        size = _I32(self.body, self.pos)[0]
        self.pos += 4
        if size < 0:
            raise ValueError("a statement of negative length")
        self.text = self._cql(size)
        version = self.message.version
        if version < OLD:
            return
        if opcode == QUERY:
            self._parameters((), False)
        elif self.wide and version != DSE1 and _U32(self.body, self.pos)[0] & 1:
            self.pos += 4
            self._string("keyspace")

    def _cql(self, size: int) -> str:
        """The next `size` bytes as the text of a statement; raises behind it when they are not all there."""
        start, self.pos = self.pos, self.pos + size
        limit = self.context.limit
        text = clip_text(self.body[start : self.pos], limit)
        if self.context.redact:
            text = redact(text)
        if self.pos > len(self.body):
            self.text = text
            raise ValueError("a statement is cut short")
        return text

    def _id(self) -> bytes:
        size = _U16(self.body, self.pos)[0]
        start = self.pos + 2
        self.pos = start + size
        if self.pos > len(self.body):
            raise ValueError("an id is cut short")
        return self.body[start : self.pos]

    def _prepared(self, ident: bytes) -> tuple[Statement | None, str]:
        """The statement of an id, and its text; where that is not known, the id."""
        statement = self.context.statements.get(ident)
        if statement is not None and statement.text:
            return statement, statement.text
        self.known = False
        return statement, f"EXECUTE 0x{ident.hex()}"

    def _execute(self) -> None:
        ident = self._id()
        statement, self.text = self._prepared(ident)
        self.params.append(f'"id":{as_hex(ident)}')
        if self.message.version in METADATA_IDS or self.context.metadata_ids:
            self.params.append(f'"result_metadata_id":{as_hex(self._id())}')
        self._parameters(statement.markers.decoders if statement else (), True)

    def _parameters(self, decoders: tuple[Decode, ...], prepared: bool) -> None:
        """<query_parameters> (section 4.1.4), shown in wire order."""
        params, body = self.params, self.body
        level = _U16(body, self.pos)[0]
        params.append(f'"consistency":"{consistency_name(level)}"')
        if self.wide:
            flags = _U32(body, self.pos + 2)[0]
            self.pos += 6
        else:
            flags = _U8(body, self.pos + 2)[0]
            self.pos += 3
        if flags & VALUES:
            params.append(f'"values":{self._values(decoders, bool(flags & NAMES))}')
        if flags & PAGE_SIZE:
            params.append(f'"page_size":{self._int()}')
        if flags & PAGING_STATE:
            size = _I32(body, self.pos)[0]
            state = body[self.pos + 4 : self.pos + 4 + max(size, 0)]
            self.pos += 4 + max(size, 0)
            params.append(f'"paging_state":{quote(paging_text(state))}')
        self._options(flags)
        if flags & CONTINUOUS and self.message.version >= DSE1:
            params.append(f'"max_pages":{self._int()}')
            params.append(f'"pages_per_second":{self._int()}')

    def _options(self, flags: int) -> None:
        """What a query and a batch both end with."""
        params = self.params
        if flags & SERIAL:
            params.append(f'"serial_consistency":"{consistency_name(_U16(self.body, self.pos)[0])}"')
            self.pos += 2
        if flags & TIMESTAMP:
            params.append(f'"timestamp":{_I64(self.body, self.pos)[0]}')
            self.pos += 8
        if self.wide and flags & KEYSPACE and self.message.version != DSE1:
            self._string("keyspace")
        if self.wide and flags & NOW and self.message.version < DSE1:
            params.append(f'"now_in_seconds":{self._int()}')

    def _int(self) -> int:
        value: int = _I32(self.body, self.pos)[0]
        self.pos += 4
        return value

    def _string(self, name: str) -> None:
        value, self.pos = read_string(self.body, self.pos)
        self.params.append(f'"{name}":{quote(value)}')

    def _values(self, decoders: tuple[Decode, ...], named: bool) -> str:
        """A [short] and as many [value]s: an array, or with names an object."""
        body, pos, limit = self.body, self.pos, self.context.limit
        count = _U16(body, pos)[0]
        pos += 2
        known = len(decoders) == count and not named
        items: list[str] = []
        try:
            for at in range(count):
                name = ""
                if named:
                    text, pos = read_string(body, pos)
                    name = f"{quote(text)}:"
                size = _I32(body, pos)[0]
                pos += 4
                if size < 0:
                    items.append(name + ("null" if size == -1 else '"(not set)"' if size == -2 else '"(invalid)"'))
                    continue
                decode = decoders[at] if known else odd
                end = pos + size
                if end > len(body) or size > limit:
                    items.append(name + begun(body[pos:end], size, decode, limit))
                else:
                    items.append(name + decode(body[pos:end]))
                pos = end
                if end > len(body):
                    raise ValueError("a value is cut short")
        except BROKEN:
            self.params.append(f'"values":{_enclosed(items, named)}')
            raise
        self.pos = pos
        return _enclosed(items, named)

    def _batch(self) -> None:
        """<type><n><query_1>...<query_n> and what follows (section 4.1.7)."""
        kind = _U8(self.body, self.pos)[0]
        name = BATCH_TYPES[kind] if kind < len(BATCH_TYPES) else str(kind)
        count = _U16(self.body, self.pos + 1)[0]
        self.pos += 3
        self.params.append(f'"type":"{name}"')
        begin = "BEGIN BATCH" if name == "LOGGED" else f"BEGIN {name} BATCH"
        lines, statements = [begin], []
        try:
            for _ in range(count):
                line, shown = self._batched()
                lines.append(f"{line};")
                statements.append(shown)
            lines.append("APPLY BATCH")
        finally:
            self.text = clip_text("\n".join(lines).encode(), self.context.limit)
            self.params.append(f'"statements":[{",".join(statements)}]')
        level = _U16(self.body, self.pos)[0]
        self.params.append(f'"consistency":"{consistency_name(level)}"')
        flags = _U32(self.body, self.pos + 2)[0] if self.wide else _U8(self.body, self.pos + 2)[0]
        self.pos += 6 if self.wide else 3
        self._options(flags)

    def _batched(self) -> tuple[str, str]:
        """One statement of a batch: its text, and its id and values as JSON."""
        prepared = _U8(self.body, self.pos)[0]
        self.pos += 1
        decoders: tuple[Decode, ...] = ()
        shown = ""
        if prepared:
            ident = self._id()
            statement, line = self._prepared(ident)
            decoders = statement.markers.decoders if statement else ()
            shown = f'"id":{as_hex(ident)},'
        else:
            self.pos += 4
            line = self._cql(max(0, _I32(self.body, self.pos - 4)[0]))
        return line, f'{{{shown}"values":{self._values(decoders, False)}}}'


def _enclosed(items: list[str], named: bool) -> str:
    return f"{{{','.join(items)}}}" if named else f"[{','.join(items)}]"


def _value(data: bytes | None, size: int) -> str:
    return "null" if size < 0 else as_hex(data or b"")


def paging_text(state: bytes) -> str:
    """A paging state in hex, a long one cut with its size behind it."""
    shown = state[:_STATE_SHOWN].hex()
    return f"0x{shown}" if len(state) <= _STATE_SHOWN else f"0x{shown}...({len(state)} bytes)"
