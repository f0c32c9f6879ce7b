"""Is it PostgreSQL? By the first message of a connection, or in mid-stream by messages that follow each other exactly.

Section 54.7. A message is a type and a length; a chain of them that fits the side, ends where it should and holds what
each type must hold is no accident.
"""

from pxcap.core.protocol import NO, REQUEST, RESPONSE, SURE, Sample
from pxcap.plugins.pgsql import wire
from pxcap.plugins.pgsql.lane import HEADER
from pxcap.plugins.pgsql.resync import begins
from pxcap.plugins.pgsql.wire import HEADER_SIZE

FIRST_CODES = frozenset({wire.SSL_REQUEST, wire.GSSENC_REQUEST, wire.CANCEL_REQUEST})
LIKELY = 60
_VALID = (wire.REQUESTS, wire.RESPONSES)
_TELLING = (frozenset(b"QPBDECSXH"), frozenset(b"Z12CTDEntSKGHW"))
_METHODS = frozenset({0, 2, 3, 5, 6, 7, 9, 10})  # that the first message may ask for (section 55.7, Authentication...)
_FIRST_ANSWERS = b"RENSGv"
_LONGEST_GREETING = 1024
_ENDLESS = frozenset(b"QPBdDT")  # may well be longer than a sample


def recognise(sample: Sample) -> int:
    """How sure it is, NO to SURE."""
    request, response = sample.request, sample.response
    if not sample.midstream and len(request) >= 8:
        if not _is_first(request):
            return NO
        return SURE
    if (_opens(request) and (not response or response[0] in _FIRST_ANSWERS)) or (not request and _greets(response)):
        return SURE
    if not sample.midstream:
        return NO
    asked = _chain(REQUEST, request) if request else 0
    told = _chain(RESPONSE, response) if response else 0
    if asked < 0 or told < 0:
        return NO
    if asked >= 2 or told >= 2 or (asked and told):
        return SURE
    return LIKELY if asked or told else NO


def _is_first(data: bytes) -> bool:
    first, _ = wire.FIRST.parse(data, 0, 8)
    if first.code in FIRST_CODES:
        return bool(first.size == 8 if first.code != wire.CANCEL_REQUEST else 12 <= first.size <= 268)
    if first.code >> 16 != wire.MAJOR or first.code & 0xFFFF > 99 or not 9 <= first.size <= wire.MAX_STARTUP:
        return False
    return (
        len(data) < 9 or (data[8] == 0 and first.size == 9) or 0x5F <= data[8] <= 0x7A
    )  # a name: user, database, _pq_


def _opens(data: bytes) -> bool:
    """A first message no other bytes are likely to be: with its code, or the name of the parameter it must have."""
    if len(data) < 8 or not _is_first(data[:9]):
        return False
    return int.from_bytes(data[4:8], "big") in FIRST_CODES or b"user\0" in data[8:512]


def _greets(data: bytes) -> bool:
    """The first bytes of a server: a request to authenticate, or that all is well; before it the answer to SSLRequest."""
    start = 1 if data[:1] in (b"N", b"S", b"G") and data[1:2] == b"R" else 0
    if data[start : start + 1] != b"R" or len(data) < start + 9:
        return False
    size, method = (int.from_bytes(data[at : at + 4], "big") for at in (start + 1, start + 5))
    return 8 <= size <= _LONGEST_GREETING and method in _METHODS and _chain(RESPONSE, data[start:]) >= 0


def _chain(side: int, data: bytes) -> int:
    """How many messages follow each other from the first byte; -1 when something else does."""
    pos = count = 0
    while len(data) - pos >= HEADER_SIZE:
        kind, size = HEADER(data, pos)
        stop = pos + 1 + size
        if kind not in _VALID[side] or not 4 <= size <= wire.MAX_MESSAGE or not _fits(side, data, pos, stop):
            return -1
        if stop > len(data) and kind not in _ENDLESS:
            return -1 if len(data) < 4096 and not count else count
        count += kind in _TELLING[side] and stop <= len(data)
        pos = stop
    return count


def _fits(side: int, data: bytes, pos: int, stop: int) -> bool:
    """The beginning of a message's body is what its type must have."""
    if stop - pos > 6 and len(data) - pos < 7:
        return True
    if not begins(side, data, pos):
        return False
    kind = data[pos]
    if stop > len(data):
        return True
    if (side == REQUEST and kind in b"QPBE") or (side == RESPONSE and kind in b"CSEN"):
        return data[stop - 1] == 0 or kind in b"PBE"
    if side == RESPONSE and kind in b"GHW":  # COPY begins: a format, and one for each column
        return stop - pos == 8 + 2 * int.from_bytes(data[pos + 6 : pos + 8], "big")
    return True
