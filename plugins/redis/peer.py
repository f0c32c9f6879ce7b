"""Redis as tshark dissects it (its layer `resp`, RESP2 only), to be compared."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction
from pxcap.core.text import to_text

Value = str | list["Value"]
_SCALARS = ("resp.string", "resp.error", "resp.integer")
_MESSAGES = ("message", "pmessage", "smessage", "subscribe", "unsubscribe", "psubscribe", "punsubscribe")


def transactions(messages: Sequence[Message]) -> Iterator[Transaction]:
    """Commands with replies in their order; the commands that have no reply of their own count as tshark shows them."""
    found: list[list[Value | None]] = []
    waiting: deque[list[Value | None]] = deque()
    for message in messages:
        for value in _values(message):
            if message.to_server:
                pair: list[Value | None] = [value, None]
                found.append(pair)
                waiting.append(pair)
            elif waiting:
                waiting.popleft()[1] = value
            else:
                found.append([None, value])
    for asked, told in found:
        yield Transaction(_word(asked, told), {"error": "" if told is None else str(_is_error(told))})


def _values(message: Message) -> Iterator[Value]:
    """The whole values of a segment, nested ones as lists."""
    open_: list[tuple[list[Value], int]] = []
    fields = iter(message.fields)
    for name, shown, digits in fields:
        value: Value
        if name == "resp.array":
            size = shown.rpartition(" ")[2]
            value = []
            if size.isdigit() and int(size):
                open_.append((value, int(size)))
                continue
        elif name == "resp.bulk_string":
            value = shown.partition(": ")[2]
        elif name in _SCALARS:
            raw = bytes.fromhex(digits)
            value = f"-{shown}" if name == "resp.error" else to_text(raw[1:].rstrip(b"\r\n")) if raw else shown
        else:
            continue
        while open_:
            open_[-1][0].append(value)
            if len(open_[-1][0]) < open_[-1][1]:
                break
            value = open_.pop()[0]
        else:
            yield value


def _word(asked: Value | None, told: Value | None) -> str:
    if isinstance(asked, list) and asked and isinstance(asked[0], str):
        return asked[0].upper()
    if asked is None and isinstance(told, list) and told and isinstance(told[0], str) and told[0] in _MESSAGES:
        return told[0].upper()
    return "?"


def _is_error(told: Value) -> bool:
    return isinstance(told, str) and told.startswith("-")


def own(record: Mapping[str, Any]) -> Transaction:
    """A record as such a transaction."""
    error = record["resp_error"]
    return Transaction(str(record["req_cmd"] or "?").upper(), {"error": "" if error is None else str(bool(error))})


COMPARISON = Comparison("redis", ("resp",), transactions, own, decode_as="resp")
