"""The CRC-24 of segment headers, against a bit-by-bit one, and the start value of the CRC-32."""

from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.crc import CRC32_INIT, crc24


@given(st.binary(min_size=3, max_size=5))
def test_as_bit_by_bit(data: bytes) -> None:
    assert crc24(data) == w.crc24(data)


def test_known_values() -> None:
    """What `cassandra.segment` of cassandra-driver 3.30 computes."""
    assert crc24(b"\0\0\2") == 0xC4366A
    assert crc24(b"\5\4\3\2\1") == 0x55CD12
    assert CRC32_INIT == 0x44777ED3
