"""Frames of HTTP/2 (RFC 9113): types, flags, limits, and what a frame header may look like. Integers are big-endian.

The frame header (section 4.1) is read in the framing loop with `HEAD`; payloads that have a layout are declared.
"""

import re
from struct import Struct

import construct
from construct import GreedyBytes, GreedyRange, Int16ub, Int32ub

from pxcap.core.layout import layout
from pxcap.core.stream import REQUEST, RESPONSE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # section 3.4

HEAD = Struct(">HBBBL")  # length (its upper 16 bits, its lower 8), type, flags, reserved bit and stream
HEAD_SIZE = 9
STREAM = 0x7FFFFFFF

(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION) = range(10)
ALTSVC, ORIGIN, PRIORITY_UPDATE = 0x0A, 0x0C, 0x10  # RFC 7838, RFC 8336, RFC 9218
END_STREAM, END_HEADERS, PADDED, PRIORITIZED, ACK = 0x01, 0x04, 0x08, 0x20, 0x01
WHOLE = END_STREAM | END_HEADERS
NOT_PADDED = WHOLE | PRIORITIZED  # flags of HEADERS, of which any may be set
LEFT_ALONE = frozenset({PRIORITY, WINDOW_UPDATE, ALTSVC, ORIGIN, PRIORITY_UPDATE})

MAX_FRAME = 16384  # section 6.5.2: the least and initial SETTINGS_MAX_FRAME_SIZE
MAX_CONTROL = 65536  # bytes of a frame's payload, DATA aside, that are collected; a longer one is passed over
MAX_BLOCK = 256 << 10  # bytes of a header block in all its frames
MAX_FRAGMENTS = 1024  # frames of a header block

MAX_FRAME_SIZE = 0x5  # a setting

ERRORS = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip
"""Names of error codes, by number (section 7)."""

SETTING_LIST = layout(GreedyRange(construct.Struct("key" / Int16ub, "value" / Int32ub)), "h2 settings")  # 6.5.1
GOAWAY_FRAME = layout(
    construct.Struct("last" / Int32ub, "code" / Int32ub, "debug" / GreedyBytes), "h2 goaway"
)  # section 6.8
RESET_FRAME = layout(construct.Struct("code" / Int32ub), "h2 reset")  # section 6.4
PROMISE = layout(construct.Struct("stream" / Int32ub, "block" / GreedyBytes), "h2 promise")  # section 6.6

_FLAGS = (0x09, 0x2D, 0x00, 0x00, 0x01, 0x0C, 0x01, 0x00, 0x00, 0x04)  # those defined for each type
_SIZES = {PRIORITY: 5, RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}
_OF_STREAM = frozenset({DATA, HEADERS, PRIORITY, RST_STREAM, PUSH_PROMISE, CONTINUATION})
_OF_CONNECTION = frozenset({SETTINGS, PING, GOAWAY})
_LIKELY = re.compile(  # where a frame header may be that `plausible` accepts; empty, so that all places are found
    rb"(?=\x00(?:[\x00-\x3f][\x00-\xff]|\x40\x00)"
    rb"(?:[\x00\x01\x02\x03\x05\x09][\x00-\x2d](?!\x00{4})|[\x04\x06\x07][\x00\x01](?=\x00{4})|\x08\x00)"
    rb"[\x00-\x04][\x00-\xff]{3})"
)
_STATUS_FIRST, _STATUS_LAST = 8, 14  # :status in the static table; in front of it what only requests have
PROOF = 3  # frames
_USUAL_STREAM = 1 << 26  # a connection that counted further is not found in mid-stream


def error_name(code: int) -> str:
    """Name of an error code, or the number."""
    return ERRORS[code] if code < len(ERRORS) else f"0x{code:x}"


def frame_name(kind: int) -> str:
    """What an unknown frame is counted as."""
    return f"frame_type_0x{kind:02x}"


def well_formed(length: int, kind: int, stream: int) -> bool:
    """Whether a frame header at a place where one must be keeps to what makes any other a connection error (section 6)."""
    if kind >= len(_FLAGS):
        return True
    if not stream:
        return kind not in _OF_STREAM and _SIZES.get(kind, length) == length
    return kind not in _OF_CONNECTION and _SIZES.get(kind, length) == length


def plausible(length: int, kind: int, flags: int, stream: int) -> bool:
    """Whether a frame header is one that a peer sends who keeps to the standard and its usual limits."""
    if length > MAX_FRAME or kind >= len(_FLAGS) or flags & ~_FLAGS[kind] or stream > _USUAL_STREAM:
        return False
    if (kind in _OF_STREAM and not stream) or (kind in _OF_CONNECTION and stream):
        return False
    if kind in _SIZES:
        return length == _SIZES[kind]
    if kind == SETTINGS:
        return length % 6 == 0 and length <= 120 and not (flags & ACK and length)
    if kind == HEADERS:
        return length > 0 and not (stream & 1 == 0 and flags & PRIORITIZED)
    if kind == GOAWAY:
        return length >= 8
    return kind != PUSH_PROMISE or length > 4


def header_at(buf: bytes, pos: int) -> tuple[int, int, int, int]:
    """Length, type, flags and stream (with the reserved bit) of the frame header at `pos`, which must be there whole."""
    high, low, kind, flags, stream = HEAD.unpack_from(buf, pos)
    return high << 8 | low, kind, flags, stream


def block_of(buf: bytes, start: int, end: int, flags: int) -> bytes:
    """The header block in the payload of a HEADERS frame, without padding and priority (section 6.2)."""
    if flags & PADDED:
        end -= buf[start] if start < end else 0
        start += 1
    return buf[start + 5 if flags & PRIORITIZED else start : end]


def begins_message(block: bytes) -> int:
    """Which side's message a header block begins, REQUEST or RESPONSE, by what stands first in it; -1 when unknown.

    Pseudo-header fields come first (section 8.3), and their names stand in the static table (RFC 7541, appendix A). That
    the block is one to its end is looked at, too.
    """
    size = len(block)
    pos = first = 0
    while pos < size:
        octet = block[pos]
        prefix = 0x7F if octet >= 0x80 else 0x3F if octet >= 0x40 else 0x1F if octet >= 0x20 else 0x0F
        index, pos = _number(block, pos, prefix)
        if octet < 0x20 or octet >= 0x40:
            first = first or index or -1
            for _ in range(0 if octet >= 0x80 else 1 if index else 2):
                length, pos = _number(block, pos, 0x7F) if pos < size else (0, size + 1)
                pos += length
    if pos != size or not 0 < first <= _STATUS_LAST:
        return -1
    return REQUEST if first < _STATUS_FIRST else RESPONSE


def _number(block: bytes, pos: int, prefix: int) -> tuple[int, int]:
    """An integer (RFC 7541, section 5.1); behind the end of the block when it does not end in it or is too large."""
    value = block[pos] & prefix
    pos += 1
    if value < prefix:
        return value, pos
    for at in range(pos, min(pos + 3, len(block))):
        value += (block[at] & 0x7F) << 7 * (at - pos)
        if block[at] < 0x80:
            return value, at + 1
    return value, len(block) + 1


def find_frame(buf: bytes, pos: int, boundary: bool) -> tuple[int, int]:
    """Search a HEADERS frame that begins a message, or PROOF frames of any kind, one behind the other, at or behind `pos`.

    One header of another kind alone is not proof enough, in data that may be anything. Of several the one counts whose
    proof is complete first: that does not depend on how the bytes were cut, and a false beginning holds nothing up.

    Args:
        buf: The bytes.
        pos: Where to begin.
        boundary: No more bytes will come: frames that reach exactly to the end will do, however many they are.

    Returns:
        Where the first begins, or -1; and the position before which nothing is needed any more.
    """
    size = len(buf)
    found, proof, waits = -1, size + 1, -1
    for match in _LIKELY.finditer(buf, pos):
        at = match.start()
        if at + HEAD_SIZE >= proof:
            break
        end = _proven(buf, at, boundary)
        if end < 0:
            waits = at if waits < 0 else waits
        elif end and end < proof:
            found, proof = at, end
    if found >= 0:
        return found, found
    return -1, waits if waits >= 0 else max(pos, size - HEAD_SIZE + 1)


def _proven(buf: bytes, at: int, boundary: bool) -> int:
    """Where the proof ends that a frame begins at `at`; 0 when none does, -1 when more bytes are needed to know."""
    size = len(buf)
    for _ in range(PROOF):
        if at + HEAD_SIZE > size:
            return size if boundary and at == size else -1
        length, kind, flags, stream = header_at(buf, at)
        if not plausible(length, kind, flags, stream):
            return 0
        start = at + HEAD_SIZE
        at = start + length
        if at > size:
            return 0 if boundary else -1
        if kind == HEADERS and flags & END_HEADERS and begins_message(block_of(buf, start, at, flags)) >= 0:
            return at
        if kind == WINDOW_UPDATE and not 0 < int.from_bytes(buf[start:at], "big") <= STREAM:  # section 6.9
            return 0
    return at
