"""A capture with a little of each protocol, for tests of the commands and of what the documents show."""

import struct
from pathlib import Path

from pxcap.core.testing.craft import START, Conversation, write_pcap

SECOND = 10**9
API, CACHE, RESOLVER = ("192.0.2.20", 8080), ("192.0.2.30", 6379), ("192.0.2.53", 53)
HTTP_RECORDS, REDIS_RECORDS, DNS_RECORDS = 4, 3, 2


def write_trace(path: Path) -> Path:
    """A shop's front end (192.0.2.10) asks its API, which asks its cache; one product does not exist."""
    web = Conversation(("192.0.2.10", 41000), API).open()
    _exchange(web, "GET", "/products/7", "200 OK", b'{"id":7,"name":"tea"}', took=1_800_000)
    _exchange(web, "GET", "/products/8", "404 Not Found", b'{"error":"no such product"}', took=900_000)
    _exchange(web, "POST", "/cart", "201 Created", b"{}", took=12_400_000, body=b'{"product":7}', after=60 * SECOND)
    web.close()
    other = Conversation(("192.0.2.11", 41001), API, start=START + 400 * SECOND).open()
    _exchange(other, "GET", "/health", "200 OK", b"ok", took=300_000)
    other.close()
    cache = Conversation(("192.0.2.20", 42000), CACHE, start=START + SECOND // 2).open()
    cache.request(b"*2\r\n$3\r\nGET\r\n$9\r\nproduct:7\r\n").response(b"$3\r\ntea\r\n", after=200_000)
    cache.request(b"*2\r\n$3\r\nGET\r\n$9\r\nproduct:8\r\n").response(b"$-1\r\n", after=150_000)
    cache.request(b"*1\r\n$3\r\nGET\r\n").response(b"-ERR wrong number of arguments for 'get' command\r\n").close()
    names = [_lookup(b"api", "192.0.2.20", 1, START + 1000), _lookup(b"cache", "192.0.2.30", 2, START + 2000)]
    write_pcap(path, [web, other, cache, *names])
    return path


def _exchange(
    talk: Conversation,
    method: str,
    path: str,
    status: str,
    answer: bytes,
    *,
    took: int,
    body: bytes = b"",
    after: int = 0,
) -> None:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    talk.request(f"{method} {path} HTTP/1.1\r\nHost: api\r\n{length}\r\n".encode() + body, after or SECOND)
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
    talk.response(head.encode() + answer, took)


def _lookup(name: bytes, address: str, number: int, start: int) -> Conversation:
    """An A query and its answer (RFC 1035, section 4.1)."""
    question = bytes([len(name)]) + name + b"\x04shop\x00" + struct.pack(">HH", 1, 1)
    answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes(map(int, address.split(".")))
    talk = Conversation(("192.0.2.10", 50000 + number), RESOLVER, start, "udp")
    talk.request(struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + question)
    return talk.response(struct.pack(">6H", number, 0x8180, 1, 1, 0, 0) + question + answer, 400_000)
