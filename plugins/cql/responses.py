"""Responses as text (section 4.2).

The first line of `resp_body` says what it is. Behind it come, for rows, the names of the columns and then a row a line,
all of them JSON arrays; and what the flags of the message announce: tracing id, warnings, custom payload.
"""

from struct import Struct

from pxcap.core.text import REDACTED, clip_text, to_json, to_text
from pxcap.plugins.cql.datatypes import read_string
from pxcap.plugins.cql.errors import read_error
from pxcap.plugins.cql.fast import fits
from pxcap.plugins.cql.metadata import Columns
from pxcap.plugins.cql.redact import redact
from pxcap.plugins.cql.requests import BROKEN, opcode_name, paging_text
from pxcap.plugins.cql.rows import row_lines
from pxcap.plugins.cql.types import Answer, Message, Metadata, Statement
from pxcap.plugins.cql.values import inet, uuid
from pxcap.plugins.cql.wire import (
    AUTH_CHALLENGE,
    AUTH_SUCCESS,
    AUTHENTICATE,
    BYTES_MAP,
    ERROR,
    EVENT,
    METADATA_IDS,
    MULTIMAP,
    NODE_EVENT,
    OLD,
    PAYLOAD,
    PREPARED,
    RESULT,
    ROWS,
    SCHEMA_CHANGE,
    SCHEMA_EVENT,
    SET_KEYSPACE,
    STRINGS,
    SUPPORTED,
    TRACING,
    VOID,
    WARNING,
)

_I32, _U16 = Struct(">i").unpack_from, Struct(">H").unpack_from
_VOID, _VOID_SHOWN = b"\0\0\0\1", ("Void", None)
_BARE_ROWS = b"\0\0\0\2\0\0\0\4"  # rows, "no metadata"
_BARE_FRONT = Struct(">8xII")  # behind that: how many columns, and rows
_PLAIN = (b"\0\0\0\0", b"\0\0\0\1")  # flags of metadata that says what the columns are, and no more
_KEY, _MAX_KNOWN, _LONGEST = 48, 256, 4096
ROW_SHARE = 8192  # bytes of the body limit a row is shown for: 8 rows at 64 KiB, the others are only counted


class ResponseReader:
    """Reads the responses of one connection.

    Attributes:
        prepared: Id and statement (its text still empty) of the PREPARED result read last; the matcher takes it.
    """

    __slots__ = ("_columns", "_known", "_limit", "_most", "_redact", "prepared")

    def __init__(self, limit: int, redacted: bool) -> None:
        self._columns = Columns()
        self._known: dict[bytes, tuple[bytes, Metadata]] = {}  # fronts of rows, by their beginning
        self._limit = limit
        self._most = max(1, limit // ROW_SHARE)
        self._redact = redacted
        self.prepared: tuple[bytes, Statement] | None = None

    def read(self, message: Message, statement: Statement | None, metadata_ids: bool) -> Answer:
        """What is stored of a response whose body is not compressed (any more).

        Args:
            message: The response.
            statement: The prepared statement it answers, whose columns serve when the result comes without.
            metadata_ids: Statement ids come with that of their result metadata.
        """
        lines = [opcode_name(message.opcode)]
        code = rows = None
        ok = True
        extras: list[str] = []
        try:
            pos = self._extras(message, extras)
            if message.opcode == RESULT and message.version >= OLD:
                rows = self._result(message, pos, statement, metadata_ids, lines)
            elif message.opcode == ERROR:
                code, lines[0], ok = read_error(message.body, pos, message.version)
                lines[0] = redact(lines[0]) if self._redact else lines[0]
            elif message.version >= OLD:
                self._other(message, pos, lines)
        except BROKEN:
            ok = False
        text = "\n".join(lines + extras)
        if len(text) > self._limit and message.opcode != RESULT:
            text = clip_text(text.encode(), self._limit)
        return Answer(text, code, rows, ok or len(message.body) < message.size)

    def usual(self, buf: bytes, pos: int, end: int, statement: Statement | None) -> tuple[str, int | None] | None:
        """`resp_body` and `resp_rows` of a whole RESULT without flags, whose body lies between the positions.

        It is shown if it is Void, or of rows like those of an earlier one; else it is left to `read`, by None; both show
        the same.
        """
        if end - pos == 4 and buf.startswith(_VOID, pos):
            return _VOID_SHOWN
        if statement is not None and buf.startswith(_BARE_ROWS, pos) and end - pos >= _BARE_FRONT.size:
            metadata = statement.result
            columns, count = _BARE_FRONT.unpack_from(buf, pos)
            if columns != metadata.count:
                return None
            pos += _BARE_FRONT.size
        elif (known := self._known.get(buf[pos : min(pos + _KEY, end)])) is not None and buf.startswith(known[0], pos):
            metadata = known[1]
            pos += len(known[0])
            count = int.from_bytes(buf[pos : pos + 4], "big")
            pos += 4
        else:
            return None
        loop = metadata.loop
        if loop is None or count * metadata.count * 4 > end - pos:
            return None
        shown = min(self._most, count)
        lines = [f"Rows = {count}", metadata.header]
        pos, room = loop(buf, pos, end, shown, self._limit, metadata.decoders, lines)
        if pos > end or len(lines) != shown + 2:
            return None
        if shown < count:
            lines.append(f"...({count - shown} more)")
        text = "\n".join(lines)
        return (text, count) if fits(text, room) else None

    def _extras(self, message: Message, extras: list[str]) -> int:
        """What stands in front of the body proper, by flags (section 2.5), as lines; returns where that begins."""
        flags, body, pos = message.flags, message.body, 0
        if message.version < OLD or not flags & (TRACING | WARNING | PAYLOAD):
            return 0
        if flags & TRACING:
            extras.append(f"tracing_id: {uuid(body[:16]).strip(chr(34))}")
            pos = 16
        if flags & WARNING:
            warnings, pos = STRINGS.parse(body, pos)
            extras.append(f"warnings: {to_json([to_text(warning) for warning in warnings])}")
        if flags & PAYLOAD:
            payload, pos = BYTES_MAP.parse(body, pos)
            items = {to_text(item.key): None if item.size < 0 else f"0x{(item.value or b'').hex()}" for item in payload}
            extras.append(f"custom_payload: {to_json(items)}")
        return pos

    def _result(
        self, message: Message, pos: int, statement: Statement | None, metadata_ids: bool, lines: list[str]
    ) -> int | None:
        """Section 4.2.5; returns the number of rows."""
        body = message.body
        kind = _I32(body, pos)[0]
        pos += 4
        if kind == ROWS:
            return self._rows(message, pos, statement, lines)
        if kind == VOID:
            lines[0] = "Void"
        elif kind == SET_KEYSPACE:
            lines[0] = f"Set_keyspace {read_string(body, pos)[0]}"
        elif kind == PREPARED:
            self._prepared(message, pos, metadata_ids, lines)
        elif kind == SCHEMA_CHANGE:
            lines[0] = f"Schema_change {_schema_change(body, pos)}"
        else:
            raise ValueError(f"result kind {kind}")
        return None

    def _rows(self, message: Message, pos: int, statement: Statement | None, lines: list[str]) -> int:
        body = message.body
        begin = pos
        metadata, pos = self._columns.result(body, pos)
        if metadata.loop is not None and begin == 4 and body[4:8] in _PLAIN and pos <= _LONGEST:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[body[:_KEY]] = body[:pos], metadata
        count = _I32(body, pos)[0]
        pos += 4
        if count < 0 or count * metadata.count * 4 > message.size - pos:
            raise ValueError(f"{count} rows in {message.size} bytes")
        lines[0] = f"Rows = {count}"
        names = metadata
        if statement is not None:
            if metadata.new_id is not None and metadata.decoders:
                statement.result = metadata
            elif not metadata.decoders and statement.result.count == metadata.count:
                names = statement.result
        if len(names.decoders) == metadata.count and metadata.count:
            lines.append(names.header)
            shown = row_lines(body, pos, min(count, self._most), names.decoders, self._limit - len(names.header))
            lines += shown
            if len(shown) < count:
                lines.append(f"...({count - len(shown)} more)")
        else:
            lines.append(f"columns: {metadata.count}, not described")
        if metadata.paging_state is not None:
            lines.append(f"paging_state: {paging_text(metadata.paging_state)}")
        return int(count)

    def _prepared(self, message: Message, pos: int, metadata_ids: bool, lines: list[str]) -> None:
        """Section 4.2.5.4."""
        body, version = message.body, message.version
        ident, pos = _short_bytes(body, pos)
        lines[0] = f"Prepared 0x{ident.hex()}"
        if version in METADATA_IDS or metadata_ids:
            _, pos = _short_bytes(body, pos)
        markers, pos = self._columns.markers(body, pos, with_keys=version > OLD)
        self.prepared = ident, Statement("", markers, Metadata(0))
        lines += _described("markers", markers)
        result, pos = self._columns.result(body, pos)
        self.prepared[1].result = result
        lines += _described("columns", result)

    def _other(self, message: Message, pos: int, lines: list[str]) -> None:
        body, opcode = message.body, message.opcode
        if opcode == EVENT:
            lines[0] = event_text(body, pos)
        elif opcode == SUPPORTED:
            options, pos = MULTIMAP.parse(body, pos)
            lines.append(to_json({to_text(o.key): [to_text(value) for value in o.values] for o in options}))
        elif opcode == AUTHENTICATE:
            lines[0] = f"AUTHENTICATE {read_string(body, pos)[0]}"
        elif opcode in (AUTH_CHALLENGE, AUTH_SUCCESS):
            size = _I32(body, pos)[0]
            if size > 0:
                token = body[pos + 4 : pos + 4 + size]
                lines.append(REDACTED if self._redact else to_text(token))


def _described(what: str, metadata: Metadata) -> list[str]:
    """Names and types of columns, as a line."""
    pairs = zip(metadata.names, metadata.types, strict=True)
    return [f"{what}: {', '.join(f'{name} {item.name}' for name, item in pairs)}"] if metadata.names else []


def _short_bytes(body: bytes, pos: int) -> tuple[bytes, int]:
    end = pos + 2 + _U16(body, pos)[0]
    if end > len(body):
        raise ValueError("an id is cut short")
    return body[pos + 2 : end], end


def event_text(body: bytes, pos: int) -> str:
    """An EVENT (section 4.2.6): its type, and what happened to what.

    Raises:
        struct.error, ValueError, Partial, Invalid: It is not one.
    """
    kind, pos = read_string(body, pos)
    if kind == "SCHEMA_CHANGE":
        return f"{kind} {_schema_change(body, pos)}"
    if kind in ("STATUS_CHANGE", "TOPOLOGY_CHANGE"):
        event, _ = NODE_EVENT.parse(body, pos)
        return f"{kind} {to_text(event.change)} {_endpoint(event.address, event.port)}"
    return kind


def _endpoint(address: bytes, port: int) -> str:
    text = inet(address).strip('"')
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def _schema_change(body: bytes, pos: int) -> str:
    """<change_type><target><options>: `CREATED TABLE ks.t`, `DROPPED FUNCTION ks.f(int, text)`."""
    event, pos = SCHEMA_EVENT.parse(body, pos)
    target = to_text(event.target)
    text = f"{to_text(event.change)} {target} {to_text(event.keyspace)}"
    if target == "KEYSPACE":
        return text
    name, pos = read_string(body, pos)
    text += f".{name}"
    if target in ("FUNCTION", "AGGREGATE"):
        arguments, pos = STRINGS.parse(body, pos)
        text += f"({', '.join(map(to_text, arguments))})"
    return text
