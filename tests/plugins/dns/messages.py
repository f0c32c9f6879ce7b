"""What the tests of DNS say to the parser: messages made by dnspython, and chunks of them."""

from collections.abc import Sequence

import dns.flags
import dns.message
import dns.rrset

from pxcap.core.protocol import ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.dns.parser import DnsParser

MS = 1_000_000
COLUMNS = ("time", "req_header", "req_body", "resp_header", "resp_body", "qname", "qtype", "rcode", "transport",
           "latency", "note")  # fmt: skip
Sent = tuple[int, bytes]


def query(name: str = "www.example.test.", kind: str = "A", ident: int = 7, **options: object) -> bytes:
    return dns.message.make_query(name, kind, id=ident, **options).to_wire()  # type: ignore[arg-type]


def response(asked: bytes, *answers: str, rcode: int = 0) -> bytes:
    """Answers as "name ttl type data"."""
    reply = dns.message.make_response(dns.message.from_wire(asked))
    for answer in answers:
        name, ttl, kind, data = answer.split(None, 3)
        reply.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, data))
    reply.set_rcode(rcode)  # type: ignore[arg-type]
    return reply.to_wire()


def header(ident: int, flags: int, *counts: int) -> bytes:
    return b"".join(value.to_bytes(2) for value in (ident, flags, *counts, *[0] * (4 - len(counts))))


def framed(*messages: bytes) -> bytes:
    return b"".join(len(message).to_bytes(2) + message for message in messages)


def udp(port: int = 53, server: str = "192.0.2.2", client_port: int = 40000, limit: int = 65536) -> DnsParser:
    return DnsParser(ConnectionInfo("udp", "192.0.2.1", client_port, server, port, settings=Settings(limit)))


def tcp(midstream: bool = False, limit: int = 65536) -> DnsParser:
    return DnsParser(ConnectionInfo("tcp", "192.0.2.1", 40000, "192.0.2.2", 53, midstream, Settings(limit)))


def datagrams(sent: Sequence[Sent], offset: int = 0, cut: dict[int, int] | None = None) -> Chunk:
    starts, at = [], offset
    for _, data in sent:
        starts.append(at)
        at += len(data)
    return Chunk(b"".join(data for _, data in sent), offset, starts, [time for time, _ in sent], cut)


def exchange(parser: DnsParser, requests: Sequence[Sent], responses: Sequence[Sent] = ()) -> list[Row]:
    """All rows of a flow, the client's datagrams fed first."""
    rows = parser.feed(0, datagrams(requests)) if requests else []
    rows += parser.feed(1, datagrams(responses)) if responses else []
    return rows + parser.finish(10**15)


def one(rows: Sequence[Row]) -> dict[str, object]:
    (row,) = rows
    return dict(zip(COLUMNS, row, strict=True))
