"""The sections of a message (RFC 1035, sections 4.1.2 and 4.1.3) as JSON objects, one a record."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pxcap.core.text import quote
from pxcap.plugins.dns.edns import render_opt
from pxcap.plugins.dns.header import Head
from pxcap.plugins.dns.memo import remember
from pxcap.plugins.dns.names import Malformed, Seen, read_name
from pxcap.plugins.dns.rdata import render
from pxcap.plugins.dns.types import IN, OPT, SOA, A, class_name, type_name
from pxcap.plugins.dns.wire import (
    HEADER_SIZE,
    LLMNR,
    MDNS,
    QUESTION,
    QUESTION_SIZE,
    RECORD,
    RECORD_SIZE,
    SOA_NUMBERS_SIZE,
    UNICAST,
)

MAX_NAMES = 256  # of `Walk.names`: more than fit a multicast packet of ordinary size
MAX_QUESTIONS = 16384  # remembered for each service: those of a window of the capture, as its responses come later
MAX_QUESTION_BYTES = 80  # longest one remembered
_TOP_BIT = 0x8000
_ADDRESS_RECORD = RECORD_SIZE + 4  # fixed part and data of a record of type A


Question = tuple[str, str, str, str, str]
"""JSON object, name, type, both in lower case, and the body of a query that asks only this."""


@dataclass(slots=True)
class Memo:
    """Pieces remembered for one service (the top bit of a class means something in mDNS only)."""

    questions: dict[bytes, Question] = field(default_factory=dict)
    fixed: dict[bytes, tuple[int, int, int, int, str]] = field(default_factory=dict)
    addresses: dict[bytes, str] = field(default_factory=dict)


memos = {UNICAST: Memo(), MDNS: Memo(), LLMNR: Memo()}


class Walk:
    """The sections of one message, read in order as far as they can be.

    Attributes:
        queries, answers, authority, additional: JSON objects within `limit` characters together.
        answers_read: Answers there were, also those beyond the limit.
        soas: Of each SOA among the answers: its index, and its serial number.
        edns: JSON object of the OPT record, "" without one.
        extended: Upper eight bits of the response code, from OPT.
        first: The first question; empty texts without one.
        names: Not in plain DNS: "name TYPE" in lower case of every question (of a response: every answer).
        errors: What was malformed.
    """

    # Class attributes stand for what most messages do not have: making a walk is on the hot path.
    answers: Sequence[str] = ()
    authority: Sequence[str] = ()
    additional: Sequence[str] = ()
    answers_read = 0
    soas: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()
    first: Question = ("", "", "", "", "")
    queries: Sequence[str] = ()
    edns = ""
    extended = 0

    def __init__(self, msg: bytes, limit: int, service: str = UNICAST) -> None:
        self.msg = msg
        self.room = limit
        self.service = service
        self.memo = memos[service]
        self.seen: Seen = {}
        self.pos = HEADER_SIZE
        self.errors: list[str] = []

    def run(self, head: Head) -> None:
        """Read everything the header announces, until something cannot be read."""
        msg = self.msg
        try:
            if head.queries == 1:
                # Where the question ends if its name has no pointer and no zero in a label
                end = msg.find(0, HEADER_SIZE) + 1 + QUESTION_SIZE
                piece = self.memo.questions.get(msg[HEADER_SIZE:end])
                if piece is None:
                    piece = self._question(HEADER_SIZE)
                else:
                    self.pos = end
                    self.seen[HEADER_SIZE] = (piece[1], end - HEADER_SIZE - QUESTION_SIZE)
                self.first = piece
                self.queries = (piece[0],)
                if self.service:
                    self.names = (piece[3],)
            elif head.queries:
                self._questions(head.queries)
            if head.answers:
                if head.response:
                    self.names = ()
                answers: list[str] = []
                self.answers = answers
                self._records(head.answers, answers)
                self.answers_read = head.answers
            if head.authority:
                authority: list[str] = []
                self.authority = authority
                self._records(head.authority, authority)
            if head.additional:
                additional: list[str] = []
                self.additional = additional
                self._records(head.additional, additional)
            if self.pos != len(msg):
                self.errors.append("trailing_bytes")
        except Malformed as err:
            self.errors.append(err.reason)
            self.answers_read = self.answers_read or len(self.answers)

    def _questions(self, count: int) -> None:
        queries: list[str] = []
        self.queries = queries
        for index in range(count):
            piece = self._question(self.pos)
            self.room -= len(piece[0])
            if index == 0:
                self.first = piece
            elif self.room < 0:
                continue
            queries.append(piece[0])
            if self.service and len(self.names) < MAX_NAMES:
                self.names += (piece[3],)

    def _question(self, start: int) -> Question:
        msg = self.msg
        name, pos = read_name(msg, start, self.seen)
        if pos + QUESTION_SIZE > len(msg):
            raise Malformed("overrun")
        question, self.pos = QUESTION.parse(msg, pos)
        qclass, bit = question.qclass, ""
        if self.service == MDNS and qclass & _TOP_BIT:
            qclass &= ~_TOP_BIT
            bit = ',"unicast_response":true'
        qtype = type_name(question.qtype)
        text = f'{{"name":{quote(name)},"type":"{qtype}","class":"{class_name(qclass)}"{bit}}}'
        piece = (text, name, qtype, f"{name.lower()} {qtype}", f'{{"queries":[{text}]}}')
        size = self.pos - start
        plain = self.pos == msg.find(0, start) + 1 + QUESTION_SIZE and self.seen[start][1] == size - QUESTION_SIZE
        if plain and size <= MAX_QUESTION_BYTES:
            remember(self.memo.questions, msg[start : self.pos], piece, MAX_QUESTIONS)
        return piece

    def _records(self, count: int, out: list[str]) -> None:
        msg, pos, seen, room = self.msg, self.pos, self.seen, self.room
        addresses, fixed = self.memo.addresses, self.memo.fixed
        size = len(msg)
        named = bool(self.service) and out is self.answers
        owner = start_of_record = ""
        for index in range(count):
            if pos + 2 <= size and msg[pos] == 0xC0 and (known := seen.get(msg[pos + 1])) is not None:
                name = known[0]
                pos += 2
            else:
                name, pos = read_name(msg, pos, seen)
            raw = msg[pos : pos + _ADDRESS_RECORD]
            tail = addresses.get(raw)
            if tail is not None:
                pos += _ADDRESS_RECORD
            else:
                rtype, rclass, ttl, length, text = fixed.get(raw[:RECORD_SIZE]) or self._fixed(raw[:RECORD_SIZE])
                start = pos + RECORD_SIZE
                pos = start + length
                if pos > size:
                    raise Malformed("overrun")
                if rtype == OPT:
                    self.edns, error = render_opt(rclass, ttl, msg, start, pos)
                    self.extended = ttl >> 24
                    if error:
                        self.errors.append(error)
                    continue
                if rtype == SOA and out is self.answers and length > SOA_NUMBERS_SIZE:
                    self.soas += ((index, int.from_bytes(msg[pos - 20 : pos - 16])),)
                if room < 0:
                    continue
                data, error = render(rtype, rclass, msg, start, pos, seen)
                tail = f"{text}{data}}}"
                if error:
                    self.errors.append(error)
                elif rtype == A and length == 4 and rclass == IN and not named:
                    remember(addresses, raw, tail)
                if named and len(self.names) < MAX_NAMES:
                    self.names += (f"{name.lower()} {type_name(rtype)}",)
            if name is not owner:
                owner = name
                start_of_record = f'{{"name":{quote(name)}'
            room -= len(start_of_record) + len(tail)
            if room >= 0:
                out.append(start_of_record + tail)
        self.room = room
        self.pos = pos

    def _fixed(self, raw: bytes) -> tuple[int, int, int, int, str]:
        if len(raw) < RECORD_SIZE:
            raise Malformed("overrun")
        part, _ = RECORD.parse(raw)
        rclass = part.rclass
        if part.rtype == OPT:
            return remember(self.memo.fixed, raw, (OPT, rclass, part.ttl, part.size, ""))
        bit = ""
        if self.service == MDNS and rclass & _TOP_BIT:
            rclass &= ~_TOP_BIT
            bit = ',"cache_flush":true'
        text = f',"type":"{type_name(part.rtype)}","class":"{class_name(rclass)}"{bit},"ttl":{part.ttl},'
        return remember(self.memo.fixed, raw, (part.rtype, rclass, part.ttl, part.size, text))
