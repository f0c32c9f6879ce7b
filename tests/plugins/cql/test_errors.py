"""Every error code with its fields; fixtures/cql/errors shows all of them."""

import struct

import pytest
from tests.plugins.cql import wires as w

from pxcap.plugins.cql.errors import ERRORS, error_name, read_error

LEVEL = struct.pack(">Hii", 4, 1, 2)


def error(code: int, extra: bytes = b"") -> bytes:
    return w.number(code) + w.string("message") + extra


def test_fields_differ_between_versions() -> None:
    reasons = w.number(1) + b"\x04\xc0\0\2\1" + b"\0\2"
    assert read_error(error(0x1300, LEVEL + w.number(1) + b"\1"), 0, 4) == (
        0x1300,
        "Read failure: message (consistency=QUORUM, received=1, required=2, failures=1, data_present=true)",
        True,
    )
    assert read_error(error(0x1300, LEVEL + reasons + b"\0"), 0, 5)[1] == (
        "Read failure: message (consistency=QUORUM, received=1, required=2, reasons=[192.0.2.1: TIMEOUT], "
        "data_present=false)"
    )


def test_contentions_of_compare_and_set() -> None:
    assert "contentions=3" in read_error(error(0x1100, LEVEL + w.string("CAS") + b"\0\3"), 0, 5)[1]
    assert "contentions" not in read_error(error(0x1100, LEVEL + w.string("SIMPLE") + b"\0\3"), 0, 5)[1]


@pytest.mark.parametrize("code", ERRORS)
def test_without_its_fields_an_error_is_still_one(code: int) -> None:
    found, text, _ = read_error(error(code), 0, 5)
    assert (found, text) == (code, f"{error_name(code)}: message")


def test_unknown_codes() -> None:
    assert error_name(0x7777) == "Error 0x7777"
    assert read_error(error(0x7777), 0, 4) == (0x7777, "Error 0x7777: message", True)
    with pytest.raises((ValueError, struct.error)):
        read_error(b"\0\0\0\0\0\x09", 0, 4)
