"""One message, bytes to text: header and sections as the JSON of a record, the question as columns."""

from dataclasses import dataclass

from pxcap.plugins.dns.header import Head, read_head
from pxcap.plugins.dns.memo import remember
from pxcap.plugins.dns.sections import Walk, memos
from pxcap.plugins.dns.types import OPCODES, QUERY, rcode_name
from pxcap.plugins.dns.wire import HEADER_SIZE, UNICAST, Z

MAX_KNOWN_BYTES = 512  # longest message kept in `known`: what fits plain UDP (RFC 1035, section 2.3.4)
MAX_KNOWN_TEXT = 4096  # longest body kept there
MAX_KNOWN = 16 << 20  # bytes of all that is kept there, estimated
ENTRY = 400  # bytes an entry takes beside its bytes and its body, about


@dataclass(slots=True)
class Rare:
    """What few messages have.

    Attributes:
        errors: Names of what was malformed, to be counted.
        cut: Why the message is not whole in the capture, as `note` has it, or "".
        dubious: Nothing of it speaks for its being DNS at all, but that it came here.
        opcode: As in the header.
        names: mDNS only: "name TYPE" in lower case of each question, or of each answer.
    """

    errors: tuple[str, ...] = ()
    cut: str = ""
    dubious: bool = False
    opcode: int = QUERY
    names: frozenset[str] = frozenset()


@dataclass(slots=True)
class Message:
    """A message as a record shows it.

    Attributes:
        response: Its QR bit.
        header: JSON of the header from behind the value of `"txid":`.
        body: JSON object of the sections.
        qname: Name asked for, "" without a question.
        qtype: Type asked for, "" without a question.
        rcode: Response code as text, the extended one if there is one.
        key: Question in lower case, equal in a query and its response; "" without a readable question.
        rare: None for a plain message.
    """

    response: bool
    header: str
    body: str
    qname: str
    qtype: str
    rcode: str
    key: str
    rare: Rare | None


_known: dict[int, "Known"] = {}
_once = bytearray(1 << 18)  # a message with this hash was met once
_marks = 0
_plain = memos[UNICAST]


def decode(msg: bytes, limit: int, service: str = UNICAST, cut: str = "") -> Message:
    """The message.

    Args:
        msg: All of it, or as much as the capture has; at least the header.
        limit: Most characters of JSON the sections may take together.
        service: UNICAST, MDNS or LLMNR.
        cut: Why its end is missing from the capture (a word of `note`), if it is: running over the end is no error then.

    A small plain message met twice is also put into `known(limit)` under its bytes behind the id.
    """
    head = read_head(msg)
    if head.lone and not service and not cut:
        piece = _plain.questions.get(msg[HEADER_SIZE:])
        if piece is not None:
            _, name, qtype, key, body = piece
            return _recall(msg, limit, Message(False, head.text, body, name, qtype, head.rcode_text, key, None))
    walk = Walk(msg, limit, service)
    walk.run(head)
    code = rcode_name(walk.extended << 4 | head.rcode) if walk.extended else head.rcode_text
    header = f'{head.text[:-1]},"service":"{service}"}}' if service else head.text
    body = _body(head, walk)
    _, qname, qtype, key, _ = walk.first
    if walk.errors or cut or service or head.opcode != QUERY:
        rare = _rare(head, walk, cut)
        return Message(head.response, header, body, qname, qtype, code, key, rare)
    message = Message(head.response, header, body, qname, qtype, code, key, None)
    return _recall(msg, limit, message) if len(body) <= MAX_KNOWN_TEXT else message


def _recall(msg: bytes, limit: int, message: Message) -> Message:
    """Put a message into `known` the second time it is met: most that are met once are never met again."""
    global _marks
    if len(msg) > MAX_KNOWN_BYTES:
        return message
    rest = msg[2:]
    mark = hash(rest) % len(_once)
    if _once[mark]:
        known(limit).put(rest, message)
        return message
    _once[mark] = 1
    _marks += 1
    if _marks > len(_once) // 4:
        _once[:] = bytes(len(_once))
        _marks = 0
    return message


class Known(dict[bytes, Message]):
    """Plain messages met before, by their bytes behind the id. Forgets all when they are MAX_KNOWN together."""

    weight = 0

    def put(self, rest: bytes, message: Message) -> None:
        """Remember a message under its bytes behind the id."""
        self.weight += len(rest) + len(message.body) + ENTRY
        if self.weight > MAX_KNOWN:
            self.clear()
            self.weight = 0
        self[rest] = message


def known(limit: int) -> Known:
    """The messages met before as decoded with this limit."""
    table = _known.get(limit)
    return remember(_known, limit, Known()) if table is None else table


def _body(head: Head, walk: Walk) -> str:
    answers = ",".join(walk.answers)
    if head.response:
        text = f'{{"answers":[{answers}]'
    else:
        text = f'{{"queries":[{",".join(walk.queries)}]'
        if answers:
            text += f',"answers":[{answers}]'
    if walk.answers_read > len(walk.answers):
        text += f',"num_answers_total":{walk.answers_read}'
    return text + closing(walk) if walk.authority or walk.additional or walk.edns else text + "}"


def closing(walk: Walk) -> str:
    """The end of a body: what stands behind the answers, and the brace."""
    text = ""
    if walk.authority:
        text = f',"authority":[{",".join(walk.authority)}]'
    if walk.additional:
        text += f',"additional":[{",".join(walk.additional)}]'
    return f'{text},"edns":{walk.edns}}}' if walk.edns else text + "}"


def _rare(head: Head, walk: Walk, cut: str) -> Rare:
    errors = [error for error in walk.errors if not (cut and error == "overrun")]
    unlikely = head.opcode not in OPCODES or bool(head.flags & Z)
    return Rare(tuple(errors), cut, unlikely and bool(errors) and not walk.first[3], head.opcode, frozenset(walk.names))
