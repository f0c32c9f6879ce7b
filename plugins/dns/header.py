"""The header of a message (RFC 1035, section 4.1.1) as JSON, with the keys Pixie has."""

from dataclasses import dataclass

from pxcap.plugins.dns.memo import remember
from pxcap.plugins.dns.types import OPCODES, QUERY, rcode_name
from pxcap.plugins.dns.wire import AA, AD, CD, HEADER, HEADER_SIZE, QR, RA, RD, TC


@dataclass(slots=True)
class Head:
    """A header without its id.

    Attributes:
        response: The QR bit.
        flags: The second 16 bits whole.
        opcode, rcode: Parts of it.
        queries, answers, authority, additional: The counts.
        text: Its JSON from behind the value of "txid".
        rcode_text: The response code as text, as long as EDNS does not extend it.
        lone: It is a query with one question and nothing else.
    """

    response: bool
    flags: int
    opcode: int
    rcode: int
    queries: int
    answers: int
    authority: int
    additional: int
    text: str
    rcode_text: str
    lone: bool


_heads: dict[bytes, Head] = {}


def read_head(msg: bytes) -> Head:
    """The header of a message of at least 12 bytes."""
    head = _heads.get(msg[2:HEADER_SIZE])
    if head is not None:
        return head
    raw, _ = HEADER.parse(msg)
    flags = raw.flags
    opcode, rcode = flags >> 11 & 15, flags & 15
    text = f',"qr":{flags >> 15},"opcode":{opcode}'
    if opcode != QUERY and opcode in OPCODES:
        text += f',"opcode_name":"{OPCODES[opcode]}"'
    for name, bit in (("aa", AA), ("tc", TC), ("rd", RD), ("ra", RA), ("ad", AD), ("cd", CD)):
        text += f',"{name}":{1 if flags & bit else 0}'
    text += (
        f',"rcode":{rcode},"num_queries":{raw.queries},"num_answers":{raw.answers}'
        f',"num_auth":{raw.authority},"num_addl":{raw.additional}}}'
    )
    lone = opcode == QUERY and not flags & QR and raw.queries == 1
    lone = lone and not (raw.answers or raw.authority or raw.additional)
    head = Head(
        bool(flags & QR),
        flags,
        opcode,
        rcode,
        raw.queries,
        raw.answers,
        raw.authority,
        raw.additional,
        text,
        rcode_name(rcode),
        lone,
    )
    return remember(_heads, msg[2:HEADER_SIZE], head)
