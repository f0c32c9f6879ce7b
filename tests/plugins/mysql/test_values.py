"""Values of the binary protocol."""

import struct

import pytest

from pxcap.plugins.mysql.values import UnreadableError, value


@pytest.mark.parametrize(
    ("kind", "data", "wanted"),
    [
        (1, b"\xfe", -2),
        (8, b"\xff" * 8, -1),
        (4, struct.pack("<f", 1.1), 1.1),
        (5, struct.pack("<d", -0.5), -0.5),
        (10, b"\4\xe8\7\2\x1d", "2024-02-29"),
        (12, b"\4\xe8\7\2\x1d", "2024-02-29 00:00:00"),
        (12, b"\7\xe8\7\2\x1d\1\2\3", "2024-02-29 01:02:03"),
        (7, b"\x0b\xe8\7\2\x1d\1\2\3\1\0\0\0", "2024-02-29 01:02:03.000001"),
        (12, b"\0", "0000-00-00 00:00:00"),
        (11, b"\0", "00:00:00"),
        (11, b"\x0c\1\1\0\0\0\1\2\3\5\0\0\0", "-25:02:03.000005"),
        (246, b"\x041.50", "1.50"),
        (252, b"\2\0\xff", "\\x00\\xff"),
        (6, b"", None),
    ],
)
def test_a_value_by_its_type(kind: int, data: bytes, wanted: object) -> None:
    assert value(data, 0, kind, False, "utf-8") == (wanted, len(data))
    if data:
        with pytest.raises(UnreadableError):
            value(data[:-1], 0, kind, False, "utf-8")


def test_unsigned_and_unknown() -> None:
    assert value(b"\xff", 0, 1, True, "utf-8") == (255, 1)
    with pytest.raises(UnreadableError):
        value(b"\0" * 9, 0, 100, False, "utf-8")
