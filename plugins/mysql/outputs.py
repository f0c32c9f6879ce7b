"""Output parameters of a procedure: the one row of the result that an execution of CALL ends with.

Which result that is, its status tells, and that may come behind the row: definitions and first row of every binary result are
kept as bytes, up to a bound, and read only when it was one.

Sources: "COM_STMT_EXECUTE Response", "Binary Protocol Resultset", "Text Resultset: Column Definition" of the MySQL source
documentation; its `SERVER_PS_OUT_PARAMS`.
"""

from pxcap.core.text import REDACTED, to_json, to_text
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.redact import suspicious
from pxcap.plugins.mysql.values import STRINGS, UnreadableError, Value, long_text, value
from pxcap.plugins.mysql.wire import HEADER, lenenc, lenenc_bytes

_MAX_OUTPUTS = 256
_FIXED = 13  # bytes that end a definition: its length, charset, size, type, flags, decimals, filler
_TYPE, _FLAGS = -6, -5
_NAME = 4  # names in front of the one that is shown


class Outputs:
    """Keeps what may turn out to be output parameters: the bytes of one result from its number of columns on.

    Holds at most `room` bytes.
    """

    __slots__ = ("_count", "_kept", "_left", "_room")

    def __init__(self, room: int) -> None:
        self._room = room
        self._count = 0
        self._left = 0
        self._kept: list[bytes] = []

    def begin(self, count: int) -> None:
        """A result of `count` columns begins; 0: nothing of it is to be kept."""
        self._count = count if count <= _MAX_OUTPUTS else 0
        self._left = self._room if self._count else 0
        if self._kept:
            self._kept = []

    def add(self, buf: bytes, pos: int, end: int) -> None:
        """Keep what was passed over, as far as there is room."""
        left = self._left
        if left:
            part = buf[pos : min(end, pos + left)]
            self._left = left - len(part)
            self._kept.append(part)

    def text(self, codec: str, hide: bool) -> str:
        """The parameters by name as JSON, as far as they were kept; empty when none was.

        Args:
            codec: Of texts.
            hide: Replace texts whose name is that of a secret.
        """
        try:
            given = _read(b"".join(self._kept), self._count, codec) if self._count else {}
        except IndexError:
            return ""
        if hide:
            given = {name: REDACTED if _secret(name, item) else item for name, item in given.items()}
        return to_json(given) if given else ""


def _secret(name: str, item: Value) -> bool:
    return isinstance(item, str) and suspicious(name.encode())


def _packet(buf: bytes, pos: int) -> tuple[bytes, int]:
    """A packet, as far as it was kept, and the position behind it.

    Raises:
        IndexError: Not even its first byte was.
    """
    start = pos + HEADER
    if start >= len(buf):
        raise IndexError(pos)
    end = start + int.from_bytes(buf[pos : pos + 3], "little")
    return buf[start:end], end


def _read(buf: bytes, count: int, codec: str) -> dict[str, Value]:
    """Names and values of a row with its definitions in front; the last may be cut, and those behind it missing.

    Raises:
        IndexError: The definitions are not there whole, or none of the row is.
    """
    _, pos = _packet(buf, 0)
    columns: list[tuple[str, int, bool]] = []
    for _ in range(count):
        body, pos = _packet(buf, pos)
        columns.append(_definition(body))
    body, pos = _packet(buf, pos)
    if body[:1] == b"\xfe":  # an EOF between definitions and rows
        body, pos = _packet(buf, pos)
    at = 1 + (count + 9) // 8
    nulls = int.from_bytes(body[1:at], "little") >> 2  # the first two bits are not used
    given: dict[str, Value] = {}
    for number, (name, kind, unsigned) in enumerate(columns):
        shown: Value = None
        whole = True
        if not nulls >> number & 1:
            try:
                shown, at = value(body, at, kind, unsigned, codec)
            except UnreadableError:
                whole = False
                shown = _cut(body, at, kind, codec)
        given[name if name and name not in given else f"{name}#{number + 1}"] = shown
        if not whole:
            break
    return given


def _cut(body: bytes, pos: int, kind: int, codec: str) -> str:
    """A value that was not kept whole: of a text its beginning and its size."""
    try:
        size, pos = lenenc(body, pos)
    except IndexError:
        return "..."
    return long_text(body[pos:], size, codec) if kind in STRINGS and pos < len(body) else "..."


def _definition(body: bytes) -> tuple[str, int, bool]:
    """Name, type and whether it is unsigned; MariaDB may put more between the names and what has a fixed place at the end.

    Raises:
        IndexError: It is cut.
    """
    pos = 0
    for _ in range(_NAME):
        size, pos = lenenc(body, pos)
        pos += max(size, 0)
    name, pos = lenenc_bytes(body, pos)
    if pos + _FIXED > len(body):
        raise IndexError(pos)
    return to_text(name), body[_TYPE], bool(body[_FLAGS] & wire.UNSIGNED_COLUMN)
