"""Is it MySQL? A connection begins with the server's greeting; in mid-stream commands and answers must fit their headers.

Source: "Protocol::HandshakeV10", "ERR_Packet" and "Command Phase" of the MySQL source documentation.
"""

import re
from collections.abc import Callable

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.joined import compressed
from pxcap.plugins.mysql.resync import is_answer, is_command
from pxcap.plugins.mysql.wire import HEADER

_REFUSED = re.compile(rb"..\0[\0\1]\xff[\x00-\x20][\x04-\x10](?:#[0-9A-Z]{5})?[\x20-\x7e]", re.DOTALL)
_VERSION = 10

ONE = 70  # a command or an answer alone
BOTH = 90
BEGUN = 45
_SHORT = 12  # bytes of a packet that chance may have put together


def recognise(sample: Sample) -> int:
    """How sure a sample is MySQL in this orientation; any side may be empty."""
    if not sample.midstream:
        return _beginning(sample.request, sample.response)
    if sample.response and (begun := _beginning(sample.request, sample.response)) == SURE:
        return begun  # the handshake alone was not captured
    if _login(sample.request) and (not sample.response or _after_login(sample.response)):
        return BOTH
    packed = [bool(data and compressed(data, side)) for side, data in enumerate((sample.request, sample.response))]
    if any(packed):
        return SURE if all(packed) else ONE
    asked, answered = _asked(sample.request), _answered(sample.response)
    if NO in (asked, answered) and asked != answered:
        other = asked if answered == NO else answered
        return ONE if other == SURE or (asked == ONE and _is_statement(sample.request)) else NO
    if asked == SURE and answered == SURE:
        return SURE
    if asked >= 0 and answered >= 0:
        return BOTH if asked and answered else NO
    return max(asked, answered, NO)


def _beginning(request: bytes, response: bytes) -> int:
    if not response:
        return _login(request)
    if len(response) < HEADER + 1:
        return NO
    size = int.from_bytes(response[:3], "little")
    if response[HEADER] == wire.ERR:
        return BOTH if not request and size < 1024 and _REFUSED.match(response) else NO
    end = response.find(b"\0", HEADER + 1, HEADER + 80)
    if response[3] or response[HEADER] != _VERSION or not 30 < size < 512:
        return NO
    if end < 0 or end < HEADER + 4 or len(response) < end + 14 or response[end + 13]:
        return BEGUN if len(response) < HEADER + 80 and response[HEADER + 1 : HEADER + 2].isdigit() else NO
    return SURE if response[HEADER + 1 : end].isascii() and response[HEADER + 1 : HEADER + 2].isdigit() else NO


def _login(request: bytes) -> int:
    """A login, where the server's side was not captured."""
    if len(request) < HEADER + wire.LOGIN_SIZE or request[3] != 1:
        return NO
    size = int.from_bytes(request[:3], "little")
    flags = int.from_bytes(request[4:8], "little")
    if size < wire.LOGIN_SIZE or not flags & wire.PROTOCOL_41 or any(request[13:32]):
        return NO
    return BOTH


def _after_login(response: bytes) -> bool:
    """What answers a login: it has the next sequence id, and is OK, ERR, a request for another method, or more data."""
    return len(response) > HEADER and response[3] == 2 and response[HEADER] in (wire.OK, wire.ERR, wire.EOF, 1)


def _asked(data: bytes) -> int:
    """The client's side in mid-stream: -1 when there is none."""
    return _packets(data, is_command)


def _answered(data: bytes) -> int:
    return _packets(data, is_answer)


def _packets(data: bytes, fits: Callable[[bytes, int], bool | None]) -> int:
    if not data:
        return -1
    if not fits(data, 0):
        return NO
    end = HEADER + int.from_bytes(data[:3], "little")
    if end < len(data) and len(data) >= end + HEADER + 1:
        following = data[end + 3]
        if following != (data[3] + 1) & 0xFF and not fits(data, end):
            return ONE if _hands_over(data, end) else NO
        return SURE
    return ONE


def _hands_over(data: bytes, end: int) -> bool:
    """Whether a file goes on, in packets of other numbers: LOAD DATA LOCAL, or the server's question for the file."""
    first, rest = data[HEADER], data[HEADER + 1 : end]
    return first == wire.NULL or (first == wire.QUERY and b"LOCAL" in rest.upper())


def _is_statement(data: bytes) -> bool:
    """A single packet to its last byte, with a statement in it."""
    return len(data) == HEADER + int.from_bytes(data[:3], "little") > _SHORT and data[HEADER] in (
        wire.QUERY,
        wire.STMT_PREPARE,
    )
