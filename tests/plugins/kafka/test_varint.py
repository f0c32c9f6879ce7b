import pytest
from tests.plugins.kafka import encode

from pxcap.plugins.kafka.types import Bad
from pxcap.plugins.kafka.varint import uvarint, varint


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 16383, 16384, 2**31 - 1, 2**63 - 1])
def test_values_come_back(value: int) -> None:
    data = b"x" + encode.uvarint(value) + b"rest"
    assert uvarint(data, 1) == (value, len(data) - 4)
    for signed in (value, -value - 1):
        data = encode.varint(signed)
        assert varint(data, 0) == (signed, len(data))


def test_an_end_inside_one_and_one_without_end() -> None:
    with pytest.raises(IndexError):
        uvarint(b"\x80\x80", 0)
    with pytest.raises(Bad):
        uvarint(b"\xff" * 30, 0)
