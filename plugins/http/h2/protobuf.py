"""Protocol Buffers without their schema (protobuf.dev, "Encoding"): fields by number, as JSON.

The wire says how long a field is, not what it means. So: a varint is shown as an unsigned number, or a negative one where
only that takes ten bytes; a fixed one as the float or double it may be where that is a usual number, else as an integer;
bytes as text where they are printable text, as a message where they can be one, else in hexadecimal. A field that is
repeated has an array, at the place of the first.
"""

import math
import re
import struct
from typing import Any

from pxcap.core.text import to_json

MAX_DEPTH = 16  # of messages in messages
MAX_FIELDS = 4096  # of one message with those inside it
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WEIRD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_VARINT, _I64, _LEN, _SGROUP, _EGROUP, _I32 = range(6)


class _NoMessage(Exception):
    """These bytes are none."""


def render(data: bytes, limit: int) -> str:
    """A message as JSON; `data` may be its beginning only, and no more than about `limit` bytes of it are looked at."""
    if not data:
        return "{}"
    counter = [MAX_FIELDS]
    try:
        found, _ = _message(data[:limit], 0, min(len(data), limit), 0, counter, -1, True)
    except _NoMessage:
        return to_json(_hex(data[:limit]))
    return to_json(found)


def _message(
    data: bytes, pos: int, end: int, depth: int, counter: list[int], group: int, lenient: bool
) -> tuple[dict[str, Any], int]:
    """The fields of data[pos:end]; with `group` up to the end of that group; `lenient`: the end may be missing."""
    found: dict[str, Any] = {}
    repeated: set[str] = set()
    while pos < end:
        start = pos
        try:
            tag, pos = _varint(data, pos, end)
            number, kind = tag >> 3, tag & 7
            if not number or number > 0x1FFFFFFF:
                raise _NoMessage
            if kind == _EGROUP:
                if number != group:
                    raise _NoMessage
                return found, pos
            value, pos = _value(data, pos, end, number, kind, depth, counter, lenient)
        except _NoMessage:
            if lenient and start and not depth:
                break
            raise
        key = str(number)
        if key not in found:
            found[key] = value
        elif key in repeated:
            found[key].append(value)
        else:
            repeated.add(key)
            found[key] = [found[key], value]
        counter[0] -= 1
        if counter[0] <= 0:
            break
    if group >= 0 and counter[0] > 0 and not lenient:
        raise _NoMessage
    return found, pos


def _value(
    data: bytes, pos: int, end: int, number: int, kind: int, depth: int, counter: list[int], lenient: bool
) -> tuple[Any, int]:
    if kind == _VARINT:
        value, pos = _varint(data, pos, end)
        return value - (1 << 64) if value >> 63 else value, pos
    if kind == _LEN:
        size, pos = _varint(data, pos, end)
        stop = pos + size
        if stop > end:
            if not lenient or depth:
                raise _NoMessage
            return _piece(data[pos:end], depth, counter), end
        return _piece(data[pos:stop], depth, counter), stop
    if kind == _SGROUP:
        if depth >= MAX_DEPTH:
            raise _NoMessage
        return _message(data, pos, end, depth + 1, counter, number, False)
    if kind == _I64 and pos + 8 <= end:
        return _fixed(data[pos : pos + 8], _DOUBLE), pos + 8
    if kind == _I32 and pos + 4 <= end:
        return _fixed(data[pos : pos + 4], _FLOAT), pos + 4
    raise _NoMessage


def _varint(data: bytes, pos: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while pos < end and shift < 70:
        octet = data[pos]
        pos += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, pos
        shift += 7
    raise _NoMessage


def _piece(data: bytes, depth: int, counter: list[int]) -> Any:
    """What a length-delimited field holds."""
    if not data:
        return ""
    try:
        text: str | None = data.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and not _CONTROL.search(text):
        return text
    if depth < MAX_DEPTH and counter[0] > 0:
        try:
            return _message(data, 0, len(data), depth + 1, counter, -1, False)[0]
        except _NoMessage:
            pass
    if text is not None and not _WEIRD.search(text):
        return text
    return _hex(data)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _fixed(data: bytes, form: struct.Struct) -> int | float:
    number: float = form.unpack(data)[0]
    if number == 0:
        return 0
    if math.isfinite(number) and 1e-6 <= abs(number) < 1e15:
        return number if form is _DOUBLE else float(f"{number:.7g}")
    return int.from_bytes(data, "little")
