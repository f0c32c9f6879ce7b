import math
import struct
from typing import Any

import pytest

from pxcap.plugins.pgsql import oids
from pxcap.plugins.pgsql.values import decode

NUMERICS = {
    "0": struct.pack(">hhHh", 0, 0, 0, 0),
    "0.0001": struct.pack(">hhHhh", 1, -1, 0, 4, 1),
    "-12.34": struct.pack(">hhHhhh", 2, 0, 0x4000, 2, 12, 3400),
    "10000": struct.pack(">hhHhh", 1, 1, 0, 0, 1),
    "123456789.50": struct.pack(">hhHhhhhh", 4, 2, 0, 2, 1, 2345, 6789, 5000),
    "0.00000012": struct.pack(">hhHhh", 1, -2, 0, 8, 12),
    "NaN": struct.pack(">hhHh", 0, 0, 0xC000, 0),
    "-Infinity": struct.pack(">hhHh", 0, 0, 0xF000, 0),
}
DAY = 86_400_000_000


def array(oid: int, sizes: tuple[int, ...], *items: bytes | None) -> bytes:
    head = struct.pack(">iiI", len(sizes), 0, oid) + b"".join(struct.pack(">ii", size, 1) for size in sizes)
    return head + b"".join(b"\xff\xff\xff\xff" if i is None else struct.pack(">i", len(i)) + i for i in items)


@pytest.mark.parametrize(
    ("oid", "data", "value"),
    [
        (oids.BOOL, b"\1", True),
        (oids.BOOL, b"\0", False),
        (oids.INT2, b"\xff\xfe", -2),
        (oids.INT4, struct.pack(">i", -70_000), -70_000),
        (oids.INT8, struct.pack(">q", 1 << 40), 1 << 40),
        (oids.OID, b"\xff\xff\xff\xff", 4294967295),
        (oids.FLOAT4, struct.pack(">f", 0.1), 0.1),
        (oids.FLOAT8, struct.pack(">d", -1.5e300), -1.5e300),
        (oids.FLOAT8, struct.pack(">d", math.inf), "Infinity"),
        (oids.FLOAT8, struct.pack(">d", math.nan), "NaN"),
        (oids.FLOAT4, struct.pack(">f", -math.inf), "-Infinity"),
        (oids.TEXT, "grüße".encode(), "grüße"),
        (oids.VARCHAR, b"a\0\xff", "a\\x00\\xff"),
        (oids.NAME, b"pg_class", "pg_class"),
        (oids.BYTEA, b"\0\xfe", "\\x00fe"),
        (oids.UUID, bytes(range(16)), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        (oids.DATE, struct.pack(">i", 0), "2000-01-01"),
        (oids.DATE, struct.pack(">i", -1), "1999-12-31"),
        (oids.DATE, struct.pack(">i", 0x7FFFFFFF), "infinity"),
        (oids.TIME, struct.pack(">q", 3_723_000_010), "01:02:03.00001"),
        (oids.TIMETZ, struct.pack(">qi", 0, -19_800), "00:00:00+05:30"),
        (oids.TIMETZ, struct.pack(">qi", 0, 18_000), "00:00:00-05"),
        (oids.TIMESTAMP, struct.pack(">q", -1), "1999-12-31 23:59:59.999999"),
        (oids.TIMESTAMPTZ, struct.pack(">q", 366 * DAY), "2001-01-01 00:00:00+00"),
        (oids.TIMESTAMPTZ, struct.pack(">q", (1 << 63) - 1), "infinity"),
        (oids.TIMESTAMP, struct.pack(">q", -(1 << 63)), "-infinity"),
        (oids.INTERVAL, struct.pack(">qii", 0, 0, 0), "00:00:00"),
        (oids.INTERVAL, struct.pack(">qii", 5_000_000, 1, 14), "1 year 2 mons 1 day 00:00:05"),
        (oids.INTERVAL, struct.pack(">qii", -1_500_000, -3, 0), "-3 days -00:00:01.5"),
        (oids.INTERVAL, struct.pack(">qii", 1_000_000, -3, 2), "2 mons -3 days +00:00:01"),
        (oids.JSON, b'{"a": 1}', '{"a": 1}'),
        (oids.JSONB, b'\1{"a": 1}', '{"a": 1}'),
        (oids.INET, b"\2\x20\0\4\xc0\0\2\1", "192.0.2.1"),
        (oids.INET, b"\2\x18\0\4\xc0\0\2\1", "192.0.2.1/24"),
        (oids.CIDR, b"\3\x20\1\x10\x20\1\x0d\xb8" + bytes(12), "2001:db8::/32"),
        (oids.MACADDR, b"\x08\0\x2b\1\2\3", "08:00:2b:01:02:03"),
        (oids.MONEY, struct.pack(">q", -12345), "-123.45"),
        (oids.BIT, b"\0\0\0\5\xa8", "10101"),
        (1007, array(oids.INT4, (3,), b"\0\0\0\1", None, b"\0\0\0\3"), [1, None, 3]),
        (1009, array(oids.TEXT, (2, 2), b"a", b"b", b"c", b"d"), [["a", "b"], ["c", "d"]]),
        (1231, array(oids.NUMERIC, (1,), NUMERICS["-12.34"]), ["-12.34"]),
        (1007, struct.pack(">iiI", 0, 0, oids.INT4), []),
        (0, b"\0\1", "\\x0001"),
        (99999, b"ab", "\\x6162"),
    ],
)
def test_binary(oid: int, data: bytes, value: Any) -> None:
    found = decode(data, oid, True, 1000)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("text", "data"), NUMERICS.items())
def test_numeric(text: str, data: bytes) -> None:
    assert decode(data, oids.NUMERIC, True, 1000) == text


@pytest.mark.parametrize(
    ("oid", "data", "value"),
    [
        (oids.INT4, b"-7", -7),
        (oids.FLOAT8, b"2.50", 2.5),
        (oids.FLOAT8, b"Infinity", "Infinity"),
        (oids.NUMERIC, b"1.50", "1.50"),
        (oids.BOOL, b"t", True),
        (oids.BOOL, b"off", False),
        (oids.BOOL, b"perhaps", "perhaps"),
        (oids.INT4, b"seven", "seven"),
        (oids.INT4, b"9" * 50, "9" * 50),
        (1007, b"{1,2}", "{1,2}"),
        (0, b"x", "x"),
    ],
)
def test_text(oid: int, data: bytes, value: Any) -> None:
    found = decode(data, oid, False, 1000)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("oid", [*oids.NAMES, *oids.ARRAYS])
@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff" * 11, b"\x7f" * 40, b"\0" * 3])
def test_what_a_type_cannot_be_is_hex_and_never_raises(oid: int, data: bytes) -> None:
    found = decode(data, oid, True, 1000)
    fixed = {oids.INT2, oids.INT4, oids.INT8, oids.DATE, oids.TIMESTAMP, oids.UUID, oids.NUMERIC, oids.INET}
    assert oid not in fixed or len(data) == 4 or found == "\\x" + data.hex()


def test_long_values_are_cut() -> None:
    assert decode(b"x" * 100, oids.TEXT, True, 10) == "x" * 10
    assert decode(b"x" * 100, oids.TEXT, False, 10) == "x" * 10
    assert decode(b"\1" * 100, 0, True, 10) == "\\x" + "01" * 5
    assert decode(b"\1" * 100, oids.BYTEA, True, 10) == "\\x" + "01" * 10


def test_an_array_that_tells_of_more_than_it_holds() -> None:
    assert decode(array(oids.INT4, (1 << 30,), b"\0\0\0\1"), 1007, True, 100) == [1]
    assert (
        decode(struct.pack(">iiI", 7, 0, 23) + bytes(56), 1007, True, 100)
        == "\\x" + (struct.pack(">iiI", 7, 0, 23) + bytes(38)).hex()
    )
