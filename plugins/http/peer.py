"""HTTP as tshark dissects it, to be compared: its `http` layer for HTTP/1, its `http2` layer a frame at a time."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction

_HEADERS, _PUSH_PROMISE, _CONTINUATION = "1", "5", "9"
Half = dict[str, object]


def transactions(messages: Sequence[Message]) -> Iterator[Transaction]:
    """HTTP/1 responses in the order of requests, HTTP/2 responses by the number of their stream."""
    found: list[Half] = []
    waiting: deque[Half] = deque()
    streams: dict[str, Half] = {}
    for message in messages:
        if message.layer == "http2":
            _frame(message, found, streams)
        elif message.first("http.request.method"):
            half: Half = {"method": message.first("http.request.method"), "path": message.first("http.request.uri")}
            found.append(half)
            waiting.append(half)
        elif status := message.first("http.response.code"):
            if status.startswith("1") and status != "101":
                continue
            if not waiting:
                found.append({})
                waiting.append(found[-1])
            answered = waiting.popleft()
            answered["status"] = status
            if status == "101":
                streams["1"] = answered  # upgraded to HTTP/2, the answer comes there (RFC 7540, section 3.2)
    for half in found:
        yield Transaction(_what(half.get("method"), half.get("path")), {"status": half.get("status", "")})


def _frame(message: Message, found: list[Half], streams: dict[str, Half]) -> None:
    if message.first("http2.type") not in (_HEADERS, _PUSH_PROMISE, _CONTINUATION):
        return
    stream = message.first("http2.push_promise.promised_stream_id") or message.first("http2.streamid") or ""
    names, values = message.all("http2.header.name"), message.all("http2.header.value")
    fields = dict(zip(names, values, strict=False))
    if not fields.keys() & {":method", ":path", ":status"}:
        return  # trailers
    half = streams.get(stream)
    if half is None:
        half = streams[stream] = {}
        found.append(half)
    if ":method" in fields or ":path" in fields:
        half["method"], half["path"] = fields.get(":method"), fields.get(":path", fields.get(":authority"))
    status = fields.get(":status", "")
    if status and not status.startswith("1"):
        half["status"] = status


def own(record: Mapping[str, Any]) -> Transaction:
    """A record as such a transaction."""
    status = record["resp_status"]
    return Transaction(
        _what(record["req_method"], record["req_path"]), {"status": "" if status is None else str(status)}
    )


def _what(method: object, path: object) -> str:
    return f"{method or '?'} {_plain(str(path)) if path else '?'}"


def _plain(path: str) -> str:
    """The path without what pxcap hides: user information and the query."""
    head, _, rest = path.partition("://")
    return (f"{head}://{rest.rpartition('@')[2]}" if rest else path).partition("?")[0]


COMPARISON = Comparison("http", ("http", "http2"), transactions, own, decode_as="http")
