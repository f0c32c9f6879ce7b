"""CQL as tshark dissects it (v3 and v4, and v5 before its segments), to be compared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction

_ERROR, _RESULT, _QUERY, _PREPARE, _EVENT = "0", "8", "7", "9", "12"
_LONGEST = 100


def transactions(messages: Sequence[Message]) -> Iterator[Transaction]:
    """Requests in order, with the response of the same stream."""
    found: list[dict[str, str | None]] = []
    waiting: dict[str, dict[str, str | None]] = {}
    for message in messages:
        stream, opcode = message.first("cql.stream") or "", message.first("cql.opcode") or ""
        if message.to_server:
            text = message.first("cql.string") if opcode in (_QUERY, _PREPARE) else None
            half: dict[str, str | None] = {"what": _what(opcode, text), "resp_op": ""}
            found.append(half)
            waiting[stream] = half
            continue
        known = waiting.pop(stream, None)
        if known is None:
            known = {"what": _what(None, None)}
            found.append(known)
        known["resp_op"] = opcode
        known["code"] = str(int(message.first("cql.error_code") or "0", 0)) if opcode == _ERROR else ""
        if opcode == _RESULT:
            known["rows"] = message.first("cql.result.rows.row_count")
    for half in found:
        yield Transaction(str(half["what"]), {name: half.get(name) for name in ("resp_op", "code", "rows")})


def own(record: Mapping[str, Any]) -> Transaction:
    """A record as such a transaction."""
    opcode = record["req_op"]
    text = record["req_body"] if str(opcode) in (_QUERY, _PREPARE) else None
    answer, code, rows = record["resp_op"], record["resp_code"], record["resp_rows"]
    fields = {
        "resp_op": "" if answer is None else str(answer),
        "code": "" if code is None else str(code),
        "rows": None if rows is None else str(rows),
    }
    return Transaction(_what(None if opcode is None or str(opcode) == _EVENT else opcode, text), fields)


def _what(opcode: object, text: object) -> str:
    said = " ".join(str(text or "").split())[:_LONGEST]
    return "?" if opcode is None else f"opcode {opcode} {said}".rstrip()


COMPARISON = Comparison("cql", ("cql",), transactions, own, decode_as="cql")
