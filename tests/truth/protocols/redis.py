"""What the truth of a Redis capture wants as records.

Where an operation's port or its bytes matter (a client that reconnects, a variant that lost something), the commands are
looked up in the plain capture by `wire`; MONITOR's log says what sessions of redis-cli sent.
"""

import hashlib
import json
import re
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.truth import wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, Record, Want, differs, noted, times

from pxcap.core.text import to_text

TABLE = "redis_events"
_MONITOR = re.compile(r"\d+\.\d+ \[\d+ \S*:(\d+)\] (.*)")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b"}
_SETUP = {"HELLO", "AUTH", "CLIENT", "SELECT", "COMMAND"}


@dataclass(slots=True)
class Command:
    """A command on the wire: its connection, words, and what a variant left of it and of its reply."""

    port: int
    words: list[bytes]
    request: str = "whole"
    reply: str = "whole"
    used: bool = False


def wants(case: Case) -> list[Want]:
    """Every command and push that was on the wire, and of which the capture shows something."""
    ops = [op for op in case.of("redis") if op.get("wire") is not False and op.get("captured") is not False]
    pushed = {op["lport"] for op in ops if op.get("wire") == "push"}
    wire_known = case.name.startswith("redis/") and not case.name.startswith("redis/live_")
    commands = _commands(case) if wire_known else []
    found: list[Want] = []
    for op in ops:
        if op.get("wire") == "push" or op["cmd"] in ("connect", "session"):
            continue
        if op["cmd"] == "pipeline":
            found += _pipeline(case, op, commands)
            continue
        command = _take(commands, op)
        if command is None or not command.request == command.reply == "gone":
            found.append(_want(case, op, command, op.get("lport") in pushed))
    found += _sessions(case, commands)
    found += [
        _want(case, {"seq": "setup", "cmd": to_text(left.words[0]), "args": None, "lport": left.port}, left, False)
        for left in commands
        if not left.used and to_text(left.words[0]).upper() in _SETUP and left.request != "gone"
    ]
    for port in sorted(pushed):
        found += _pushes([op for op in ops if op.get("lport") == port], port)
    found += [_push(["invalidate", last["args"]], op["lport"]) for last, op in pairwise(ops) if _told(op)]
    return found


def _commands(case: Case) -> list[Command]:
    """All commands of the plain capture. Replies are told apart only where there is one for each command."""
    found = []
    for port, stream in wire.variant(case.base, case.meta, case.meta["server_ports"]).items():
        requests, replies = wire.resp_commands(stream.data[0]), wire.resp_replies(stream.data[1])
        paired = len(requests) == len(replies)
        for at, (words, start, end) in enumerate(requests):
            reply = stream.state(wire.SERVER, *replies[at]) if paired else "whole"
            found.append(Command(port, words, stream.state(wire.CLIENT, start, end), reply))
    return found


def _take(commands: list[Command], op: Op) -> Command | None:
    """The command of an operation: on its port if it is there, else on any (the client had connected anew)."""
    if op["cmd"] in (None, "?"):
        return None
    fitting = [command for command in commands if not command.used and _same_words(op, command.words)]
    fitting.sort(key=lambda command: command.port != op.get("lport"))
    if fitting:
        fitting[0].used = True
        return fitting[0]
    return None


def _same_words(op: Op, words: list[bytes]) -> bool:
    if to_text(words[0]).upper() != op["cmd"].upper():
        return False
    if op.get("inline"):
        return True
    if isinstance(op["args"], dict):
        return bool(len(words) - 1 == op["args"]["items"])
    wanted = op["args"]
    return len(words) - 1 == len(wanted) and all(
        same_text(a, to_text(b)) for a, b in zip(wanted, words[1:], strict=True)
    )


def _pipeline(case: Case, op: Op, commands: list[Command]) -> list[Want]:
    """A transaction that the client library sent at once; the truth tells the reply of its EXEC only."""
    found = []
    for line in op["commands"]:
        cmd, *args = line.split()
        if cmd == "INCR":  # what this client library's incr() sends
            cmd, args = "INCRBY", [*args, "1"]
        part = {**op, "cmd": cmd, "args": args}
        part.pop("result")
        if cmd == "EXEC":
            part["result"] = ["OK" if item is True else item for item in op["result"]]
        command = _take(commands, part)
        if command is None or not command.request == command.reply == "gone":
            found.append(_want(case, part, command, False))
    return found


def _sessions(case: Case, commands: list[Command]) -> list[Want]:
    """What MONITOR saw of connections no operation tells the port of, and what redis-cli --pipe ends with."""
    if not any(op["cmd"] == "session" for op in case.of("redis")):
        return []
    told = {op.get("lport") for op in case.of("redis")}
    found = []
    for at, line in enumerate(case.logs["monitor.log"]):
        port, rest = _MONITOR.fullmatch(line).groups()  # type: ignore[union-attr]
        if int(port) in told:
            continue
        words = [to_text(_unescape(word)) for word in _WORD.findall(rest)]
        op = {"seq": f"monitor {at + 1}", "cmd": words[0], "args": words[1:], "lport": int(port)}
        found.append(_want(case, op, _take(commands, op), False))
    return found


def _unescape(text: str) -> bytes:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 3 else _ESCAPES.get(code, code.encode()).decode()

    return re.sub(r"\\(x[0-9a-f]{2}|.)", one, text).encode("latin-1")


def _want(case: Case, op: Op, command: Command | None, pushed: bool) -> Want:
    request, reply = (command.request, command.reply) if command else ("whole", "whole")
    snapped = case.snapped
    clean = not case.transform and not snapped and case.meta["scenario"] != "live_midconnection"

    def same(record: Record) -> bool:
        if op["cmd"] in (None, "?"):
            return bool(record["resp_error"] and record["resp"] == _raw(op)[0])
        if request == "gone":
            return record["req_cmd"] is None and not _result_problems(op, record)
        if record["req_cmd"] is None or record["req_cmd"].upper() != op["cmd"].upper():
            return False
        return request == "cut" or op["args"] is None or snapped or not _args_problems(op, record)

    def problems(record: Record) -> list[str]:
        found = times(case, op, record) + noted(
            request == reply == "whole", clean and op["cmd"] not in (None, "?"), record
        )
        if op.get("rport"):
            found += differs("local_port", case.ports.get(op["rport"], op["rport"]), record["local_port"])
        if reply == "gone":
            return found + [f"resp is {record['resp']!r}" for _ in (1,) if record["resp"] is not None]
        if reply == "whole" and not snapped and not pushed:
            found += _result_problems(op, record)
        return found

    what = f"op {op['seq']} {op['cmd']} {str(op['args'])[:60] if 'args' in op else ''}"
    port = command.port if command else op.get("lport")
    return Want(TABLE, what, port, same, problems, optional=request != "whole" and reply != "whole")


def _raw(op: Op) -> list[str]:
    """The replies to a raw socket as pxcap shows them: without type bytes and lengths."""
    found, lines = [], op["raw_reply"].split("\r\n")[:-1]
    while lines:
        head = lines.pop(0)
        found.append(lines.pop(0) if head.startswith("$") else head[1:])
    return found


def _args_problems(op: Op, record: Record) -> list[str]:
    wanted, found = op["args"], json.loads(record["req_args"] or "[]")
    if isinstance(wanted, dict):
        return [] if _same_items(wanted, found) else [f"req_args: {len(found)} items"]
    if len(wanted) == len(found) and all(same_text(a, b) for a, b in zip(wanted, found, strict=True)):
        return []
    return [f"req_args: wanted {str(wanted)[:80]}, found {str(found)[:80]}"]


def _result_problems(op: Op, record: Record) -> list[str]:
    resp, error = record["resp"], record["resp_error"]
    if "raw_reply" in op and op["cmd"] is not None:
        return [] if resp in _raw(op) else [f"resp: wanted one of {_raw(op)}, found {resp!r}"]
    if op.get("error"):
        message = op["error"]["message"]
        if error is not True or resp is None or not resp.endswith(message):
            return [f"resp: wanted the error {message!r}, found {resp!r} (error {error})"]
        return []
    if "result" not in op:
        return [] if resp is not None else ["no resp"]
    found = differs("resp_error", False, error)
    return found if same_value(op["result"], resp) else [*found, *differs("resp", op["result"], resp)]


def _same_items(wanted: dict[str, Any], found: list[Any]) -> bool:
    first, last = wanted["first"], wanted["last"]
    return len(found) == wanted["items"] and found[: len(first)] == first and found[-1] == last


def same_text(wanted: Any, found: str) -> bool:
    """Whether a string is the one the truth describes: as it is, in hex, or by length and hash."""
    if isinstance(wanted, dict) and "hex" in wanted:
        return found == to_text(bytes.fromhex(wanted["hex"]))
    if isinstance(wanted, dict):
        data = found.encode()
        return len(data) == wanted["len"] and hashlib.sha256(data).hexdigest() == wanted["sha256"]
    return bool(found == str(wanted))


def same_value(wanted: Any, found: str | None) -> bool:
    """Whether a reply as stored is the one the client library returned."""
    if found is None:
        return False
    if wanted is None:
        return found in NULLS
    if isinstance(wanted, str | int) and not isinstance(wanted, bool):
        return found == str(wanted)
    if isinstance(wanted, float):
        return float(found) == wanted
    if isinstance(wanted, dict) and ("hex" in wanted or "sha256" in wanted):
        return same_text(wanted, found)
    try:
        value = json.loads(found)
    except ValueError:
        return False
    if isinstance(wanted, dict) and "items" in wanted:
        return isinstance(value, list) and _same_items(wanted, value)
    return _same_tree(wanted, value)


NULLS = ("null", "nil", "(nil)")


def _same_tree(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict) and ("hex" in wanted or "sha256" in wanted):
        return isinstance(found, str) and same_text(wanted, found)
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and list(wanted) == list(found)
            and all(_same_tree(wanted[k], found[k]) for k in found)
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(wanted) == len(found)
            and all(_same_tree(a, b) for a, b in zip(wanted, found, strict=True))
        )
    return bool(wanted == found or (isinstance(found, str) and str(wanted) in (found, found.removeprefix("ERR "))))


def _pushes(ops: list[Op], port: int) -> list[Want]:
    """Messages on a subscribed connection, in order. Confirmations and PONG are replies; the others come unasked.

    The truth lists what each read returned, one behind the command it belongs to; together they are all messages.
    """
    messages = [item["msg"] for op in ops if op.get("wire") == "push" for item in op["received"]]
    replies = {"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "pong"}
    pushes = deque(message for message in messages if isinstance(message, list) and message[0] not in replies)

    return [_push(message, port) for message in pushes]


def _told(op: Op) -> bool:
    return "an invalidate push arrives" in (op.get("note") or "")


def _push(message: list[Any], port: int) -> Want:
    def same(record: Record) -> bool:
        return record["req_args"] is None and same_value(message, record["resp"])

    return Want(TABLE, f"push {str(message)[:60]}", port, same)


_OP: Op = CALL | {"cmd": "MGET", "args": ["k", {"hex": "ff"}], "result": ["v", None]}
REDIS_RECORD: Record = LEADING | {
    "table": "redis_events",
    "req_cmd": "MGET",
    "req_args": '["k", "\\\\xff"]',
    "resp": '["v", null]',
    "resp_error": False,
}
_RECORD: Record = LEADING | {
    "table": "redis_events",
    "req_cmd": "MGET",
    "req_args": '["k", "\\\\xff"]',
    "resp": '["v", null]',
    "resp_error": False,
}
FOLDERS = ("redis",)
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_cmd": "GET"},
    {"req_args": '["k"]'},
    {"resp": '["v", "w"]'},
    {"resp": None},
    {"resp_error": True},
)
