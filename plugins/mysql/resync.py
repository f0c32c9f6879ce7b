"""Finding a command, or the beginning of an answer, in bytes whose beginning is not known.

Both are told by a header and what must stand behind it, never by where the bytes were cut: sequence id 0 and a command that
fits its length; sequence id 1 and an OK, an ERR, or a number of columns with the first definition behind it.
"""

import re

from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.wire import HEADER

NEED = 16  # bytes that tell a command, at most
MAX_COLUMNS = 4096
_WORD = re.compile(rb"(?:[\s(;]|/\*|--|#)*[A-Za-z]{2}|/\*|--|#|[\s(;]+$|$")
_FIXED = {
    **dict.fromkeys(wire.BARE, 1),
    wire.STMT_CLOSE: 5,
    wire.STMT_RESET: 5,
    wire.PROCESS_KILL: 5,
    wire.SET_OPTION: 3,
    wire.REFRESH: 2,
    wire.STMT_FETCH: 9,
}
_TEXTS = frozenset({wire.QUERY, wire.STMT_PREPARE})
_NAMES = frozenset({wire.INIT_DB, wire.FIELD_LIST, wire.CREATE_DB, wire.DROP_DB, wire.CHANGE_USER})
_REFUSED = frozenset(
    {
        wire.SLEEP,
        wire.REGISTER_SLAVE,
        wire.TABLE_DUMP,
        wire.TIME,
        wire.DAEMON,
        wire.DELAYED_INSERT,
        wire.CONNECT,
        wire.CONNECT_OUT,
    }
)


def is_command(buf: bytes, pos: int) -> bool | None:
    """Whether a command begins at `pos`; None when more bytes are needed to tell."""
    have = len(buf) - pos
    if have >= 4 and buf[pos + 3]:
        return False
    if have < HEADER + 1:
        return None
    size = buf[pos] | buf[pos + 1] << 8 | buf[pos + 2] << 16
    command = buf[pos + HEADER]
    if not size or command in _REFUSED or (command > wire.LAST_COMMAND and command != wire.STMT_BULK_EXECUTE):
        return False
    fixed = _FIXED.get(command)
    if fixed is not None and size != fixed:
        return False
    if have < min(HEADER + size, NEED):
        return None
    body = buf[pos + HEADER + 1 : pos + min(HEADER + size, NEED)]
    if fixed is not None:
        return len(body) < 4 or body[3] < 0x10 or body[:4] == b"\xff\xff\xff\xff"
    if command in _TEXTS:
        if command == wire.QUERY and len(body) > 2 and body[0] < 32 and body[1] == 1:  # attributes
            return body[0] > 0 or _WORD.match(body[2:]) is not None
        return _WORD.match(body) is not None
    if command in _NAMES:
        return all(byte >= 32 or not byte for byte in body) and body[:1] >= b" "
    if command == wire.STMT_EXECUTE:
        return size >= 10 and body[4] < 16 and body[5:9] == b"\1\0\0\0"
    if command == wire.STMT_SEND_LONG_DATA:
        return size >= 7 and body[3] < 0x10 and body[5] < 0x10
    if command == wire.STMT_BULK_EXECUTE:
        return size >= 7 and body[4] in (0, 64, 128, 192) and not body[5]
    return size <= (2 if command == wire.SHUTDOWN else 4096)


def is_answer(buf: bytes, pos: int) -> bool | None:
    """Whether an answer begins at `pos`; None when more bytes are needed to tell."""
    have = len(buf) - pos
    if have >= 4 and buf[pos + 3] != 1:
        return False
    if have < HEADER + 1:
        return None
    size = buf[pos] | buf[pos + 1] << 8 | buf[pos + 2] << 16
    first = buf[pos + HEADER]
    if size > 0xFFFF or not size:
        return False
    if first == wire.ERR:
        if size < 9 or size > 2048:
            return False
        return None if have < HEADER + 4 else buf[pos + HEADER + 3] == 0x23
    if first == wire.OK:
        if not 7 <= size <= 2048:
            return False
        return None if have < HEADER + size else _is_ok(buf[pos + HEADER : pos + HEADER + size])
    if first == wire.EOF:
        return size == 5 and (None if have < HEADER + 5 else buf[pos + HEADER + 1 : pos + HEADER + 3] == b"\0\0")
    if first == wire.NULL:  # the name of a file that the client shall send
        name = buf[pos + HEADER + 1 : pos + HEADER + min(size, NEED)]
        return 2 < size <= 1024 and name.isascii() and name.decode().isprintable()
    if size > 3 or (size == 1 and first >= wire.NULL):
        return False
    return _has_definition(buf, pos + HEADER + size)


def _is_ok(body: bytes) -> bool:
    """An OK or what answers COM_STMT_PREPARE: small numbers where they must be."""
    if len(body) in (12, 13) and not body[9] and body[4] < 0x10:
        return True
    try:
        affected, pos = wire.lenenc(body, 1)
        insert_id, pos = wire.lenenc(body, pos)
    except IndexError:
        return False
    status = body[pos : pos + 2]
    return (
        affected >= 0
        and insert_id >= 0
        and len(status) == 2
        and bool(status[0] & 3)
        and body[pos + 3 : pos + 4] < b"\x10"
    )


def _has_definition(buf: bytes, pos: int) -> bool | None:
    """Whether a column definition with sequence id 2 stands at `pos`."""
    wanted = b"\2\3def"
    found = buf[pos + 3 : pos + 3 + len(wanted)]
    return (None if len(found) < len(wanted) else True) if wanted.startswith(found) else False


def find(buf: bytes, pos: int, side: int) -> tuple[int, bool]:
    """The first place from `pos` on where a packet of a side begins, and whether that is sure; else where to go on."""
    fits = is_answer if side else is_command
    mark = b"\1" if side else b"\0"
    while True:
        at = buf.find(mark, pos + 3)
        if at < 0:
            return max(pos, len(buf) - 3), False
        verdict = fits(buf, at - 3)
        if verdict and not side and buf[at + 1] in wire.STREAMS:
            verdict = False  # far rarer than such numbers in the values of parameters
        if verdict:
            return at - 3, True
        if verdict is None:
            return at - 3, False
        pos = at - 2
