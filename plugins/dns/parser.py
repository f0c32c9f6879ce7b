"""One DNS connection or flow: datagrams or stream bytes in, rows out.

Who asks and who answers is told by the QR bit of each message, not by the side that sent it: in mDNS either side does
both.
"""

from pxcap.core.protocol import REQUEST, RESPONSE, TRUNCATED, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.dns.framing import Framer
from pxcap.plugins.dns.header import read_head
from pxcap.plugins.dns.message import Message, decode, known
from pxcap.plugins.dns.stitch import AGE, Matcher
from pxcap.plugins.dns.types import DSO
from pxcap.plugins.dns.wire import (
    AD,
    CD,
    HEADER_SIZE,
    LLMNR,
    LLMNR_GROUPS,
    LLMNR_PORT,
    MDNS,
    MDNS_GROUPS,
    MDNS_PORT,
    OPCODE_BITS,
    RA,
    RD,
    UNICAST,
    Z,
)

_LOCAL = b"\x05local\0"


class DnsParser(Parser):
    """Parser and matcher of one connection (TCP) or flow (UDP).

    Holds at most: one query for each id and 16384 more, 16 MiB of them; 64 responses that wait for a query, 64 zone
    transfers within the body limit each; over TCP a message a side, 65537 bytes.
    """

    __slots__ = ("_framers", "_group", "_known", "_limit", "_matcher", "_service")

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        self.lockstep = False  # responses name their query: order does not matter
        self._limit = info.settings.body_limit
        self._known = known(self._limit)
        self._matcher = Matcher(info.transport, self._limit)
        self._framers: tuple[Framer, Framer] | None = None
        if info.transport == "tcp":
            self._framers = Framer(REQUEST, info.midstream), Framer(RESPONSE, info.midstream)
        self._service = UNICAST
        self._group = False
        if info.server_port == MDNS_PORT or info.client_port == MDNS_PORT:
            self._service = MDNS
            self._group = info.server_addr in MDNS_GROUPS or info.client_addr in MDNS_GROUPS
            self.lockstep = True  # both sides ask and answer, and ids are 0
        elif info.server_port == LLMNR_PORT or info.client_port == LLMNR_PORT:
            self._service = LLMNR
            self._group = info.server_addr in LLMNR_GROUPS or info.client_addr in LLMNR_GROUPS

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take datagrams, or stream bytes; returns the rows they complete."""
        if self._framers is not None:
            return self._feed_stream(side, chunk)
        if self._service or chunk.cut:
            return self._feed_unusual(side, chunk)
        rows: list[Row] = []
        matcher = self._matcher
        asked, unanswered = matcher.waiting[side], matcher.waiting[1 - side]
        lookup = self._known.get
        data, base, starts = chunk.data, chunk.offset, chunk.starts
        stops = starts[1:]
        stops.append(base + len(data))
        when = 0
        for start, stop, when in zip(starts, stops, chunk.times, strict=True):
            at = start - base
            message = lookup(data[at + 2 : stop - base])
            if message is None:
                rows += self._message(side, data[at : stop - base], when, when)
                continue
            ident = data[at] << 8 | data[at + 1]
            if not message.response:
                query = (when, ident, message)
                if asked.setdefault(ident, query) is not query:
                    rows += matcher.ask(side, query)
                continue
            entry = unanswered.get(ident)
            if entry.__class__ is tuple:
                sent, _, question = entry
                if question.key == message.key and question.rare is None and 0 <= when - sent <= AGE:
                    del unanswered[ident]
                    rows.append(
                        (
                            sent,
                            f'{{"txid":{ident}{question.header}',
                            question.body,
                            f'{{"txid":{ident}{message.header}',
                            message.body,
                            question.qname,
                            question.qtype,
                            message.rcode,
                            "udp",
                            when - sent,
                            "",
                        )
                    )
                    continue
            rows += self._answer(side, when, ident, message, None)
        if unanswered:
            rows += matcher.expire(1 - side, when)
        return rows

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Note lost stream bytes: they cost the message they fall into, and those they cover."""
        if self._framers is None:
            return []
        if side == RESPONSE:
            self._matcher.lose()
        head = self._framers[side].gap(size)
        return self._message(side, *head, time, reason) if head and len(head[0]) >= HEADER_SIZE else []

    def finish(self, time: int) -> list[Row]:
        """Return a row for each query and response still alone."""
        rows: list[Row] = []
        for side, framer in enumerate(self._framers or ()):
            framed, part = framer.finish()
            for msg, first, last in framed:
                rows += self._message(side, msg, first, last)
            if part:
                rows += self._message(side, *part, time, TRUNCATED)
        return rows + self._matcher.finish()

    def _feed_stream(self, side: int, chunk: Chunk) -> list[Row]:
        assert self._framers is not None
        framer = self._framers[side]
        rows: list[Row] = []
        for msg, first, last in framer.add(chunk):
            rows += self._message(side, msg, first, last)
        if framer.errors:
            self.error("bad_length", framer.errors)
            framer.errors = 0
        if self._matcher.waiting[1 - side]:
            rows += self._matcher.expire(1 - side, chunk.times[0])
        return rows

    def _feed_unusual(self, side: int, chunk: Chunk) -> list[Row]:
        """Datagrams of mDNS and LLMNR, and those the capture cut."""
        rows: list[Row] = []
        data, base, cut = chunk.data, chunk.offset, chunk.cut or {}
        stops = [*chunk.starts[1:], base + len(data)]
        for index, (start, stop, when) in enumerate(zip(chunk.starts, stops, chunk.times, strict=True)):
            rows += self._message(side, data[start - base : stop - base], when, when, TRUNCATED if index in cut else "")
        if self._matcher.waiting[1 - side]:
            rows += self._matcher.expire(1 - side, chunk.times[-1])
        return rows

    def _message(self, side: int, msg: bytes, when: int, last: int, cut: str = "") -> list[Row]:
        if len(msg) < HEADER_SIZE:
            self.error("cut_header" if cut else "too_short")
            return []
        service = self._service_of(msg) if self._service else UNICAST
        message = None if service or cut else self._known.get(msg[2:])
        if message is None:
            message = decode(msg, self._limit, service, cut)
            if message.rare is not None:
                for name in message.rare.errors:
                    self.error(name)
                if message.rare.opcode == DSO:
                    self.error("dso")  # RFC 8490: sessions, not questions
                    return []
            weight = not message.response
        else:
            weight = False
        ident = msg[0] << 8 | msg[1]
        if message.response:
            return self._answer(side, when, ident, message, (msg, last))
        rows = self._matcher.ask(side, (when, ident, message))
        return rows + self._matcher.weigh(message) if weight else rows

    def _answer(
        self, side: int, when: int, ident: int, message: Message, framed: tuple[bytes, int] | None
    ) -> list[Row]:
        if side == REQUEST:
            self.lockstep = True  # the sides are not what they were thought to be
        return self._matcher.answer(side, when, ident, message, framed if self._framers else None)

    def _service_of(self, msg: bytes) -> str:
        """Which service a message on a port of mDNS or LLMNR belongs to: ordinary DNS servers use those ports too.

        RFC 6762, section 18 and RFC 4795, section 2.1.1 say which flags must be zero; an id of 0 is mDNS's, and so are
        names in local.
        """
        flags = read_head(msg).flags
        if self._service == MDNS:
            quiet = not flags & (OPCODE_BITS | RD | RA) and (msg[:2] == b"\0\0" or _LOCAL in msg.lower())
            return MDNS if self._group or quiet else UNICAST
        return LLMNR if self._group or not flags & (OPCODE_BITS | RA | Z | AD | CD) else UNICAST
