r"""Parameter values by their types, as JSON values: numbers and booleans as such, everything else as text.

Source: the `*_send` and `*_recv` functions of PostgreSQL 18, which chapter 54 leaves undocumented, and the type's own text
form for values in text format. A value of a type that is not known here is text, or, in binary format, hex as in `\x0a`.
"""

import math
import struct
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from ipaddress import ip_address

from pxcap.core.text import clip_text
from pxcap.plugins.pgsql import oids

Value = str | int | float | bool | None | list["Value"]

MAX_ITEMS = 1024  # of an array
MAX_DEPTH = 6  # dimensions of an array, as the server has it
_EPOCH = date(2000, 1, 1)
_MAX_DAY = (date.max - _EPOCH).days
_MIN_DAY = (date.min - _EPOCH).days
_MAX_TIME, _MIN_TIME = (1 << 63) - 1, -(1 << 63)


def decode(data: bytes, oid: int, binary: bool, limit: int) -> Value:
    """One value.

    Args:
        data: Its bytes.
        oid: Its type; 0 when the client left it to the server.
        binary: Its format.
        limit: Most bytes of text kept.
    """
    if binary:
        read = _BINARY.get(oid)
        if read is None and oid in oids.ARRAYS:
            return _array(data, limit)
        if read is not None:
            try:
                return read(data[:limit] if oid in _LONG else data)
            except (struct.error, ValueError, OverflowError, IndexError):
                pass
        return "\\x" + data[: limit // 2].hex()
    if len(data) < 40:
        try:
            if oid in _INTEGERS:
                return int(data)
            if oid in _FLOATS and data[-1:].isdigit():
                return float(data)
        except ValueError:
            return clip_text(data, limit)
        if oid == oids.BOOL:
            word = data.strip().lower()
            return True if word in _TRUE else False if word in _FALSE else clip_text(data, limit)
    return clip_text(data, limit)


def _text(data: bytes) -> str:
    return clip_text(data, len(data))


def _jsonb(data: bytes) -> str:
    return _text(data[1:])  # a version byte


def _bytea(data: bytes) -> str:
    return "\\x" + data.hex()


def _numeric(data: bytes) -> str:
    """Digits of base 10000 (numeric_send): count, weight of the first, sign, digits behind the point."""
    count, weight, sign, scale = struct.unpack_from(">hhHh", data)
    if sign in _NOT_FINITE:
        return _NOT_FINITE[sign]
    if count * 2 + 8 != len(data) or scale < 0 or not -2000 < weight < 2000 or scale > 4000:
        raise ValueError("no numeric")
    groups = struct.unpack_from(f">{count}h", data, 8)
    whole = "".join(f"{groups[i] if i < count else 0:04d}" for i in range(weight + 1)).lstrip("0") or "0"
    behind = "".join(
        f"{groups[i] if 0 <= i < count else 0:04d}" for i in range(weight + 1, weight + 1 + (scale + 3) // 4)
    )
    return ("-" if sign == 0x4000 else "") + whole + (f".{behind[:scale]}" if scale else "")


_NOT_FINITE = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}


def _day(days: int) -> str:
    if not _MIN_DAY <= days <= _MAX_DAY:
        return (
            "infinity" if days == 0x7FFFFFFF else "-infinity" if days == -0x80000000 else f"2000-01-01 {days:+d} days"
        )
    return (_EPOCH + timedelta(days=days)).isoformat()


def _date(data: bytes) -> str:
    return _day(struct.unpack(">i", data)[0])


def _clock(micro: int) -> str:
    seconds, fraction = divmod(micro, 1_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") if fraction else text


def _time(data: bytes) -> str:
    return _clock(struct.unpack(">q", data)[0])


def _timetz(data: bytes) -> str:
    micro, west = struct.unpack(">qi", data)
    east = abs(west)
    zone = f"{'-' if west > 0 else '+'}{east // 3600:02d}" + (f":{east // 60 % 60:02d}" if east % 3600 else "")
    return _clock(micro) + zone


def _timestamp(data: bytes) -> str:
    (micro,) = struct.unpack(">q", data)
    if micro in (_MAX_TIME, _MIN_TIME):
        return "infinity" if micro > 0 else "-infinity"
    days, rest = divmod(micro, 86_400_000_000)
    return f"{_day(days)} {_clock(rest)}"


def _timestamptz(data: bytes) -> str:
    text = _timestamp(data)
    return text if text.endswith("y") else text + "+00"


def _interval(data: bytes) -> str:
    micro, days, months = struct.unpack(">qii", data)
    years, months = (abs(months) // 12 * (1 if months >= 0 else -1), abs(months) % 12 * (1 if months >= 0 else -1))
    parts: list[str] = []
    before = False  # a negative part has a sign behind it
    for count, name in ((years, "year"), (months, "mon"), (days, "day")):
        if count:
            parts.append(f"{'+' if before and count > 0 else ''}{count} {name}{'s' * (count != 1)}")
            before = count < 0
    if micro or not parts:
        parts.append(("-" if micro < 0 else "+" if before else "") + _clock(abs(micro)))
    return " ".join(parts)


def _uuid(data: bytes) -> str:
    return str(uuid.UUID(bytes=data))


def _inet(data: bytes) -> str:
    family, bits, cidr, size = data[:4]
    if size != len(data) - 4 or family not in (2, 3):
        raise ValueError("no address")
    address = ip_address(data[4:])
    return str(address) if bits == size * 8 and not cidr else f"{address}/{bits}"


def _money(data: bytes) -> str:
    (cents,) = struct.unpack(">q", data)
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _bits(data: bytes) -> str:
    (size,) = struct.unpack_from(">i", data)
    return "".join(f"{byte:08b}" for byte in data[4:])[: max(size, 0)]


def _float(number: float) -> Value:
    """JSON has no infinities; their text is the server's."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _fixed(form: str) -> Callable[[bytes], Value]:
    unpack = struct.Struct(form).unpack

    def read(data: bytes) -> Value:
        value: Value = unpack(data)[0]
        return value

    return read


def _array(data: bytes, limit: int) -> Value:
    """Dimensions, a flag, the element's type, then sizes and lower bounds, then the elements (array_send)."""
    try:
        dimensions, _, element = struct.unpack_from(">iiI", data)
        if not 0 <= dimensions <= MAX_DEPTH:
            raise ValueError("dimensions")
        sizes = [struct.unpack_from(">ii", data, 12 + 8 * i)[0] for i in range(dimensions)]
        items: list[Value] = []
        pos = 12 + 8 * dimensions
        while pos < len(data) and len(items) < MAX_ITEMS:
            (size,) = struct.unpack_from(">i", data, pos)
            pos += 4
            items.append(None if size < 0 else decode(data[pos : pos + size], element, True, limit))
            pos += max(size, 0)
        for size in reversed(sizes[1:]):
            if not 0 < size <= MAX_ITEMS:
                raise ValueError("size")
            items = [items[i : i + size] for i in range(0, len(items), size)]
    except (struct.error, ValueError):
        return "\\x" + data[: limit // 2].hex()
    return items


_TRUE = {b"t", b"true", b"1", b"on", b"yes", b"y"}
_FALSE = {b"f", b"false", b"0", b"off", b"no", b"n"}
_INTEGERS = {oids.INT2, oids.INT4, oids.INT8, oids.OID, oids.XID}
_FLOATS = {oids.FLOAT4, oids.FLOAT8}
_LONG = {oids.TEXT, oids.VARCHAR, oids.BPCHAR, oids.BYTEA, oids.JSON, oids.JSONB, oids.XML, oids.UNKNOWN}
_BINARY: dict[int, Callable[[bytes], Value]] = {
    oids.BOOL: lambda data: data != b"\0",
    oids.BYTEA: _bytea,
    oids.CHAR: _text,
    oids.NAME: _text,
    oids.INT8: _fixed(">q"),
    oids.INT2: _fixed(">h"),
    oids.INT4: _fixed(">i"),
    oids.TEXT: _text,
    oids.OID: _fixed(">I"),
    oids.XID: _fixed(">I"),
    oids.XID8: _fixed(">Q"),
    oids.JSON: _text,
    oids.XML: _text,
    oids.CIDR: _inet,
    oids.INET: _inet,
    oids.FLOAT4: lambda data: _float(float(f"{struct.unpack('>f', data)[0]:.7g}")),
    oids.FLOAT8: lambda data: _float(struct.unpack(">d", data)[0]),
    oids.UNKNOWN: _text,
    oids.MONEY: _money,
    oids.MACADDR: lambda data: data.hex(":"),
    oids.BPCHAR: _text,
    oids.VARCHAR: _text,
    oids.DATE: _date,
    oids.TIME: _time,
    oids.TIMETZ: _timetz,
    oids.TIMESTAMP: _timestamp,
    oids.TIMESTAMPTZ: _timestamptz,
    oids.INTERVAL: _interval,
    oids.BIT: _bits,
    oids.VARBIT: _bits,
    oids.NUMERIC: _numeric,
    oids.UUID: _uuid,
    oids.JSONB: _jsonb,
    oids.JSONPATH: _jsonb,
}
