"""The parameters of COM_STMT_EXECUTE, COM_STMT_BULK_EXECUTE and the attributes of COM_QUERY.

Sources: "COM_STMT_EXECUTE", "COM_QUERY" of the MySQL source documentation; "COM_STMT_BULK_EXECUTE" of MariaDB's.
"""

from typing import Any

from pxcap.core.text import to_text
from pxcap.plugins.mysql.charsets import UTF8
from pxcap.plugins.mysql.plain import plain_parameters
from pxcap.plugins.mysql.types import Statement
from pxcap.plugins.mysql.values import UnreadableError, Value, long_text, value
from pxcap.plugins.mysql.wire import MAX_PARAMS, UNSIGNED, lenenc

Long = dict[int, tuple[bytes, int]]

_STATED, _UNIQUE = 128, 64  # flags of a bulk execution: types are stated; generated keys are asked for
_PRESENT, _NULL, _DEFAULT, _IGNORE = range(4)  # indicators of its values
_MAX_ROWS = 1000  # of a bulk execution that are shown


def execute_values(
    body: bytes, pos: int, statement: Statement, attributes: bool, codec: str, room: int
) -> dict[str, Any]:
    """Parameters of an execution, `pos` behind its fixed part: {"values": [...], "attributes": {...}}, empty when none.

    Raises:
        UnreadableError, IndexError: They are cut, or it is not known how many there are.
    """
    count = statement.params
    if attributes:
        count, pos = lenenc(body, pos)
    if count < 0:
        if pos >= len(body):
            return {}
        count = _guess(body, pos)
        if count < 0:
            raise UnreadableError
    if not count:
        return {}
    if count > MAX_PARAMS:
        raise UnreadableError
    own = statement.params if 0 <= statement.params <= count else count
    long = statement.long
    pairs, _, types = _typed(body, pos, count, codec, long, statement.types, attributes)
    if types != statement.types:
        statement.types = types
        statement.plain = plain_parameters(types) if count == own else None
    given: dict[str, Any] = {"values": [shown for _, shown in pairs[:own]]}
    if len(pairs) > own:
        given["attributes"] = dict(pairs[own:])
    return given


def read_typed(
    body: bytes, pos: int, count: int, codec: str, long: Long, types: bytes, named: bool
) -> tuple[list[tuple[str, Value]], int]:
    """`count` values with their names from the NULL bitmap on, and the position behind them.

    Raises:
        UnreadableError, IndexError: They are cut.
    """
    pairs, pos, _ = _typed(body, pos, count, codec, long, types, named)
    return pairs, pos


def _typed(
    body: bytes, pos: int, count: int, codec: str, long: Long, types: bytes, named: bool
) -> tuple[list[tuple[str, Value]], int, bytes]:
    if count > MAX_PARAMS:
        raise UnreadableError
    nulls = body[pos : pos + (count + 7) // 8]
    pos += len(nulls)
    stated = body[pos]
    pos += 1
    names: list[str] = []
    if stated:
        types = b""
        if named:
            parts = []
            for _ in range(count):
                parts.append(body[pos : pos + 2])
                size, pos = lenenc(body, pos + 2)
                if size < 0 or pos + size > len(body):
                    raise UnreadableError
                names.append(to_text(body[pos : pos + size]))
                pos += size
            types = b"".join(parts)
        else:
            types = body[pos : pos + 2 * count]
            pos += 2 * count
    if len(types) < 2 * count:
        raise UnreadableError
    pairs: list[tuple[str, Value]] = []
    for at in range(count):
        shown: Value = None
        if nulls[at >> 3] >> (at & 7) & 1:
            pass
        elif at in long:
            shown = long_text(*long[at], codec)
        else:
            shown, pos = value(body, pos, types[2 * at], types[2 * at + 1] & UNSIGNED != 0, codec)
        pairs.append((names[at] if names else "", shown))
    return pairs, pos, types


def _guess(body: bytes, pos: int) -> int:
    """How many parameters there are, where the preparation was not seen: the only number with which all of it fits."""
    fits = -1
    for count in range(1, min(256, len(body) - pos)):
        start = pos + (count + 7) // 8
        if start >= len(body) or body[start] != 1:
            continue
        nulls = body[pos:start]
        if count & 7 and nulls[-1] >> (count & 7):
            continue
        try:
            _, end, _ = _typed(body, pos, count, UTF8, {}, b"", False)
        except (UnreadableError, IndexError):
            continue
        if end == len(body):
            if fits >= 0:
                return -1
            fits = count
    return fits


def bulk_values(body: bytes, pos: int, flags: int, statement: Statement, codec: str) -> list[list[Value]]:
    """The rows of a bulk execution, at most _MAX_ROWS of them.

    Raises:
        UnreadableError, IndexError: They are cut, or their types are not known.
    """
    if flags & _STATED:
        if statement.params < 0:
            raise UnreadableError
        statement.types = body[pos : pos + 2 * statement.params]
        statement.plain = None
        pos += 2 * statement.params
    types = statement.types
    if not types or len(types) != 2 * statement.params:
        raise UnreadableError
    rows: list[list[Value]] = []
    while pos < len(body) and len(rows) < _MAX_ROWS:
        row: list[Value] = []
        for at in range(statement.params):
            indicator = body[pos]
            pos += 1
            shown: Value = None
            if indicator == _PRESENT:
                shown, pos = value(body, pos, types[2 * at], types[2 * at + 1] & UNSIGNED != 0, codec)
            elif indicator in (_DEFAULT, _IGNORE):
                shown = ("DEFAULT", "IGNORE")[indicator - _DEFAULT]
            elif indicator != _NULL:
                raise UnreadableError
            row.append(shown)
        rows.append(row)
    return rows
