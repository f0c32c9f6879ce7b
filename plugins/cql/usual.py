"""The requests that loads are made of, shown without the walk of `requests`: EXECUTE of a known statement, and QUERY.

Whatever is out of the ordinary (names, unset values, paging state, a body that is cut) is left to `requests`, by None; both
show the same.
"""

from collections.abc import Mapping
from struct import Struct, error

from pxcap.core.text import to_text
from pxcap.plugins.cql.redact import redact
from pxcap.plugins.cql.requests import consistency_name
from pxcap.plugins.cql.types import Message, Statement
from pxcap.plugins.cql.values import as_hex
from pxcap.plugins.cql.wire import EXECUTE, QUERY, WIDE

_U16, _I32, _I64 = Struct(">H").unpack_from, Struct(">i").unpack_from, Struct(">q").unpack_from
_NARROW, _WIDE = Struct(">HB").unpack_from, Struct(">HI").unpack_from  # consistency and flags
_VALUES, _PAGE_SIZE, _TIMESTAMP = 0x01, 0x04, 0x20
_BOTH = _PAGE_SIZE | _TIMESTAMP
_OPTIONS = Struct(">iq").unpack_from
_RARE = ~0x27 & 0xFFFFFFFF  # flags other than these three and "skip metadata"
_MAX_FRONTS = 8  # of a statement: consistencies and options it is executed with

Usual = tuple[str, str, Statement | None]
"""req_body, req_params, and the statement that is executed."""


def usual(message: Message, statements: Mapping[bytes, Statement], limit: int, hide: bool) -> Usual | None:
    """A whole request without flags of version 3 or later, if it is one of those meant here; else None."""
    try:
        if message.opcode == EXECUTE:
            return _execute(message, statements, limit)
        if message.opcode == QUERY:
            return _query(message, limit, hide)
    except (IndexError, error):
        pass
    return None


def _execute(message: Message, statements: Mapping[bytes, Statement], limit: int) -> Usual | None:
    body = message.body
    at = 2 + body[1]
    statement = statements.get(body[2:at])
    if body[0] or statement is None or not statement.text:
        return None
    begin = at
    if message.version >= WIDE:
        if message.version != WIDE:
            return None
        at += 2 + _U16(body, at)[0]
        flags = _WIDE(body, at)[1]
        at += 6
    else:
        flags = body[at + 2]
        at += 3
    markers = statement.markers
    loop = markers.loop
    if flags & _VALUES:
        at += 2
        if loop is None or body[at - 2 : at] != markers.count.to_bytes(2, "big"):
            return None
    front = statement.fronts.get(body[begin:at])
    if front is None:
        front = _front(message, statement, begin, at, bool(flags & _VALUES))
    if flags & _VALUES and loop is not None:
        lines: list[str] = []
        at, _ = loop(body, at, 1, limit, markers.decoders, lines)
        if not lines or "null" in lines[0]:  # NULL, or not set, or a length that is neither
            return None
        front += lines[0]
    params = _tail(body, at, front, flags)
    return None if params is None else (statement.text, params, statement)


def _front(message: Message, statement: Statement, begin: int, end: int, values: bool) -> str:
    """JSON of what stands in front of the values: `begin` is behind the id, `end` behind the number of values."""
    body, at = message.body, begin
    front = f'{{"id":{as_hex(body[2:begin])}'
    if message.version >= WIDE:
        at += 2 + _U16(body, at)[0]
        front += f',"result_metadata_id":{as_hex(body[begin + 2 : at])}'
    front += _level(_U16(body, at)[0])
    if values:
        front += ',"values":'
    if end <= len(body):
        if len(statement.fronts) >= _MAX_FRONTS:
            statement.fronts.clear()
        statement.fronts[body[begin:end]] = front
    return front


def _level(level: int) -> str:
    return f',"consistency":"{consistency_name(level)}"'


def _query(message: Message, limit: int, hide: bool) -> Usual | None:
    body = message.body
    size = _I32(body, 0)[0]
    at = 4 + size
    if not 0 <= size <= limit:
        return None
    if message.version >= WIDE:
        level, flags = _WIDE(body, at)
        at += 6
    else:
        level, flags = _NARROW(body, at)
        at += 3
    if flags & _VALUES:
        return None
    params = _tail(body, at, f'{{"consistency":"{consistency_name(level)}"', flags)
    if params is None:
        return None
    text = to_text(body[4 : 4 + size])
    return redact(text) if hide else text, params, None


def _tail(body: bytes, at: int, head: str, flags: int) -> str | None:
    """Page size and timestamp, and the closing brace."""
    if flags & _BOTH == _BOTH and not flags & _RARE:
        size, stamp = _OPTIONS(body, at)
        return f'{head},"page_size":{size},"timestamp":{stamp}}}'
    if flags & _RARE:
        return None
    if flags & _PAGE_SIZE:
        head += f',"page_size":{_I32(body, at)[0]}'
        at += 4
    if flags & _TIMESTAMP:
        head += f',"timestamp":{_I64(body, at)[0]}'
    return head + "}"
