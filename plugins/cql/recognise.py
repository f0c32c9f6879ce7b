"""Is it CQL? The version byte tells the direction, the opcode the shape of the body; segments have a checksum.

A new connection begins with OPTIONS or STARTUP. In mid-stream a message whose body fits its opcode will do, and a second
one behind it makes sure.
"""

from struct import Struct

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.cql.resync import fits, starts_message
from pxcap.plugins.cql.segments import Head, head_at
from pxcap.plugins.cql.wire import (
    AUTHENTICATE,
    COMPRESSED,
    ERROR,
    EVENT,
    FLAGS,
    HEADER_SIZE,
    OLD,
    OLD_HEADER_SIZE,
    OPTIONS,
    PAYLOAD,
    PREPARE,
    QUERY,
    READY,
    REGISTER,
    RESULT,
    STARTUP,
    SUPPORTED,
    TRACING,
    VERSIONS,
    WARNING,
)

_HEADER, _OLD_HEADER = Struct(">BBhBI").unpack_from, Struct(">BBbBI").unpack_from

ONE = 85  # one message whose body fits
WEAK = 30  # one message of whose body little can be told: too little alone, enough if the other side agrees
ASKED = 90  # OPTIONS alone: nine bytes, nearly all of them zero
BEGUN = 30  # too little to tell, and it fits
_FIRST = 1 << 16  # bytes of the longest first message believed: options and what they are answered with are short


_STRONG = frozenset({QUERY, PREPARE, REGISTER, STARTUP, SUPPORTED, AUTHENTICATE, ERROR, RESULT, EVENT})
"""Opcodes whose body begins with what hardly anything else does."""


def recognise(sample: Sample) -> int:
    """How sure a sample is CQL in this orientation; any side may be empty."""
    request = _side(sample.request, 0, sample.midstream)
    response = _side(sample.response, 1, sample.midstream)
    if request is None:
        return NO if response is None else response
    if response is None:
        return request
    if NO in (request, response):  # in mid-stream one of them may begin inside a message
        return max(request, response) if sample.midstream and max(request, response) > WEAK else NO
    return SURE


def _side(data: bytes, direction: int, midstream: bool) -> int | None:
    if not data:
        return None
    begun = _beginning(data, direction)
    if not midstream or begun == SURE:  # the handshake alone may not have been captured
        return begun
    if (head := head_at(data, 0)) is not None and head.size:
        return _segment(data, head, direction)
    return _messages(data, direction)


def _segment(data: bytes, head: Head, direction: int) -> int:
    """A segment is CQL for sure; which side sent it the message in it tells, unless it is the rest of a long one."""
    at = head.length
    if head.unpacked:  # LZ4 begins with the number of bytes it copies, and these bytes
        at += 1
        if data[at - 1 : at] >= b"\xf0":
            while data[at : at + 1] == b"\xff":
                at += 1
            at += 1
        if at >= len(data):
            return ONE
        return (SURE if data[at] >> 7 == direction else NO) if head.self_contained else ONE
    if starts_message(data, at, 1 - direction):
        return NO
    return SURE if starts_message(data, at, direction) else ONE


def _beginning(data: bytes, direction: int) -> int:
    """The first bytes of a connection: OPTIONS or STARTUP, and what answers them."""
    version = data[0] & 0x7F
    if data[0] >> 7 != direction or version not in VERSIONS or (len(data) > 1 and data[1] & ~FLAGS):
        return NO
    old = version < OLD
    start = OLD_HEADER_SIZE if old else HEADER_SIZE
    if len(data) < start:
        return BEGUN if len(data) > 4 else NO
    _, _, stream, opcode, size = (_OLD_HEADER if old else _HEADER)(data, 0)
    if direction:
        if opcode not in (SUPPORTED, READY, ERROR, AUTHENTICATE):
            return NO
        if size > _FIRST:
            return NO
        return ONE if old or fits(data, 0, 1) is not False else NO
    if stream < 0 or opcode not in (OPTIONS, STARTUP):
        return NO
    if opcode == OPTIONS:
        if size:
            return NO
        return ASKED if len(data) == start else max(_beginning(data[start:], 0), NO)
    if not 15 <= size <= _FIRST or data[start + 2 : start + 4] == b"\0\0":
        return NO
    body = data[start : start + size]
    if b"CQL_VERSION" in body:
        return SURE
    return ONE if len(body) < size and fits(data, 0, 0) is not False else NO


def _messages(data: bytes, direction: int) -> int:
    """Messages one behind the other from the first byte on."""
    pos = found = 0
    strong = True
    while pos < len(data) and found < 3:
        fit = fits(data, pos, direction)
        if fit is False:
            return NO
        if fit is None:
            break
        _, flags, _, opcode, size = _HEADER(data, pos)
        strong = opcode in _STRONG and not flags & (COMPRESSED | TRACING | PAYLOAD | WARNING)
        pos += HEADER_SIZE + size
        found += 1
    if not found:
        return NO
    return SURE if found > 1 else ONE if strong else WEAK
