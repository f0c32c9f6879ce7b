"""What the truth of a MySQL capture wants as records: one for every login and command that the plain capture's bytes hold.

Commands are read from the client's bytes here, by a reader of a few lines that shares nothing with the plugin; the operations
say what came of them. Commands of sessions of the CLI, which no operation lists, are wanted with their text alone.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from tests.truth import wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, Record, Want, differs, noted, times

from pxcap.core.text import to_text

TABLE = "mysql_events"
CONNECT, PREPARE, EXECUTE = 11, 22, 23
_NUMBERS = {
    "COM_QUIT": 1,
    "COM_INIT_DB": 2,
    "COM_QUERY": 3,
    "COM_FIELD_LIST": 4,
    "COM_REFRESH": 7,
    "COM_STATISTICS": 9,
    "COM_PROCESS_INFO": 10,
    "COM_PROCESS_KILL": 12,
    "COM_DEBUG": 13,
    "COM_PING": 14,
    "COM_CHANGE_USER": 17,
    "COM_STMT_PREPARE": PREPARE,
    "COM_STMT_EXECUTE": EXECUTE,
    "COM_STMT_SEND_LONG_DATA": 24,
    "COM_STMT_CLOSE": 25,
    "COM_STMT_RESET": 26,
    "COM_SET_OPTION": 27,
    "COM_STMT_FETCH": 28,
    "COM_RESET_CONNECTION": 31,
}
_TEXTS = {2, 3, PREPARE}
_OF_STATEMENT = {EXECUTE, 24, 25, 26, 28}
_SILENT = {1, 24, 25}
_PREFIX = re.compile(r"^\d+ \(\w{5}\): ")  # what mysql-connector puts in front of the server's text
_OWN = "Can't open file"  # an error the client raises itself
_DELTA = re.compile(r"(?:(-?\d+) days?, )?(-?\d+):(\d\d):(\d\d)(?:\.(\d{6}))?")


@dataclass(slots=True)
class Command:
    """A login or command on the wire, and what is known of it.

    Attributes:
        order: Of its connection in the capture.
        body: Behind the command byte; of a login the whole packet.
        request, reply: What a variant left of its bytes and of those that answer it.
        text: Of a prepared statement it uses; None when that is not known.
        readable: The variant holds what is needed to know that text.
        op: The operation that tells what came of it.
    """

    port: int
    order: int
    number: int
    body: bytes
    request: str = "whole"
    reply: str = "whole"
    text: str | None = None
    readable: bool = True
    op: Op | None = None
    used: bool = False


def wants(case: Case) -> list[Want]:
    """Every login and command of which the capture shows something."""
    ops = [op for op in case.of("mysql") if op.get("wire") is not False and op.get("captured") is not False]
    if not case.name.startswith("mysql/"):
        return [want for op in ops for want in _told(case, op)]
    commands = _commands(case)
    _attach(commands, ops)
    found = []
    for command in commands:
        gone = command.request == "gone"
        if gone and (command.reply in ("gone", "none") or command.number in _SILENT):
            continue
        found.append(_want(case, command))
    return found


def _told(case: Case, op: Op) -> list[Want]:
    """The commands an operation lists, where bytes of several captures lie in one."""
    found = []
    if op["cmd"] == "connect":
        found.append(_want(case, Command(op["lport"], 0, CONNECT, b"", op=op)))
    names = [(part["cmd"], part.get("arg")) for part in op["wire_cmds"]] or [(op["cmd"], None)] * (
        op["cmd"] != "connect"
    )
    for at, (name, arg) in enumerate(names):
        command = Command(op["lport"], 0, _NUMBERS[name], str(arg or "").encode())
        command.op = op if at == len(names) - 1 and op["cmd"] != "connect" else None
        found.append(_want(case, command))
    return found


def _packets(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """(sequence id, start, end, payload) of every packet, those that continue one joined."""
    found, at = [], 0
    while at + 4 <= len(data):
        start, payload, size = at, b"", 0xFFFFFF
        sequence = data[at + 3]
        while size == 0xFFFFFF:
            size = int.from_bytes(data[at : at + 3], "little")
            payload += data[at + 4 : at + 4 + size]
            at += 4 + size
        found.append((sequence, start, at, payload))
    return found


def _commands(case: Case) -> list[Command]:
    found = []
    for order, (port, stream) in enumerate(wire.variant(case.base, case.meta, case.meta["server_ports"]).items()):
        packets = _packets(stream.data[0])
        starts = [(start, end, body) for sequence, start, end, body in packets if sequence == 0]
        login = [(start, end, body) for sequence, start, end, body in packets if sequence == 1][:1]
        own = []
        for at, (start, end, body) in enumerate([*login, *starts]):
            is_login = at < len(login)
            command = Command(port, order, CONNECT if is_login else body[0], body if is_login else body[1:])
            command.request = stream.state(wire.CLIENT, start, end)
            following = [*login, *starts][at + 1 :]
            first = _answered(stream, start)
            last = _answered(stream, following[0][0]) if following else len(stream.data[1])
            command.reply = stream.state(wire.SERVER, first, last) if last > first else "none"
            own.append(command)
        if not packets:
            own.append(Command(port, order, CONNECT, b"", reply=stream.state(wire.SERVER, 0, len(stream.data[1]))))
        _know(own, bool(stream.lost[0] or stream.lost[1]))
        found += own
    return found


def _answered(stream: wire.Stream, start: int) -> int:
    """How much the server had said when the client sent its byte `start`."""
    said = 0
    for side, low, high in stream.spans:
        if side == wire.CLIENT and low <= start < high:
            return said
        if side == wire.SERVER:
            said = max(said, high)
    return said


def _know(commands: list[Command], lossy: bool) -> None:
    """Give the commands of a connection the text of the statement they use: ids count up with each preparation."""
    texts: dict[int, tuple[str, bool]] = {}
    prepared = 0
    for command in commands:
        if command.number == PREPARE:
            prepared += 1
            readable = command.request == command.reply == "whole"
            texts[prepared] = (to_text(command.body), readable)
        elif command.number in _OF_STATEMENT:
            command.text, command.readable = texts.get(int.from_bytes(command.body[:4], "little"), ("", False))
        elif command.number in (17, 31) and lossy and "whole" not in (command.request, command.reply):
            command.readable = False


def _attach(commands: list[Command], ops: list[Op]) -> None:
    """Give commands the operation that tells what came of them; the operations of a connection are in its order."""
    order = -1
    taken: dict[int, int] = {}
    for op in ops:
        if op["cmd"] == "session":
            continue
        if op["cmd"] == "connect":
            fitting = [
                c
                for c in commands
                if c.number == CONNECT
                and not c.used
                and (c.port == op.get("lport") or ("lport" not in op and c.order > order))
            ]
            fitting = [c for c in fitting if not c.body or _user(c.body) == op["user"]]
            if fitting:
                fitting[0].used, fitting[0].op = True, op
                order = fitting[0].order
        main = None
        parts = op["wire_cmds"]
        if not parts or (op["cmd"] == "COM_CHANGE_USER" and op["cmd"] not in [part["cmd"] for part in parts]):
            parts = [{"cmd": op["cmd"]}, *parts]
        for part in parts:
            command = _take(commands, op, part, taken)
            if command is not None and (
                part["cmd"] not in ("COM_PING", "COM_STMT_RESET", "COM_STMT_CLOSE") or part["cmd"] == op["cmd"]
            ):
                main = command
        if main is not None and op["cmd"] != "connect":
            main.op = op


def _user(body: bytes) -> str:
    return to_text(body[32 : body.index(b"\0", 32)])


def _take(commands: list[Command], op: Op, part: dict[str, Any], taken: dict[int, int]) -> Command | None:
    """The command of an operation, behind the one taken last on its connection (`taken`, by port)."""
    number = _NUMBERS.get(part["cmd"])
    for at in range(taken.get(op.get("lport", 0), -1) + 1, len(commands)):
        command = commands[at]
        if command.used or command.number != number or command.port != op.get("lport"):
            continue
        if part.get("stmt_id") not in (None, int.from_bytes(command.body[:4], "little")):
            continue
        if number in _TEXTS and part.get("arg") is not None and not _same(part["arg"], to_text(command.body)):
            continue
        command.used = True
        taken[command.port] = at
        return command
    return None


def _same(wanted: Any, found: Any) -> bool:
    """Whether a value as stored is the one the truth describes."""
    if isinstance(wanted, dict) and "hex" in wanted:
        return bool(found == to_text(bytes.fromhex(wanted["hex"])))
    if isinstance(wanted, dict):
        data = str(found).encode()
        return len(data) == wanted["len"] and hashlib.sha256(data).hexdigest() == wanted["sha256"]
    if isinstance(wanted, bool):
        return found == int(wanted)
    if isinstance(wanted, str) and isinstance(found, str) and wanted != found:
        return _clock(wanted) == found
    return type(wanted) is type(found) and bool(wanted == found)


def _clock(text: str) -> str:
    """A timedelta as Python writes it, as SQL does."""
    match = _DELTA.fullmatch(text)
    if match is None:
        return text
    days, hours, minutes, seconds, micro = match.groups()
    # mysql-connector sends -1 day, 19:00:00 as minus (1 day and 19 hours), and so the server stores it.
    sign = "-" if int(days or 0) < 0 else ""
    rest = f"{minutes}:{seconds}" + (f".{micro}" if micro else "")
    return f"{sign}{abs(int(days or 0)) * 24 + int(hours):02}:{rest}"


def _want(case: Case, command: Command) -> Want:
    op = command.op or {}
    what = f"{op.get('seq', '-')} {command.number} {(command.text or to_text(command.body))[:50]!r}"
    if command.request != "whole" or command.reply not in ("whole", "none"):
        what += f" (request {command.request}, reply {command.reply})"

    def same(record: Record) -> bool:
        if command.request == "gone":
            return record["req_cmd"] is None or record["req_cmd"] == command.number == CONNECT
        if command.request == "cut":
            return record["req_cmd"] in (None, command.number)
        return record["req_cmd"] == command.number and (
            command.number not in _TEXTS or record["req_body"] == to_text(command.body)
        )

    def problems(record: Record) -> list[str]:
        rport = case.of("mysql")[0]["rport"]
        port = differs("local_port", case.ports.get(rport, rport), record["local_port"])
        return port + _problems(case, command, record)

    optional = "cut" in (command.request, command.reply) and "whole" not in (command.request, command.reply)
    return Want(TABLE, what, command.port, same, problems, optional)


def _problems(case: Case, command: Command, record: Record) -> list[str]:
    op = command.op
    silent = command.number in _SILENT
    whole = command.request == "whole" and (command.reply == "whole" or silent)
    unanswered = command.number == CONNECT and "error" in (op or {}) and "code" not in (op or {"error": {}})["error"]
    if unanswered:
        return differs("note", "no_response", record["note"])
    found = noted(whole, whole and command.readable, record)
    # A command without an answer is sent together with the next one; where such packets changed places, so did times.
    if op is not None and command.request == "whole" and not (silent and case.transform in ("combo", "reorder")):
        found += times(case, op, record)
    if command.request == "whole":
        found += _asked(command, record)
    if silent:
        return found + differs("resp_status", 1, record["resp_status"])
    if command.reply == "whole" and command.request != "cut":
        found += _answer(command, record)
    elif record["resp_rows"] is not None and "gap" not in record["note"] and command.reply == "gone":
        found.append("rows although no answer was captured")
    return found


def _asked(command: Command, record: Record) -> list[str]:
    op = command.op or {}
    if command.number == CONNECT:
        wanted = [f"user={op['user']}"] if "user" in op else []
        wanted += [f"database={op['database']}"] if op.get("database") else []
        missing = [word for word in wanted if command.body and word not in (record["req_body"] or "").split()]
        return [f"req_body: {missing} not in {record['req_body']!r}"] if missing else []
    if command.number in _TEXTS:
        return differs("req_body", to_text(command.body), record["req_body"])
    if command.number not in _OF_STATEMENT or not command.readable:
        return []
    found = differs("req_body", command.text, record["req_body"])
    if command.number == EXECUTE and op.get("args") is not None:
        values = json.loads(record["req_params"] or "{}").get("values", [])
        wanted = op["args"]
        if len(values) != len(wanted) or not all(_same(a, b) for a, b in zip(wanted, values, strict=True)):
            found.append(f"req_params: wanted {str(wanted)[:200]}, found {str(values)[:200]}")
    return found


def _answer(command: Command, record: Record) -> list[str]:
    op = command.op
    error = (op or {}).get("error") or {}
    if op is None:
        return [] if record["resp_status"] in (2, 3) else [f"resp_status {record['resp_status']}"]
    if error.get("code") and not error["message"].startswith(_OWN):
        found = differs("resp_status", 3, record["resp_status"]) + differs(
            "resp_code", error["code"], record["resp_code"]
        )
        found += differs("resp_sqlstate", error.get("sqlstate", record["resp_sqlstate"]), record["resp_sqlstate"])
        if not (record["resp_body"] or "").endswith(_PREFIX.sub("", error["message"])):
            found.append(f"resp_body: wanted the error {error['message']!r}, found {record['resp_body']!r}")
        return found
    found = differs("resp_status", 2, record["resp_status"]) + differs("resp_code", None, record["resp_code"])
    result = op.get("result")
    results = result if isinstance(result, list) else [result] if isinstance(result, dict) else []
    rows = [one["n_rows"] for one in results if "n_rows" in one]
    if rows:
        found += differs("resp_rows", sum(rows), record["resp_rows"])
        if len(results) == 1 and command.number in (3, EXECUTE):
            found += differs("resp_body", f"Resultset rows = {rows[0]}", record["resp_body"])
    changed = [one["affected"] for one in results if "affected" in one]
    if changed and not rows and max(changed) >= 0:
        found += differs("affected_rows", sum(changed), record["affected_rows"])
        last = results[-1].get("last_insert_id") if len(results) == 1 else 0
        if last and f"insert id = {last}" not in record["resp_body"]:
            found.append(f"resp_body: no insert id {last} in {record['resp_body']!r}")
    return found


_OP: Op = CALL | {
    "seq": 1,
    "lport": 7,
    "cmd": "COM_QUERY",
    "wire_cmds": [{"cmd": "COM_QUERY", "arg": "SELECT 1"}],
    "result": {"columns": ["1"], "n_rows": 1, "rows": [[1]]},
}
_RECORD: Record = LEADING | {
    "table": TABLE,
    "req_cmd": 3,
    "req_body": "SELECT 1",
    "resp_status": 2,
    "resp_body": "Resultset rows = 1",
    "req_params": None,
    "resp_code": None,
    "resp_sqlstate": None,
    "resp_rows": 1,
    "affected_rows": None,
}
FOLDERS = ("mysql",)
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_cmd": 22},
    {"req_body": "SELECT 2"},
    {"resp_status": 3},
    {"resp_rows": 2},
    {"resp_code": 1064},
    {"note": "gap"},
)
