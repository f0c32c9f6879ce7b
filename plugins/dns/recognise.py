"""Is it DNS? Judged by whether the bytes are a whole message whose counts use up exactly its size."""

from pxcap.core.protocol import NO, SURE, Sample
from pxcap.plugins.dns.header import Head, read_head
from pxcap.plugins.dns.names import skip_name
from pxcap.plugins.dns.types import CLASSES, NB, NBSTAT, OPCODES, QUERY, UPDATE
from pxcap.plugins.dns.wire import (
    HEADER_SIZE,
    PREFIX_SIZE,
    QUESTION_SIZE,
    RECORD_SIZE,
    SMALLEST_QUESTION,
    SMALLEST_RECORD,
    Z,
)

BEGUN = 70  # the question is right, and the message goes on behind the sample
PARTLY = 50  # the question is right, the rest is not
POSSIBLE = 38  # a plausible header, and nothing more to be sure of: enough on a usual port, too little elsewhere

NETBIOS = -2  # of `measure`: a NetBIOS name packet
_NETBIOS_LABEL = 32  # size of an encoded NetBIOS name (RFC 1001, section 14.1)
_CLASS_BITS = 0x7FFF  # the top one has a meaning of its own in mDNS


def recognise(sample: Sample) -> int:
    """How sure a sample is DNS in this orientation, NO to SURE; any side may be empty."""
    score = _score_tcp if sample.transport == "tcp" else score_message
    request, response = sample.request, sample.response
    if not response:
        return score(request, False)
    if not request:
        return score(response, True)
    asked, answered = score(request, False), score(response, True)
    if asked and answered:
        if asked == SURE and answered >= PARTLY:
            return SURE
        if sample.transport == "udp" and request[:2] == response[:2] and max(asked, answered) == SURE:
            return SURE  # a malformed query and its answer
        return min(asked, answered)
    if sample.transport == "udp" and answered and _echoes(request, response):
        return POSSIBLE  # hardly a query, but the server took it for one
    if sample.transport == "udp" and request[:2] == response[:2] == b"\0\0":
        sides = [max(score(data, False), score(data, True)) for data in (request, response)]
        return PARTLY if sides == [SURE, SURE] else NO  # mDNS: either side asks and announces, with an id of 0
    return NO


def score_message(msg: bytes, response: bool) -> int:
    """How sure `msg`, the only or first bytes of a datagram, is a query, or with `response` a response."""
    if len(msg) < HEADER_SIZE:
        return NO
    head = read_head(msg)
    if head.response != response:
        return NO
    odd = head.opcode not in OPCODES or head.flags & Z or (head.rcode and not response)
    if not (head.queries or head.answers or head.authority or head.additional):
        return POSSIBLE if len(msg) == HEADER_SIZE else NO
    pos, asked = measure(msg, head)
    if pos == len(msg):
        return PARTLY if odd else SURE
    if pos == NETBIOS:
        return NO
    if asked and head.queries:
        return BEGUN if pos < 0 else PARTLY
    return NO if odd else POSSIBLE


def _echoes(request: bytes, response: bytes) -> bool:
    """Whether the response's header is what a server makes of the query's: the same id and opcode, QR set."""
    if len(request) < HEADER_SIZE or request[:2] != response[:2]:
        return False
    asked, answered = read_head(request), read_head(response)
    return answered.response and not asked.response and asked.opcode == answered.opcode


def measure(msg: bytes, head: Head) -> tuple[int, bool]:
    """Where the message ends by its counts, and whether its questions are right.

    The end is -1 when something runs over the end or is malformed, NETBIOS when it is a NetBIOS name packet.
    """
    records = head.answers + head.authority + head.additional
    size = len(msg)
    pos = HEADER_SIZE
    if head.queries * SMALLEST_QUESTION > size - pos:
        return -1, False
    for _ in range(head.queries):
        start = pos
        pos = skip_name(msg, pos)
        if pos < 0 or pos + QUESTION_SIZE > size:
            return -1, False
        if (msg[pos + 2] << 8 | msg[pos + 3]) & _CLASS_BITS not in CLASSES:
            return -1, False
        if msg[pos] == 0 and msg[pos + 1] in (NB, NBSTAT) and msg[start] == _NETBIOS_LABEL:
            return NETBIOS, False
        pos += QUESTION_SIZE
    if records * SMALLEST_RECORD > size - pos:
        return -1, True
    for _ in range(records):
        start = pos
        pos = skip_name(msg, pos)
        if pos < 0 or pos + RECORD_SIZE > size:
            return -1, True
        if msg[pos] == 0 and msg[pos + 1] in (NB, NBSTAT) and msg[start] == _NETBIOS_LABEL:
            return NETBIOS, False
        pos += RECORD_SIZE + (msg[pos + 8] << 8 | msg[pos + 9])
        if pos > size:
            return -1, True
    return pos, True


def plausible(data: bytes, pos: int, response: bool) -> int:
    """Whether a message with its length in front begins at `data[pos]`: 1 yes, 0 no, -1 it is not all there yet.

    Stricter than `recognise`, for finding the next message after a loss. `data` has at least 14 bytes from `pos`.
    """
    start = pos + PREFIX_SIZE
    size = data[pos] << 8 | data[pos + 1]
    if size < HEADER_SIZE:
        return 0
    head = read_head(data[start : start + HEADER_SIZE])
    if head.response != response or head.opcode not in OPCODES or head.flags & Z or head.queries > 1:
        return 0
    records = head.answers + head.authority + head.additional
    if head.queries * SMALLEST_QUESTION + records * SMALLEST_RECORD > size - HEADER_SIZE:
        return 0
    if not response and (head.rcode or (head.opcode == QUERY and head.answers) or not head.queries):
        return 0
    if not (head.queries or records):
        return 0
    if len(data) - start < size:
        return -1
    return 1 if measure(data[start : start + size], head)[0] == size else 0


def _score_tcp(data: bytes, response: bool) -> int:
    if len(data) < PREFIX_SIZE + HEADER_SIZE:
        return NO
    size = data[0] << 8 | data[1]
    msg = data[PREFIX_SIZE : PREFIX_SIZE + size]
    if size < HEADER_SIZE:
        return NO
    head = read_head(msg)
    if len(msg) == size:
        score = score_message(msg, response)
        return score if score > POSSIBLE or size == HEADER_SIZE or head.queries == 1 else NO
    records = head.answers + head.authority + head.additional
    if (
        head.response != response
        or head.opcode not in OPCODES
        or head.flags & Z
        or head.queries != 1
        or SMALLEST_QUESTION + records * SMALLEST_RECORD > size - HEADER_SIZE
        or (not response and (head.rcode or head.answers or (records > 2 and head.opcode != UPDATE)))
    ):
        return NO
    pos, asked = measure(msg.ljust(HEADER_SIZE), head)
    if asked:
        return BEGUN if pos == -1 else NO
    return POSSIBLE if pos == -1 and len(msg) < HEADER_SIZE + 255 + QUESTION_SIZE else NO
