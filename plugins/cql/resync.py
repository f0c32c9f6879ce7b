"""Where a message or a segment begins in bytes that start anywhere: after a loss, in a connection joined in mid-stream.

A header alone is weak evidence, as rows hold any bytes; so the body must fit too, as far as it is defined. The checksum in
the header of a segment is strong. Only the bytes decide, never how they were cut.
"""

import re
from struct import Struct

from pxcap.plugins.cql.segments import LZ4_HEAD, head_at
from pxcap.plugins.cql.wire import (
    AUTH_CHALLENGE,
    AUTH_RESPONSE,
    AUTH_SUCCESS,
    AUTHENTICATE,
    BATCH,
    COMPRESSED,
    DSE1,
    ERROR,
    EVENT,
    EVENTS,
    EXECUTE,
    FLAGS,
    HEADER_SIZE,
    MAX_MESSAGE,
    OLD,
    OPTIONS,
    PAYLOAD,
    PREPARE,
    QUERY,
    READY,
    REGISTER,
    REQUESTS,
    RESPONSES,
    RESULT,
    STARTUP,
    SUPPORTED,
    TRACING,
    VERSIONS,
    WARNING,
    WIDE,
)

WINDOW = 64  # bytes from its beginning by which a message is judged
RAW, FRAMED = "raw", "framed"

_HEADER = Struct(">BBhBI").unpack_from
_I32, _U16 = Struct(">i").unpack_from, Struct(">H").unpack_from
_STARTS = (rb"[\x03-\x06\x41\x42](?:[\x00-\x1f]|\Z)", rb"[\x83-\x86\xc1\xc2](?:[\x00-\x1f]|\Z)")  # by direction
_HEADS = rb"..[\x00-\x03]|....[\x00-\x07]"  # of both kinds of segment
_WORD = re.compile(rb"[A-Z][A-Z_]{1,}")
_STATEMENT = re.compile(rb"[A-Za-z/\-\s(]")
_EVENT_NAMES = tuple(event.encode() for event in EVENTS)
_CODES = frozenset(range(0x1000, 0x2600)) | {0, 0x0A, 0x100}
_TAIL = {ERROR: 6, RESULT: 4, AUTHENTICATE: 2, SUPPORTED: 2, EVENT: 2, QUERY: 7, PREPARE: 4, BATCH: 6, EXECUTE: 5}
_ZEROS, _RUN = bytes(LZ4_HEAD), re.compile(rb"\0+")
_CANDIDATES = {
    (direction, framing): re.compile(rb"(?=" + pattern + rb")", re.DOTALL)
    for direction, start in enumerate(_STARTS)
    for framing, pattern in ((RAW, start), (FRAMED, _HEADS), ("", start + b"|" + _HEADS))
}


def fits(buf: bytes, pos: int, direction: int) -> bool | None:
    """Whether a message of version 3 or later begins at `pos`; None when there are too few bytes to tell."""
    have = len(buf) - pos
    if have < HEADER_SIZE:
        return None if plausible_start(buf, pos, direction) else False
    version, flags, stream, opcode, size = _HEADER(buf, pos)
    if not plausible_start(buf, pos, direction) or size > MAX_MESSAGE:
        return False
    if direction != version >> 7 or opcode not in (RESPONSES if direction else REQUESTS):
        return False
    if not direction and flags & WARNING:
        return False
    if (stream < 0) != (opcode == EVENT) or size < _TAIL.get(opcode, 0):
        return False
    wanted = min(HEADER_SIZE + size, WINDOW)
    if have < wanted:
        return None
    body = buf[pos + HEADER_SIZE : pos + wanted]
    if flags & COMPRESSED:
        return opcode not in (OPTIONS, STARTUP) and _fits_packed(body, size)
    if flags & (WARNING | PAYLOAD) or (flags & TRACING and direction):
        return _fits_flagged(body, flags, direction)
    return _fits_body(body, size, opcode, direction)


def plausible_start(buf: bytes, pos: int, direction: int) -> bool:
    """Whether the first two bytes, as far as they are there, can begin a header."""
    if pos >= len(buf):
        return True
    version = buf[pos]
    if version >> 7 != direction or version & 0x7F not in VERSIONS or version & 0x7F < OLD:
        return False
    return pos + 1 >= len(buf) or buf[pos + 1] & ~FLAGS == 0


def _fits_packed(body: bytes, size: int) -> bool:
    """LZ4 behind its length before compression, or snappy behind it as a varint; neither grows more than 255-fold."""
    if size < 2:
        return False
    plain = int.from_bytes(body[:4], "big")
    if len(body) > 4 and 0 < plain <= min(MAX_MESSAGE, 255 * size) and size <= plain + plain // 255 + 20:
        return True
    value = shift = 0
    for byte in body[:5]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return 0 < value <= 64 * size and size <= value + value // 6 + 32
    return False


def _fits_flagged(body: bytes, flags: int, direction: int) -> bool:
    """What stands in front of a body: a tracing id (any bytes), strings."""
    pos = 16 if flags & TRACING and direction else 0
    if not flags & (WARNING | PAYLOAD) or len(body) < pos + 4:
        return True
    return bool(0 < _U16(body, pos)[0] < 1024 and 0 < _U16(body, pos + 2)[0] < 32768)


def _fits_body(body: bytes, size: int, opcode: int, direction: int) -> bool:
    if opcode in (OPTIONS, READY):
        return size == 0
    if opcode == RESULT:
        kind = _I32(body, 0)[0]
        return bool(1 <= kind <= 5 and (kind != 1 or size == 4))
    if opcode == ERROR:
        return bool(_I32(body, 0)[0] in _CODES and _U16(body, 4)[0] <= size - 6)
    if opcode in (QUERY, PREPARE):
        length = _I32(body, 0)[0]
        return 0 < length <= size - 4 and _STATEMENT.match(body, 4) is not None
    if opcode == EXECUTE:
        return bool(4 <= _U16(body, 0)[0] <= size - 5)
    if opcode == BATCH:
        return body[0] <= 2 and (size == 6 or body[3] <= 1)
    if opcode in (STARTUP, SUPPORTED, REGISTER):
        return size > 6 and 0 < _U16(body, 0)[0] < 64 and _WORD.match(body, 4) is not None
    if opcode == EVENT:
        return body.startswith(_EVENT_NAMES, 2)
    if opcode == AUTHENTICATE:
        return bool(0 < _U16(body, 0)[0] == size - 2)
    if opcode in (AUTH_RESPONSE, AUTH_CHALLENGE, AUTH_SUCCESS):
        return size >= 4 and _I32(body, 0)[0] in (-1, size - 4)
    return False


def starts_message(payload: bytes, pos: int, direction: int) -> bool:
    """Whether the payload of a v5 segment begins with a message; of a long one the later segments do not."""
    return fits(payload, pos, direction) is True


def _unframed(buf: bytes, pos: int) -> bool:
    """Whether a message that may begin at `pos` needs no segment around it: one in v5 does but for the handshake."""
    version = buf[pos] & 0x7F
    return not WIDE <= version < DSE1 or buf[pos + 4 : pos + 5] in _HANDSHAKE


_HANDSHAKE = (b"", *(bytes([opcode]) for opcode in (OPTIONS, STARTUP, SUPPORTED, AUTHENTICATE)))


def find(buf: bytes, pos: int, direction: int, framing: str) -> tuple[int, str]:
    """Position of the next message or segment and its kind, RAW or FRAMED.

    `framing` tells which to look for; empty for both. When there is none the kind is empty, and the position is from
    where to look on when more bytes came, at most WINDOW before the end.
    """
    size = len(buf)
    search = _CANDIDATES[direction, framing].search
    while (match := search(buf, pos)) is not None:
        if framing != RAW and size - match.start() < LZ4_HEAD:
            break  # what begins before it may be a header of which too little is there to be seen
        pos = match.start()
        if framing != FRAMED and (fit := fits(buf, pos, direction)) is not False and (framing or _unframed(buf, pos)):
            return (pos, RAW) if fit else (pos, "")
        if framing != RAW:
            if buf[pos : pos + LZ4_HEAD] == _ZEROS:  # begins nothing, and there may be many
                pos = max(pos, _RUN.match(buf, pos).end() - LZ4_HEAD)  # type: ignore[union-attr]
            elif (head := head_at(buf, pos)) is not None and head.size:
                return pos, FRAMED
        pos += 1
    return (size if framing == RAW else max(pos, size - LZ4_HEAD + 1)), ""
