"""DNS as tshark dissects it, to be compared."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction
from pxcap.plugins.dns.types import rcode_name, type_name

_TRANSFERS = (" AXFR", " IXFR")  # their responses come in many messages


def transactions(messages: Sequence[Message]) -> Iterator[Transaction]:
    """Each query with the response of its id and question; a repeated query is one of its own, and the last is the one answered."""
    found: list[dict[str, str]] = []
    open_: dict[str, list[dict[str, str]]] = {}
    transfers: set[str] = set()
    for message in messages:
        ident = message.first("dns.id") or ""
        if message.first("dns.flags.response") not in ("1", "True"):
            half = {"what": _question(message)}
            found.append(half)
            open_.setdefault(ident, []).append(half)
            continue
        waiting = open_.get(ident)
        if not waiting and _question(message) in transfers:
            continue  # goes on
        if waiting:
            half = waiting.pop()
        else:
            half = {"what": _question(message)}
            found.append(half)
        if half["what"].endswith(_TRANSFERS):
            transfers.update(("? ?", half["what"]))
        half["rcode"] = rcode_name(int(message.first("dns.flags.rcode") or 0))
        half["answers"] = message.first("dns.count.answers") or ""
    for half in found:
        yield Transaction(half["what"], {"rcode": half.get("rcode", ""), "answers": half.get("answers", "")})


def _question(message: Message) -> str:
    name, kind = message.first("dns.qry.name"), message.first("dns.qry.type")
    return _what(name, type_name(int(kind)) if kind and kind.isdigit() else None)


def own(record: Mapping[str, Any]) -> Transaction:
    """A record as such a transaction; the response code without the bits that EDNS adds."""
    head = json.loads(record["resp_header"]) if record["resp_header"] else {}
    rcode = rcode_name(head["rcode"]) if head else ""
    return Transaction(
        _what(record["qname"], record["qtype"]), {"rcode": rcode, "answers": str(head.get("num_answers", ""))}
    )


def _what(name: object, kind: object) -> str:
    text = "." if str(name).lower() == "<root>" else str(name or "?")
    return f"{text.lower()} {kind or '?'}"


COMPARISON = Comparison("dns", ("dns", "mdns", "llmnr"), transactions, own, decode_as="dns", transports=("tcp", "udp"))
