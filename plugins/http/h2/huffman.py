"""Huffman-coded strings (RFC 7541, section 5.2), by the tables of the library `hpack`, a byte a step instead of a nibble.

A step is `(state, byte)` to `(next state, bytes it emits)`, made from two steps of the library's table when it is first
needed: at most 65536 of them.
"""

from hpack.huffman_table import HUFFMAN_COMPLETE, HUFFMAN_EMIT_SYMBOL, HUFFMAN_FAIL, HUFFMAN_TABLE

_FAILED = -1
_COMPLETE = {0} | {entry[0] for entry in HUFFMAN_TABLE if entry[1] & HUFFMAN_COMPLETE}
MAX_STRINGS, MAX_STRING = 4096, 256  # entries, and bytes of the longest string remembered


class _Steps(dict[int, tuple[int, bytes]]):
    """Steps by `state << 8 | byte`; the next state is shifted already."""

    def __missing__(self, key: int) -> tuple[int, bytes]:
        state, out = key >> 8, b""
        for nibble in (key >> 4 & 15, key & 15):
            state, flags, symbol = HUFFMAN_TABLE[state << 4 | nibble]
            if flags & HUFFMAN_FAIL:
                step = (_FAILED, b"")
                break
            if flags & HUFFMAN_EMIT_SYMBOL:
                out += bytes((symbol,))
        else:
            step = (state << 8, out)
        self[key] = step
        return step


_steps = _Steps()
_strings: dict[bytes, bytes | None] = {}


def decode(data: bytes) -> bytes | None:
    """The string; None when the bytes are no Huffman code, or their padding is not what it must be."""
    known = _strings.get(data)
    if known is not None:
        return known
    text = _decode(data)
    if len(data) <= MAX_STRING:
        if len(_strings) >= MAX_STRINGS:
            _strings.clear()
        _strings[data] = text
    return text


def _decode(data: bytes) -> bytes | None:
    state = 0
    out = []
    steps = _steps
    for byte in data:
        state, piece = steps[state | byte]
        if state < 0:
            return None
        out.append(piece)
    return b"".join(out) if state >> 8 in _COMPLETE else None
