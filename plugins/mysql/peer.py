"""MySQL as tshark dissects it, to be compared: every login and command, with what it returned."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction

_LOGIN, _QUERY, _PREPARE = "11", "3", "22"  # a login is recorded as the command COM_CONNECT, which no client sends
_ROW = ("mysql.row.text", "mysql.row.nullbuffer")
_LONGEST = 100
Half = dict[str, Any]


def transactions(messages: Sequence[Message]) -> Iterator[Transaction]:
    """What the server says belongs to the last command; its greeting comes before any."""
    found: list[Half] = []
    for message in messages:
        if message.to_server:
            command = message.first("mysql.command")
            if message.first("mysql.login_request") is not None:
                found.append({"what": _what(_LOGIN, None), "code": ""})
            elif command is not None:
                found.append({"what": _what(command, message.first("mysql.query")), "code": ""})
        elif found and not message.first("mysql.server_greeting"):
            _answer(message, found[-1])
        elif code := message.first("mysql.error_code"):
            found.append({"what": _what(_LOGIN, None), "code": code})  # refused before it could log in
    for half in found:
        yield Transaction(half["what"], {"code": half["code"], "rows": half.get("rows", 0)})


def _answer(message: Message, half: Half) -> None:
    half["code"] = message.first("mysql.error_code") or half["code"]
    if any(name in _ROW for name, _, _ in message.fields):
        half["rows"] = half.get("rows", 0) + 1


def own(record: Mapping[str, Any]) -> Transaction:
    """A record as such a transaction."""
    code = record["resp_code"] if record["resp_status"] == 3 else None
    rows = record["resp_rows"]
    return Transaction(
        _what(record["req_cmd"], record["req_body"]), {"code": "" if code is None else str(code), "rows": rows}
    )


def _what(command: object, text: object) -> str:
    if command is None:
        return "?"
    said = " ".join(str(text or "").split()) if str(command) in (_QUERY, _PREPARE) else ""
    return f"command {command} {said[:_LONGEST]}".rstrip()


COMPARISON = Comparison("mysql", ("mysql",), transactions, own, decode_as="mysql")
