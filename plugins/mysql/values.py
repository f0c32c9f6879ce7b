r"""Values of the binary protocol as JSON values.

Source: "Binary Protocol Resultset", section "Binary Protocol Value". Numbers stay numbers; decimals, dates and times become
text as SQL writes them, and so do strings, in which bytes that are no text become `\xNN`.
"""

from collections.abc import Callable
from math import isfinite
from struct import Struct

from pxcap.core.layout import LayoutError
from pxcap.core.text import clip_text
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.charsets import UTF8, decode
from pxcap.plugins.mysql.wire import DATE_VALUE, TIME_VALUE, lenenc

Value = int | float | str | None

INTEGERS = {wire.TINY: 1, wire.SHORT: 2, wire.YEAR: 2, wire.LONG: 4, wire.INT24: 4, wire.LONGLONG: 8}
_FLOAT, _DOUBLE = Struct("<f").unpack_from, Struct("<d").unpack_from
_DATES = frozenset({wire.DATE, wire.NEWDATE, wire.DATETIME, wire.TIMESTAMP, wire.DATETIME2, wire.TIMESTAMP2})
_TIMES = frozenset({wire.TIME_TYPE, wire.TIME2})
STRINGS = frozenset(
    {
        *(wire.DECIMAL, wire.VARCHAR, wire.BIT, wire.VECTOR, wire.JSON, wire.NEWDECIMAL, wire.ENUM, wire.SET),
        *(wire.TINY_BLOB, wire.MEDIUM_BLOB, wire.LONG_BLOB, wire.BLOB, wire.VAR_STRING, wire.STRING, wire.GEOMETRY),
    }
)


class UnreadableError(Exception):
    """The bytes end within a value, or its type does not exist. Never leaves the package."""


def value(buf: bytes, pos: int, kind: int, unsigned: bool, codec: str) -> tuple[Value, int]:
    """The value of a type at `pos` and the position behind it.

    Raises:
        UnreadableError: See there.
    """
    size = INTEGERS.get(kind)
    if size is not None:
        end = pos + size
        if end > len(buf):
            raise UnreadableError
        return int.from_bytes(buf[pos:end], "little", signed=not unsigned), end
    if kind in STRINGS:
        try:
            size, pos = lenenc(buf, pos)
        except IndexError as err:
            raise UnreadableError from err
        end = pos + max(size, 0)
        if end > len(buf):
            raise UnreadableError
        return (None if size < 0 else decode(buf[pos:end], codec)), end
    if kind == wire.DOUBLE or kind == wire.FLOAT:
        return _floating(buf, pos, kind)
    if kind in _DATES:
        return _timed(buf, pos, lambda: date(buf, pos, kind != wire.DATE and kind != wire.NEWDATE))
    if kind in _TIMES:
        return _timed(buf, pos, lambda: time(buf, pos))
    if kind == wire.NULL_TYPE:
        return None, pos
    raise UnreadableError


def long_text(data: bytes, size: int, codec: str) -> str:
    """A text of `size` bytes of which only its beginning was kept."""
    if size <= len(data):
        return decode(data, codec)
    text = clip_text(data, len(data) - 1) if codec == UTF8 else decode(data, codec)
    return f"{text}... ({size} bytes)"


def _floating(buf: bytes, pos: int, kind: int) -> tuple[Value, int]:
    end = pos + (8 if kind == wire.DOUBLE else 4)
    if end > len(buf):
        raise UnreadableError
    if kind == wire.DOUBLE:
        number: float = _DOUBLE(buf, pos)[0]
    else:
        number = _shortest(_FLOAT(buf, pos)[0])
    return number, end


def _shortest(number: float) -> float:
    """A 4-byte float with the fewest digits that give it again, as people wrote it: 1.1, not 1.10000002384."""
    if not isfinite(number):
        return number
    for digits in range(6, 10):
        short = float(f"{number:.{digits}g}")
        if abs(short) < 3.5e38 and Struct("<f").pack(min(max(short, -3.4028234e38), 3.4028234e38)) == Struct("<f").pack(
            number
        ):
            return short
    return number


def _timed(buf: bytes, pos: int, read: Callable[[], str]) -> tuple[Value, int]:
    if pos >= len(buf) or pos + 1 + buf[pos] > len(buf):
        raise UnreadableError
    return read(), pos + 1 + buf[pos]


def date(buf: bytes, pos: int, clock: bool) -> str:
    """A date or a point in time; `clock` shows hours also where they were left out because they are zero."""
    midnight = " 00:00:00" if clock else ""
    try:
        found, _ = DATE_VALUE.parse(buf, pos)
    except LayoutError:
        found = None
    if buf[pos] < 4 or found is None:
        return "0000-00-00" + midnight
    day = f"{found.year:04}-{found.month:02}-{found.day:02}"
    if found.clock is None:
        return day + midnight
    text = f"{day} {found.clock.hour:02}:{found.clock.minute:02}:{found.clock.second:02}"
    return text if found.micro is None else f"{text}.{found.micro:06}"


def time(buf: bytes, pos: int) -> str:
    """A duration; days are shown as hours, as the server does."""
    if buf[pos] < 8:
        return "00:00:00"
    try:
        found, _ = TIME_VALUE.parse(buf, pos)
    except LayoutError:
        return "00:00:00"
    hours = found.days * 24 + found.hour
    text = f"{'-' if found.negative else ''}{hours:02}:{found.minute:02}:{found.second:02}"
    return text if found.micro is None else f"{text}.{found.micro:06}"
