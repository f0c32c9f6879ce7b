"""Values of each native type: cases of section 6, and what no type allows."""

import json
import math
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcap.plugins.cql import values as v

CASES: dict[str, tuple[v.Decode, str, object]] = {
    "text": (v.text, "c3bc22", 'ü"'),
    "text with NUL": (v.text, "6100", "a\\x00"),
    "text that is not UTF-8": (v.text, "ff", "\\xff"),
    "int": (v.integer, "ffffffff", -1),
    "bigint": (v.bigint, "7fffffffffffffff", 2**63 - 1),
    "smallint": (v.smallint, "8000", -32768),
    "tinyint": (v.tinyint, "80", -128),
    "varint 0": (v.varint, "00", 0),
    "varint 128": (v.varint, "0080", 128),
    "varint -129": (v.varint, "ff7f", -129),
    "decimal": (v.decimal, "00000002fb2e", "-12.34"),
    "decimal with a negative scale": (v.decimal, "fffffffe05", "5E+2"),
    "true": (v.boolean, "02", True),
    "false": (v.boolean, "00", False),
    "double": (v.double, "3fb999999999999a", 0.1),
    "float": (v.single, "3dcccccd", 0.1),
    "infinity": (v.single, "ff800000", "-Infinity"),
    "uuid": (v.uuid, "000102030405060708090a0b0c0d0e0f", "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    "inet4": (v.inet, "c0000201", "192.0.2.1"),
    "inet6": (v.inet, "20010db8000000000000000000000001", "2001:db8::1"),
    "date": (v.date, "80000000", "1970-01-01"),
    "date of year 10000 and beyond": (v.date, "ffffffff", 2**31 - 1),
    "time": (v.time, "00004e94914effff", "23:59:59.999999999"),
    "time beyond the day": (v.time, "00004e94914f0000", "0x00004e94914f0000"),
    "timestamp": (v.timestamp, "ffffffffffffffff", "1969-12-31T23:59:59.999Z"),
    "timestamp beyond the year 9999": (v.timestamp, "7fffffffffffffff", 2**63 - 1),
    "duration": (v.duration, "1c06f077359402", "1y2mo3d1s1ns"),
    "duration backwards": (v.duration, "010100", "-1mo1d"),
    "duration of nothing": (v.duration, "000000", "0s"),
    "duration cut": (v.duration, "1c06f0", "0x1c06f0"),
    "blob": (v.as_hex, "", "0x"),
    "empty int": (v.integer, "", ""),
    "int of two bytes": (v.integer, "0001", "0x0001"),
    "inet of five": (v.inet, "0102030405", "0x0102030405"),
    "decimal without digits": (v.decimal, "00000001", "0x00000001"),
}


@pytest.mark.parametrize(("decode", "wire", "expected"), CASES.values(), ids=CASES.keys())
def test_value(decode: v.Decode, wire: str, expected: object) -> None:
    assert json.loads(decode(bytes.fromhex(wire))) == expected


@pytest.mark.parametrize("kind", v.NATIVE.values(), ids=lambda kind: kind.name)
@given(data=st.binary(max_size=24))
def test_any_bytes_are_json(kind: v.DataType, data: bytes) -> None:
    json.loads(kind.decode(data))


@given(st.floats(width=32))
def test_a_float_is_told_from_its_neighbours(value: float) -> None:
    data = struct.pack(">f", value)
    shown = json.loads(v.single(data))
    if math.isfinite(value):
        assert struct.pack(">f", shown) == data
    else:
        assert isinstance(shown, str)


@given(st.dates())
def test_dates_as_the_library_has_them(day: date) -> None:
    days = (day - date(1970, 1, 1)).days
    assert v.civil(days) == day.isoformat()
    assert v.date(struct.pack(">I", days + 2**31)) == f'"{day.isoformat()}"'


@given(st.datetimes(timezones=st.just(UTC)))
def test_timestamps_as_the_library_has_them(when: datetime) -> None:
    ms = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert v.instant(ms) == f'"{when.isoformat(timespec="milliseconds")[:23]}Z"'


@given(st.integers(-(10**40), 10**40), st.integers(-50, 50))
def test_decimals(unscaled: int, scale: int) -> None:
    data = struct.pack(">i", scale) + unscaled.to_bytes(unscaled.bit_length() // 8 + 1, "big", signed=True)
    assert Decimal(json.loads(v.decimal(data))) == Decimal(f"{unscaled}E{-scale}")


@pytest.mark.parametrize("number", [0, 127, 128, 256_000, 2**32, 2**63, 2**64 - 1])
def test_vints(number: int) -> None:
    """The encoding of section 3, by its definition."""
    size = next(more for more in range(9) if more == 8 or number < 1 << 7 * (more + 1))
    lead = 0xFF << (8 - size) & 0xFF
    data = bytes([0xFF]) + number.to_bytes(8, "big") if size == 8 else bytearray(number.to_bytes(size + 1, "big"))
    if size < 8:
        data[0] |= lead  # type: ignore[index]
    assert v.vint(bytes(data), 0) == (number, size + 1)
    with pytest.raises((IndexError, ValueError)):
        v.vint(bytes(data[:-1]), 0)


def test_numbers_too_long_to_write_are_hex() -> None:
    assert v.varint(b"\x01" * 5000).startswith('"0x01')
    assert v.decimal(bytes(4) + b"\x01" * 5000).startswith('"0x00')


def test_textual() -> None:
    assert (v.textual(v.text), v.textual(v.integer)) == (True, False)
