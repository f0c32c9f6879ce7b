"""Kafka as tshark dissects it, to be compared: API, version and client of every request, and whether it was answered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction


def transactions(messages: Sequence[Message]) -> Iterator[Transaction]:
    """Requests in order, with the response of the same correlation id."""
    found: list[dict[str, str]] = []
    waiting: dict[str, dict[str, str]] = {}
    for message in messages:
        ident = message.first("kafka.correlation_id") or ""
        if message.to_server:
            key = message.first("kafka.request_key") or message.first("kafka.api_key")
            if key is None:
                continue
            half = {"what": _what(key, message.first("kafka.request.version") or message.first("kafka.api_version"))}
            half["client"] = message.first("kafka.client_id") or ""
            half["answered"] = "False"
            found.append(half)
            waiting[ident] = half
        elif ident in waiting:
            waiting.pop(ident)["answered"] = "True"
        elif ident:
            found.append({"what": _what(None, None), "answered": "True"})
    for half in found:
        yield Transaction(half["what"], {"client": half.get("client"), "answered": half["answered"]})


def own(record: Mapping[str, Any]) -> Transaction:
    """A record as such a transaction."""
    answered = record["resp"] is not None or record["latency"] is not None
    client = record["client_id"]
    return Transaction(_what(record["req_cmd"], record["api_version"]), {"client": client, "answered": str(answered)})


def _what(key: object, version: object) -> str:
    return "?" if key is None else f"API {key} v{version}"


COMPARISON = Comparison("kafka", ("kafka",), transactions, own, decode_as="kafka")
