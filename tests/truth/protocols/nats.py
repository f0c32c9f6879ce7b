"""What the truth of a NATS capture wants as records.

What was on the wire is read from the plain capture by a simple reader of its own: every message is wanted, as a record or as
half of one. What the client library says of an operation (subject, payload, headers, times, errors) must then be in the record.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.truth import captures, wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, SLACK, Record, Want, differs, noted, times

from pxcap.core.text import to_text

TABLE = "nats_events"
FOLDERS = ("nats",)
_UNREAD = "?"
QUEUED = ("MSG", "HMSG", "PUB", "HPUB", "SUB", "UNSUB")
"""What a client library sends or hands over later than its call says, within LATE seconds."""
LATE = 0.5
_ERROR_OF = {"max payload": "PUB", "bad size": "PUB", "unknown op": _UNREAD, "HTTP to NATS": _UNREAD}
"""Cases of a raw client: which of its messages the server's -ERR is about. It answers no message in the others."""


@dataclass(slots=True)
class Message:
    """A message on the wire, with what a variant left of it."""

    verb: str
    words: list[str]
    head: bytes = b""
    payload: bytes | None = None
    start: int = 0
    end: int = 0
    state: str = "whole"

    @property
    def subject(self) -> str | None:
        """The first argument, where that is the subject."""
        return self.words[0] if self.verb in ("PUB", "HPUB", "MSG", "HMSG", "SUB") else None

    @property
    def reply(self) -> str | None:
        """Where an answer is wanted."""
        sizes = 2 if self.verb[0] == "H" else 1
        before = 2 if self.verb.endswith("MSG") else 1
        has = self.payload is not None and len(self.words) == before + sizes + 1
        return self.words[before] if has else None


@dataclass(slots=True)
class Expected:
    """A record: what began it and what answered, one of them maybe absent; an operation of the truth.

    Attributes:
        port: Of the client.
        first, answer: The messages.
        op: The operation.
        lacking: An answer should have come and did not.
        used: Verbs of operations that are the answering half.
    """

    port: int
    first: Message | None
    answer: Message | None = None
    op: Op | None = None
    lacking: bool = False
    used: list[str] = field(default_factory=list)


def messages(data: bytes) -> list[Message]:
    """Messages of one side, whole from its first byte; a line that is none ends them, and is the last."""
    found, at = [], 0
    while at < len(data):
        start, end = at, data.find(b"\n", at)
        if end < 0:
            break
        line, at = data[start:end].rstrip(b"\r"), end + 1
        verb = to_text(line.split()[0]).upper() if line.split() else ""
        words = [to_text(word) for word in line.split()[1:]]
        message = Message(verb, words, start=start)
        if verb in ("PUB", "HPUB", "MSG", "HMSG"):
            if len(words) > 5 or not words[-1].isdigit() or (verb == "PUB" and len(words) > 3):
                return [*found, Message(_UNREAD, [to_text(line)], start=start, end=at)]
            size, head = int(words[-1]), int(words[-2]) if verb[0] == "H" else 0
            message.head, message.payload = data[at : at + head], data[at + head : at + size]
            at += size + 2
            if data[at - 2 : at] != b"\r\n":
                message.end = at
                return [*found, message]
        elif verb not in ("INFO", "CONNECT", "SUB", "UNSUB", "PING", "PONG", "+OK", "-ERR"):
            return [*found, Message(_UNREAD, [to_text(line)], start=start, end=at)]
        elif verb in ("INFO", "CONNECT", "-ERR"):
            message.words = [to_text(line[len(verb) :].strip())]
        message.end = at
        found.append(message)
    return found


def _expected(port: int, stream: wire.Stream, case_name: str, error: str | None) -> list[Expected]:
    """The records of a connection."""
    asked, told = messages(stream.data[wire.CLIENT]), messages(stream.data[wire.SERVER])
    for side, side_messages in ((wire.CLIENT, asked), (wire.SERVER, told)):
        for message in side_messages:
            message.state = stream.state(side, message.start, message.end)
    answers: dict[int, Message] = {}

    def pair(first: Message, answer: Message) -> None:
        answers[id(first)] = answer
        taken.add(id(answer))

    taken: set[int] = set()
    subscribed = [message.words[0] for message in asked if message.verb == "SUB"]
    for requests, replies in ((asked, told), (told, asked)):
        for first in requests:
            if first.reply and (requests is told or any(_matches(one, first.reply) for one in subscribed)):
                for reply in replies:
                    if reply.subject == first.reply and reply.payload is not None and id(reply) not in taken:
                        pair(first, reply)
                        break
        pongs = [message for message in replies if message.verb == "PONG"]
        for first, pong in zip([m for m in requests if m.verb == "PING"], pongs, strict=False):
            pair(first, pong)
    connect = next((m for m in asked if m.verb == "CONNECT"), None)
    verbose = connect is not None and json.loads(connect.words[0]).get("verbose", True)
    errors = [message for message in told if message.verb == "-ERR"]
    if verbose:
        operations = [m for m in asked if m.verb in ("CONNECT", "PUB", "HPUB", "SUB", "UNSUB")]
        for first, ok in zip(operations, [m for m in told if m.verb == "+OK"], strict=False):
            pair(first, ok)
    about = "CONNECT" if error else _ERROR_OF.get(case_name)
    for failed in errors:
        for first in asked:
            if first.verb == about:
                pair(first, failed)
    lacking = {
        id(m)
        for m in asked
        if id(m) not in answers and (m.reply or m.verb == "PING" or (verbose and m.verb not in ("PONG", _UNREAD)))
    }
    quiet = {id(m) for m in asked if m.verb == _UNREAD and id(m) not in answers}
    return [
        Expected(port, message, answers.get(id(message)), lacking=id(message) in lacking)
        for message in [*asked, *told]
        if id(message) not in taken and id(message) not in quiet
    ]


def _matches(pattern: str, subject: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", "[^.]+").replace(">", ".+")
    return re.fullmatch(expression, subject) is not None


def wants(case: Case) -> list[Want]:
    """Every message that was on the wire, and of which the capture shows something, once."""
    ops = case.of("nats")
    base, ports = _plain(case)
    if base is None:
        return [_want(case, Expected(op["lport"], _spoken(op), op=op)) for op in ops]
    meta = case.meta if case.name.startswith("nats/") else {}
    expected: list[Expected] = []
    for port, stream in wire.variant(base, meta, ports).items():
        mine = [op for op in ops if op.get("lport") == port]
        name = next((op["case"] for op in mine if "case" in op), "")
        error = next((op["error"] for op in mine if op.get("verb") == "CONNECT" and op.get("error")), None)
        expected += _expected(port, stream, name, error)
    found = []
    for op in ops:
        if op.get("verb") in (None, "ERRORS") or op.get("wire") is False:
            continue
        if not _give(expected, op):
            found.append(
                Want(TABLE, f"op {op['seq']} {op['verb']} is not on the wire", op["lport"], lambda record: False)
            )
    gone = "gone"
    return found + [
        _want(case, one)
        for one in expected
        if not ((one.first is None or one.first.state == gone) and (one.answer is None or one.answer.state == gone))
    ]


def _plain(case: Case) -> tuple[Path | None, Iterable[int]]:
    """The plain capture of the messages, and the server's ports."""
    if case.name.startswith("nats/"):
        return case.base, case.meta["server_ports"]
    for part in case.meta.get("parts", ()):
        if part["proto"] == "nats":
            return captures.ROOT / "nats" / f"{part['base']}.pcap", part["server_ports"]
    return None, ()


def _spoken(op: Op) -> Message:
    """The message of an operation whose bytes are not at hand."""
    words = [op["subject"], *([op["reply"]] if op.get("reply") else []), str(op["size"])]
    return Message(op["verb"], words, payload=op["payload"].encode())


def _give(expected: list[Expected], op: Op) -> bool:
    """Give an operation to the first record on its port that is its; an answer of this client is half of one."""
    for one in expected:
        if one.port == op.get("lport") and one.op is None and one.first is not None and _same_op(one.first, op):
            one.op = op
            if op["verb"] == "CONNECT":  # the client library pings behind it
                _give(expected, {**op, "verb": "PING"})
            return True
    halves = (one for one in expected if one.port == op.get("lport") and one.answer is not None)
    for one in halves:
        assert one.answer is not None
        if op["verb"] not in one.used and _same_op(one.answer, op):
            one.used.append(op["verb"])
            return True
    return False


def _same_op(message: Message, op: Op) -> bool:
    verb = {"REQUEST": ("PUB", "HPUB"), "PUB": ("PUB", "HPUB"), "MSG": ("MSG", "HMSG")}.get(op["verb"], (op["verb"],))
    if message.verb not in verb:
        return False
    if message.verb == "UNSUB":
        return message.words[0] == str(op["sid"])
    if message.verb == "SUB":
        return message.words == [word for word in (op["subject"], op.get("queue"), str(op["sid"])) if word]
    if message.payload is None:
        return True
    return message.subject == op["subject"] and _same_bytes(op["payload"], message.payload)


def _same_bytes(wanted: Any, found: bytes) -> bool:
    if isinstance(wanted, dict) and "sha256" in wanted:
        return len(found) == wanted["len"] and hashlib.sha256(found).hexdigest() == wanted["sha256"]
    if isinstance(wanted, dict):
        return found == bytes.fromhex(wanted["hex"])
    return found == str(wanted).encode()


def _want(case: Case, one: Expected) -> Want:
    first, answer, op = one.first, one.answer, one.op
    shown = first if first is not None and first.state != "gone" else answer
    assert shown is not None
    lonely = first is not None and first.state == "gone"
    whole = first is not None and first.state == "whole" and (answer is None or answer.state == "whole")

    def same(record: Record) -> bool:
        cmd = "PING" if shown.verb == "PONG" else shown.verb
        if record["cmd"] != cmd:
            return False
        if shown.verb == "UNSUB":
            return bool(json.loads(record["body"])["sid"] == shown.words[0])
        if shown.verb in ("PING", "PONG"):
            answered = answer is not None and answer.state != "gone"
            return (record["resp"] is not None, record["latency"] is not None) == (answered, answered and not lonely)
        if shown.payload is None:
            return shown.subject in (None, record["subject"])
        if (record["subject"], record["reply_to"]) != (shown.subject, shown.reply):
            return False
        text = json.loads(record["body"])["payload"]
        return shown.state == "cut" or (text == to_text(shown.payload) and record["payload_size"] == len(shown.payload))

    def problems(record: Record) -> list[str]:
        clean = whole and not case.transform and not one.lacking
        found = noted(whole, clean and shown.verb != _UNREAD, record)
        if op is not None and not lonely and case.transform != "reorder":  # which moves stamps within a flight
            found += times(case, op, record) if op.get("verb") not in QUEUED else _after(case, op, record)
            found += differs("local_port", case.ports.get(op["rport"], op["rport"]), record["local_port"])
            if op.get("headers"):
                found += differs("headers", op["headers"], json.loads(record["headers"] or "{}"))
            if "queue" in op:
                found += differs("queue group", op["queue"], json.loads(record["body"]).get("queue group"))
            if isinstance(op.get("reply"), dict):
                found += differs("resp", op["reply"]["payload"], record["resp"]) if whole else []
        if whole and answer is not None and not lonely:
            found += _answer_problems(answer, record)
        elif whole and shown.verb not in ("-ERR", "+OK"):
            found += differs("resp", None, record["resp"]) + differs("latency", None, record["latency"])
        if shown.verb in ("INFO", "CONNECT") and shown.state == "whole":
            found += differs("body", json.loads(shown.words[0]), json.loads(record["body"]))
        return found

    what = f"{'op ' + str(op['seq']) if op else 'wire'} {shown.verb} {' '.join(shown.words)[:60]}"
    optional = shown.state == "cut" or (lonely and shown.state != "whole")
    return Want(TABLE, what, one.port, same, problems, optional=optional)


def _after(case: Case, op: Op, record: Record) -> list[str]:
    """A call that only queues its message returns before it is sent, one that waits for a message after it came."""
    if op.get("t0") is None or case.transform == "reorder_wild":
        return []
    at = record["time_"] / 1e9
    if op["verb"] in ("MSG", "HMSG"):
        return [] if op["t0"] - LATE <= at <= op["t1"] + SLACK else [f"came at {at}"]
    return [] if op["t0"] - SLACK <= at <= op["t1"] + LATE else [f"sent at {at}"]


def _answer_problems(answer: Message, record: Record) -> list[str]:
    if record["latency"] is None:
        return ["no latency"]
    if answer.verb == "PONG":
        return differs("resp", "PONG", record["resp"])
    if answer.verb in ("+OK", "-ERR"):
        return differs("resp", " ".join([answer.verb, *answer.words]), record["resp"])
    status = re.match(rb"NATS/1\.0 (\d+)", answer.head)
    if status is not None:
        return [] if (record["resp"] or "").startswith(status[1].decode()) else [f"resp: {record['resp']!r}"]
    return differs("resp", to_text(answer.payload or b""), record["resp"])


_OP: Op = CALL | {"verb": "PUB", "subject": "a.b", "reply": None, "size": 2, "payload": "hi", "headers": {"A": "b"}}
_RECORD: Record = LEADING | {
    "table": TABLE,
    "latency": None,
    "cmd": "PUB",
    "body": '{"subject":"a.b","payload":"hi"}',
    "resp": None,
    "subject": "a.b",
    "reply_to": None,
    "headers": '{"A":"b"}',
    "payload_size": 2,
}
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"cmd": "MSG"},
    {"subject": "a.c"},
    {"reply_to": "x"},
    {"payload_size": 3},
    {"headers": '{"A":"c"}'},
    {"headers": None},
    {"resp": "+OK"},
    {"body": '{"subject":"a.b","payload":"ho"}'},
)
