"""PostgreSQL as tshark dissects it, to be compared: every message of the client that has an answer of its own."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction

_ASKED = {
    "Simple query": "Query",
    "Parse": "Parse",
    "Bind": "Bind",
    "Describe": "Describe",
    "Execute": "Execute",
    "Close": "Close",
    "Function call": "FunctionCall",
    "Startup message": "Startup",
    "Cancel request": "CancelRequest",
    "SSL request": "SSLRequest",
}
_ENDS = {
    "Parse completion": ("Parse",),
    "Bind completion": ("Bind",),
    "Row description": ("Describe",),
    "No data": ("Describe",),
    "Command completion": ("Execute",),
    "Empty query": ("Execute",),
    "Portal suspended": ("Execute",),
    "Close completion": ("Close",),
}
_COUNTED = ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "MOVE", "FETCH", "COPY")
_LEFT_OUT = ("SSLRequest", "GSSENCRequest", "CancelRequest", "Sync", "Notification")  # one side has no message for them
_LONGEST = 100
Half = dict[str, Any]


def transactions(messages: Sequence[Message]) -> Iterator[Transaction]:
    """Requests with what answered them, in order; after an error all but Sync are passed over, as the server does."""
    found: list[Half] = []
    waiting: deque[Half] = deque()
    for message in messages:
        kind = message.first("pgsql.type") or ""
        if message.to_server:
            command = _ASKED.get(kind, kind)
            half: Half = {"cmd": command, "sql": message.first("pgsql.query") or "", "rows": None, "code": ""}
            if command in _ASKED.values() and command not in _LEFT_OUT:
                found.append(half)
                waiting.append(half)
            elif command == "Sync":
                waiting.append(half)
        elif waiting:
            _answer(kind, message, waiting)
    for half in found:
        yield Transaction(_what(half["cmd"], half["sql"]), {"rows": half["rows"], "code": half["code"]})


def _answer(kind: str, message: Message, waiting: deque[Half]) -> None:
    half = waiting[0]
    if kind == "Error":
        half["code"] = message.first("pgsql.code") or ""
        if half["cmd"] not in ("Query", "Sync"):
            waiting.popleft()
            while waiting and waiting[0]["cmd"] not in ("Sync", "Query", "Startup"):
                waiting.popleft()
    elif kind == "Ready for query":
        waiting.popleft()
    elif half["cmd"] in ("Query", "Execute") and kind == "Data row":
        half["data"] = half.get("data", 0) + 1
    elif half["cmd"] in _ENDS.get(kind, ()) or (kind in ("Command completion", "Portal suspended")):
        words = (message.first("pgsql.tag") or "").split()
        if kind == "Portal suspended":
            half["rows"] = half.get("data")
        elif words and words[0] in _COUNTED and words[-1].isdigit():
            half["rows"] = (half["rows"] or 0) + int(words[-1])
        if half["cmd"] != "Query":
            waiting.popleft()


def own(record: Mapping[str, Any]) -> Transaction | None:
    """A record as such a transaction."""
    command = record["req_cmd"]
    if command in _LEFT_OUT:
        return None
    rows = record["resp_rows"]
    code = record["resp_sqlstate"] or ""
    return Transaction(
        _what(command, record["req"] if command in ("Query", "Parse") else ""), {"rows": rows, "code": code}
    )


def _what(command: object, sql: object) -> str:
    text = " ".join(str(sql or "").split()) if command in ("Query", "Parse") else ""
    return f"{command or '?'} {text[:_LONGEST]}".rstrip()


COMPARISON = Comparison("pgsql", ("pgsql",), transactions, own, decode_as="pgsql")
