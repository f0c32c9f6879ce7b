"""Parameters of common types straight from an execution into JSON: integers and short texts, none of them NULL.

Which types they are an execution states once, so what is to be read is worked out once. Whatever is not common is left to
`execute`; both must show the same, and a test holds them against each other.

Source: "COM_STMT_EXECUTE" and "Binary Protocol Value" of the MySQL source documentation.
"""

from collections.abc import Callable
from struct import Struct

from pxcap.core.text import quote
from pxcap.plugins.mysql.charsets import decode
from pxcap.plugins.mysql.values import INTEGERS, STRINGS
from pxcap.plugins.mysql.wire import NULL, UNSIGNED

Plain = Callable[[bytes, str], str | None]
"""An execution as sent and the codec of texts -> req_params; None when something in it is not common."""

_VALUES = 10  # the NULL bitmap begins here: behind command, statement id, flags, iterations
_CODES = {1: "b", 2: "h", 4: "i", 8: "q"}
_MANY = 64  # parameters beyond which it is not worth it


def plain_parameters(types: bytes) -> Plain | None:
    """How to read executions with parameters of these types (two bytes each); None when they are not all common."""
    count = len(types) // 2
    if not 0 < count <= _MANY:
        return None
    stated = bytes((count + 7) // 8) + b"\1" + types
    known = bytes((count + 7) // 8) + b"\0"  # types as stated before
    kinds = [(INTEGERS.get(types[at], 0), not types[at + 1] & UNSIGNED) for at in range(0, 2 * count, 2)]
    if all(size for size, _ in kinds):
        return _integers(kinds, stated, known)
    if all(size or types[2 * at] in STRINGS for at, (size, _) in enumerate(kinds)):
        return _mixed(kinds, stated, known)
    return None


def _integers(kinds: list[tuple[int, bool]], stated: bytes, known: bytes) -> Plain:
    codes = "".join(_CODES[size] if signed else _CODES[size].upper() for size, signed in kinds)
    values = Struct("<" + codes)
    unpack = values.unpack_from
    shown = '{"values":[' + ",".join(["%d"] * len(kinds)) + "]}"
    with_types, without = _VALUES + len(stated), _VALUES + len(known)
    longest, shortest = with_types + values.size, without + values.size

    def read(body: bytes, codec: str) -> str | None:
        size = len(body)
        if size == longest and body.startswith(stated, _VALUES):
            return shown % unpack(body, with_types)
        if size == shortest and body.startswith(known, _VALUES):
            return shown % unpack(body, without)
        return None

    return read


def _mixed(kinds: list[tuple[int, bool]], stated: bytes, known: bytes) -> Plain:
    with_types, without = _VALUES + len(stated), _VALUES + len(known)
    integer = int.from_bytes

    def read(body: bytes, codec: str) -> str | None:
        if body.startswith(stated, _VALUES):
            pos = with_types
        elif body.startswith(known, _VALUES):
            pos = without
        else:
            return None
        last = len(body) - 1
        parts: list[str] = []
        for size, signed in kinds:
            if size:
                end = pos + size
                parts.append(str(integer(body[pos:end], "little", signed=signed)))
            else:
                if pos > last or body[pos] >= NULL:
                    return None
                end = pos + 1 + body[pos]
                parts.append(quote(decode(body[pos + 1 : end], codec)))
            pos = end
        return '{"values":[' + ",".join(parts) + "]}" if pos == last + 1 else None

    return read
