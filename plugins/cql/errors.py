"""Errors as text (section 9): name, message, and the fields that some of them add."""

from struct import Struct
from typing import Any

from pxcap.core.layout import Invalid, Layout, Partial
from pxcap.core.text import to_text
from pxcap.plugins.cql import wire
from pxcap.plugins.cql.datatypes import read_string
from pxcap.plugins.cql.requests import consistency_name
from pxcap.plugins.cql.values import inet
from pxcap.plugins.cql.wire import WIDE

_I32, _U16 = Struct(">i").unpack_from, Struct(">H").unpack_from

ERRORS: dict[int, tuple[str, Layout | None, Layout | None]] = {
    # code: name, what follows the message in v3 and v4, what follows in v5
    0x0000: ("Server error", None, None),
    0x000A: ("Protocol error", None, None),
    0x0100: ("Authentication error", None, None),
    0x1000: ("Unavailable", wire.UNAVAILABLE, wire.UNAVAILABLE),
    0x1001: ("Overloaded", None, None),
    0x1002: ("Is_bootstrapping", None, None),
    0x1003: ("Truncate error", None, None),
    0x1100: ("Write timeout", wire.WRITE_TIMEOUT, wire.WRITE_TIMEOUT),
    0x1200: ("Read timeout", wire.READ_TIMEOUT, wire.READ_TIMEOUT),
    0x1300: ("Read failure", wire.READ_FAILURE_V4, wire.READ_FAILURE),
    0x1400: ("Function failure", wire.FUNCTION_FAILURE, wire.FUNCTION_FAILURE),
    0x1500: ("Write failure", wire.WRITE_FAILURE_V4, wire.WRITE_FAILURE),
    0x1600: ("CDC write failure", None, None),
    0x1700: ("CAS write unknown", wire.CAS_UNKNOWN, wire.CAS_UNKNOWN),
    0x2000: ("Syntax error", None, None),
    0x2100: ("Unauthorized", None, None),
    0x2200: ("Invalid", None, None),
    0x2300: ("Config error", None, None),
    0x2400: ("Already exists", wire.ALREADY_EXISTS, wire.ALREADY_EXISTS),
    0x2500: ("Unprepared", wire.UNPREPARED, wire.UNPREPARED),
}
REASONS = {0: "UNKNOWN", 1: "READ_TOO_MANY_TOMBSTONES", 2: "TIMEOUT", 3: "INCOMPATIBLE_SCHEMA", 4: "READ_SIZE"}
"""Failure codes of a replica (`RequestFailureReason.java`, Cassandra 5.0); later ones are shown as numbers."""


def error_name(code: int) -> str:
    """Name of an error code, or its number."""
    return ERRORS[code][0] if code in ERRORS else f"Error {code:#06x}"


def read_error(body: bytes, pos: int, version: int) -> tuple[int, str, bool]:
    """Code and text of an ERROR, and whether all of it could be read.

    Raises:
        struct.error, ValueError: Not even the message is there.
    """
    code = _I32(body, pos)[0]
    message, pos = read_string(body, pos + 4)
    text = f"{error_name(code)}: {message}"
    entry = ERRORS.get(code)
    if entry is None:
        return code, text, True
    made = entry[2] if version >= WIDE else entry[1]
    if made is None:
        return code, text, True
    try:
        extra, pos = made.parse(body, pos)
    except (Partial, Invalid):
        return code, text, False
    fields = [f"{name}={_shown(name, getattr(extra, name))}" for name in extra.__slots__]
    if version >= WIDE and getattr(extra, "write_type", b"") == b"CAS" and len(body) >= pos + 2 and code == 0x1100:
        fields.append(f"contentions={_U16(body, pos)[0]}")
    return code, f"{text} ({', '.join(fields)})", True


def _shown(name: str, value: Any) -> str:
    if name == "consistency":
        return consistency_name(value)
    if name == "data_present":
        return "true" if value else "false"
    if name == "id":
        return f"0x{value.hex()}"
    if name == "reasons":
        return "[" + ", ".join(f"{_address(item.address)}: {_reason(item.code)}" for item in value) + "]"
    if name == "arg_types":
        return "[" + ", ".join(map(to_text, value)) + "]"
    return to_text(value) if isinstance(value, bytes) else str(value)


def _address(data: bytes) -> str:
    return inet(data).strip('"')


def _reason(code: int) -> str:
    return REASONS.get(code, str(code))
