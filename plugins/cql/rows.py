"""Rows of a result as lines of JSON, as many as there is room for."""

from collections.abc import Sequence

from pxcap.core.text import quote, to_text
from pxcap.plugins.cql.fast import SMALL, fits, loop_for
from pxcap.plugins.cql.types import Decode
from pxcap.plugins.cql.values import odd, textual

_NEGATIVE = 0x80000000


def row_lines(buf: bytes, pos: int, count: int, decoders: Sequence[Decode], room: int) -> list[str]:
    """The first of `count` rows of `buf` from `pos` on, each a JSON array; at most about `room` characters together.

    Each value is a [bytes] (section 4.2.5.2). Where the body was cut, or a long value finds too little room, the
    row ends with what there is of it, unclosed.
    """
    lines: list[str] = []
    from_bytes, end = int.from_bytes, len(buf)
    if (loop := loop_for(decoders)) is not None:
        after, left = loop(buf, pos, end, count, room, decoders, lines)
        text = "\n".join(lines)
        if lines and after <= end and fits(text, left):
            pos = after
            room -= len(text) + 1
            count -= len(lines)
        else:
            lines.clear()
    for _ in range(count):
        cells: list[str] = []
        append = cells.append
        for decode in decoders:
            size = from_bytes(buf[pos : pos + 4], "big")
            pos += 4
            if size >= _NEGATIVE:
                append("null")
                continue
            after = pos + size
            if after > end or size > max(room, SMALL):
                if pos < end:
                    append(begun(buf[pos : min(after, end)], size, decode, room))
                if cells:
                    lines.append("[" + ",".join(cells))
                return lines
            append(decode(buf[pos:after]))
            pos = after
        line = "[" + ",".join(cells) + "]"
        room -= len(line) + 1
        if room < 0 and lines:
            return lines
        lines.append(line)
    return lines


def begun(data: bytes, size: int, decode: Decode, room: int) -> str:
    """The beginning of a value of `size` bytes as JSON, and its size."""
    data = data[: max(room, 0)]
    shown = quote(to_text(data)) if textual(decode) else odd(data[: len(data) // 2])
    return f'{shown[:-1]}...({size} bytes)"'
