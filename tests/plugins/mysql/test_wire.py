"""Length-encoded numbers and strings."""

import pytest

from pxcap.plugins.mysql.wire import lenenc, lenenc_bytes


@pytest.mark.parametrize(
    ("data", "number", "size"),
    [
        (b"\x07", 7, 1),
        (b"\xfb", -1, 1),
        (b"\xfc\0\1", 256, 3),
        (b"\xfd\0\0\1", 65536, 4),
        (b"\xfe" + b"\1" + bytes(7), 1, 9),
    ],
)
def test_numbers(data: bytes, number: int, size: int) -> None:
    assert lenenc(b"x" + data, 1) == (number, 1 + size)


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xfc\1", b"\xfe\1\2"])
def test_numbers_that_are_none(data: bytes) -> None:
    with pytest.raises(IndexError):
        lenenc(data, 0)


def test_strings() -> None:
    assert lenenc_bytes(b"\3abcd", 0) == (b"abc", 4)
    assert lenenc_bytes(b"\xfb", 0) == (b"", 1)
    with pytest.raises(IndexError):
        lenenc_bytes(b"\4abc", 0)
