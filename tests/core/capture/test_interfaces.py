"""What a pcapng time stamp means, against exact arithmetic."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.capture.wires import option

from pxcap.core.capture.interfaces import Interface, read_interface

LAST = (1 << 63) - 1
HEAD = b"\x01\0\0\0\0\0\x04\0"


@settings(deadline=None, max_examples=300)
@given(
    units=st.integers(0, (1 << 64) - 1), resolution=st.integers(0, 255), offset=st.integers(-(1 << 63), (1 << 63) - 1)
)
def test_times(units: int, resolution: int, offset: int) -> None:
    base = 2 if resolution & 0x80 else 10
    exact = Fraction(units, base ** (resolution & 0x7F)) * 10**9
    without = int(Interface(1, 0, resolution).time(np.array([units], np.uint64))[0])
    if exact > LAST - 2 * 10**9:
        assert LAST - without <= 2 * 10**9
    else:
        assert floor(exact) - without in (0, 1)  # bits worth less than 0.06 ns are dropped, then the rest of a ns
    shifted = int(Interface(1, 0, resolution, offset).time(np.array([units], np.uint64))[0])
    assert abs(shifted - max(0, min(without + offset * 10**9, LAST))) <= 10**9 or abs(offset) > LAST // 10**9
    assert 0 <= shifted <= LAST


@pytest.mark.parametrize(
    ("options", "resolution", "offset"),
    [
        (b"", 6, 0),
        (option(9, b"\x09"), 9, 0),
        (option(2, b"eth0") + option(9, b"\x8a") + option(14, b"\xff" * 8) + option(0, b""), 0x8A, -1),
        (option(0, b"") + option(9, b"\x09"), 6, 0),
        (option(9, b"\x09\x09") + option(14, b"\1"), 6, 0),
        (b"\x09\0\xff\xff\x03", 6, 0),
        (b"\x09\0", 6, 0),
    ],
)
def test_options(options: bytes, resolution: int, offset: int) -> None:
    assert read_interface(HEAD + options, "<") == Interface(1, 0x40000, resolution, offset)


def test_big_endian() -> None:
    body = b"\0\x65\0\0\0\0\0\x60" + option(14, b"\0" * 7 + b"\5", ">")
    assert read_interface(body, ">") == Interface(101, 96, 6, 5)
