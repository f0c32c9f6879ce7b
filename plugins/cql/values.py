"""Values of the native types as JSON text (section 6).

A decoder is given the bytes of one value, never NULL. Bytes that are not what the type wants, which a server would have
refused, come out as `"0x..."`, as do blobs. An empty value, which most types allow and which is not NULL, is `""`.
Numbers are JSON numbers, but NaN and infinities; decimals and everything else are strings as CQL writes them.
"""

from decimal import Decimal
from ipaddress import IPv6Address
from math import isfinite, isnan
from struct import Struct, error

from pxcap.core.text import quote, to_text
from pxcap.plugins.cql.types import DataType, Decode

_MANY_DIGITS = 1024  # bytes of a number beyond which Python refuses, rightly, to write it in decimal
_MEMO = 16384  # dates and addresses remembered
_DAY_ZERO = 719468  # days from 0000-03-01 to 1970-01-01
_I8, _I16, _I32, _I64, _F32, _F64 = (Struct(f">{code}").unpack for code in "bhiqfd")


def as_hex(data: bytes) -> str:
    """A blob as CQL writes it, in JSON."""
    return f'"0x{data.hex()}"'


def odd(data: bytes) -> str:
    """A value that is not what its type wants."""
    return as_hex(data) if data else '""'


def text(data: bytes) -> str:
    """Value of an ascii, text or varchar."""
    try:
        value = data.decode()
    except UnicodeDecodeError:
        return quote(to_text(data))
    return quote(value.replace("\0", "\\x00") if "\0" in value else value)


def integer(data: bytes) -> str:
    """Value of an int."""
    try:
        return str(_I32(data)[0])
    except error:
        return odd(data)


def bigint(data: bytes) -> str:
    """Value of a bigint or counter."""
    try:
        return str(_I64(data)[0])
    except error:
        return odd(data)


def smallint(data: bytes) -> str:
    """Value of a smallint."""
    try:
        return str(_I16(data)[0])
    except error:
        return odd(data)


def tinyint(data: bytes) -> str:
    """Value of a tinyint."""
    try:
        return str(_I8(data)[0])
    except error:
        return odd(data)


def varint(data: bytes) -> str:
    """Value of a varint: any size, two's complement."""
    if not data or len(data) > _MANY_DIGITS:
        return odd(data)
    return str(int.from_bytes(data, "big", signed=True))


def decimal(data: bytes) -> str:
    """Value of a decimal: a scale of 4 bytes and a varint."""
    if not 4 < len(data) <= _MANY_DIGITS:
        return odd(data)
    scale, unscaled = _I32(data[:4])[0], int.from_bytes(data[4:], "big", signed=True)
    digits = tuple(map(int, str(abs(unscaled))))
    return f'"{Decimal((unscaled < 0, digits, -scale))}"'


def boolean(data: bytes) -> str:
    """Value of a boolean: any byte but zero is true."""
    if len(data) != 1:
        return odd(data)
    return "true" if data[0] else "false"


def double(data: bytes) -> str:
    """Value of a double."""
    try:
        value = _F64(data)[0]
    except error:
        return odd(data)
    return repr(value) if isfinite(value) else infinite(value)


def single(data: bytes) -> str:
    """Value of a float: as few digits as tell it from its neighbours."""
    try:
        value = _F32(data)[0]
    except error:
        return odd(data)
    if not isfinite(value):
        return infinite(value)
    for places in (6, 7, 8):
        short = f"{value:.{places}g}"
        if _packed(float(short)) == data:
            return repr(float(short))
    return repr(float(f"{value:.9g}"))


_F32_STRUCT = Struct(">f")


def _packed(value: float) -> bytes:
    try:
        return _F32_STRUCT.pack(value)
    except OverflowError:  # rounded up beyond the largest
        return b""


def infinite(value: float) -> str:
    """What JSON has no number for."""
    return '"NaN"' if isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'


def uuid(data: bytes) -> str:
    """Value of a uuid or timeuuid."""
    if len(data) != 16:
        return odd(data)
    digits = data.hex()
    return f'"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"'


def civil(days: int) -> str | None:
    """The date `days` after 1970-01-01 in the years 0 to 9999, as ISO 8601 writes it; else None.

    The arithmetic is that of the proleptic Gregorian calendar in eras of 400 years that begin in March.
    """
    era, day = divmod(days + _DAY_ZERO, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (month < 3)
    return f"{year:04}-{month:02}-{day + 1:02}" if 0 <= year <= 9999 else None


class _Dates(dict[int, str]):
    """Dates by day, bounded; there are none beyond the years 0 to 9999."""

    def __missing__(self, days: int) -> str:
        found = civil(days)
        if found is None:
            raise KeyError(days)
        if len(self) >= _MEMO:
            self.clear()
        self[days] = found
        return found


DATES = _Dates()


def date(data: bytes) -> str:
    """Value of a date: days, where 2**31 is 1970-01-01; beyond the year 9999 the number of days from there."""
    if len(data) != 4:
        return odd(data)
    days = int.from_bytes(data, "big") - (1 << 31)
    try:
        return f'"{DATES[days]}"'
    except KeyError:
        return str(days)


MINUTES = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
SECONDS = tuple(f"{second:02}." for second in range(60))
MILLISECONDS = tuple(f'{ms:03}Z"' for ms in range(1000))


def instant(value: int) -> str:
    """Milliseconds from 1970 in UTC; beyond the year 9999 their number."""
    minutes, ms = divmod(value, 60_000)
    seconds, ms = divmod(ms, 1000)
    try:
        return f'"{DATES[minutes // 1440]}{MINUTES[minutes % 1440]}{SECONDS[seconds]}{MILLISECONDS[ms]}'
    except KeyError:
        return str(value)


def timestamp(data: bytes) -> str:
    """Value of a timestamp, as `instant`."""
    try:
        return instant(_I64(data)[0])
    except error:
        return odd(data)


def time(data: bytes) -> str:
    """Value of a time: nanoseconds of the day."""
    try:
        value = _I64(data)[0]
    except error:
        return odd(data)
    if not 0 <= value < 86_400_000_000_000:
        return odd(data)
    seconds, ns = divmod(value, 1_000_000_000)
    minutes, seconds = divmod(seconds, 60)
    return f'"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{ns:09}"'


class _Addresses(dict[bytes, str]):
    """IPv6 addresses by their bytes, bounded."""

    def __missing__(self, data: bytes) -> str:
        if len(self) >= _MEMO:
            self.clear()
        self[data] = found = f'"{IPv6Address(data)}"'
        return found


_addresses = _Addresses()


def inet(data: bytes) -> str:
    """Value of an inet: 4 or 16 bytes."""
    if len(data) == 4:
        return f'"{data[0]}.{data[1]}.{data[2]}.{data[3]}"'
    return _addresses[data] if len(data) == 16 else odd(data)


def vint(data: bytes, pos: int) -> tuple[int, int]:
    """An [unsigned vint] (section 3) and the position behind it.

    Raises:
        IndexError, ValueError: The bytes end before.
    """
    first = data[pos]
    more = 8 - (first ^ 0xFF).bit_length()
    end = pos + 1 + more
    if end > len(data):
        raise ValueError("a vint is cut short")
    return int.from_bytes(bytes((first & 0xFF >> more,)) + data[pos + 1 : end], "big"), end


_NANOSECONDS = (("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000))


def duration(data: bytes) -> str:
    """Value of a duration: months, days and nanoseconds, three signed vints."""
    numbers = []
    pos = 0
    try:
        for _ in range(3):
            value, pos = vint(data, pos)
            numbers.append(value >> 1 ^ -(value & 1))
    except (IndexError, ValueError):
        return odd(data)
    months, days, ns = (abs(number) for number in numbers)
    parts = [(months // 12, "y"), (months % 12, "mo"), (days, "d")]
    for unit, size in _NANOSECONDS:
        parts.append((ns // size, unit))
        ns %= size
    parts.append((ns, "ns"))
    shown = "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
    return f'"{"-" if min(numbers) < 0 else ""}{shown}"'


BLOB = DataType("blob", as_hex)
_TEXTUAL = {text}

_NATIVE: dict[int, tuple[str, Decode, int]] = {  # section 4.2.5.2; sizes as a vector packs them, -1 when they vary
    0x01: ("ascii", text, -1),
    0x02: ("bigint", bigint, 8),
    0x03: ("blob", as_hex, -1),
    0x04: ("boolean", boolean, 1),
    0x05: ("counter", bigint, -1),
    0x06: ("decimal", decimal, -1),
    0x07: ("double", double, 8),
    0x08: ("float", single, 4),
    0x09: ("int", integer, 4),
    0x0A: ("text", text, -1),  # v1 and v2
    0x0B: ("timestamp", timestamp, 8),
    0x0C: ("uuid", uuid, 16),
    0x0D: ("text", text, -1),
    0x0E: ("varint", varint, -1),
    0x0F: ("timeuuid", uuid, 16),
    0x10: ("inet", inet, -1),
    0x11: ("date", date, -1),
    0x12: ("time", time, -1),
    0x13: ("smallint", smallint, -1),
    0x14: ("tinyint", tinyint, -1),
    0x15: ("duration", duration, -1),
}
NATIVE = {code: DataType(*fields) for code, fields in _NATIVE.items()}


def textual(decode: Decode) -> bool:
    """Whether a decoder shows text: then the beginning of a value makes sense."""
    return decode in _TEXTUAL
