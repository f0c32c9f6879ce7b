"""What the truth of a CQL capture wants as records.

The log of the server holds every message it read and wrote, with its port, stream and opcode: each request is a record,
paired with the answer of its stream, and each event is one. What the client saw (the truth itself) then says which values
were bound and what came back.
"""

import hashlib
import json
from collections import Counter
from typing import Any

from tests.truth import wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, Record, Want, differs, noted, times

TABLE = "cql_events"
OPCODES = {
    "ERROR": 0, "STARTUP": 1, "READY": 2, "AUTHENTICATE": 3, "OPTIONS": 5, "SUPPORTED": 6, "QUERY": 7, "RESULT": 8,
    "PREPARE": 9, "EXECUTE": 10, "REGISTER": 11, "EVENT": 12, "BATCH": 13, "AUTH_CHALLENGE": 14, "AUTH_RESPONSE": 15,
    "AUTH_SUCCESS": 16,
}  # fmt: skip
KINDS = {
    "void": "Void", "rows": "Rows = ", "set_keyspace": "Set_keyspace ", "prepared": "Prepared 0x",
    "schema_change": "Schema_change ",
}  # fmt: skip
CODES = {
    "ProtocolError": 0x0A, "BadCredentials": 0x100, "Unavailable": 0x1000, "Overloaded": 0x1001, "Truncate": 0x1003,
    "WriteTimeout": 0x1100, "ReadTimeout": 0x1200, "ReadFailure": 0x1300, "FunctionFailure": 0x1400,
    "WriteFailure": 0x1500, "SyntaxException": 0x2000, "Unauthorized": 0x2100, "Invalid": 0x2200, "ConfigError": 0x2300,
    "AlreadyExists": 0x2400, "Unprepared": 0x2500,
}  # fmt: skip
"""Codes by what the log calls an error; section 9."""


def wants(case: Case) -> list[Want]:
    """Every request and event that was on the wire, and of which the capture shows something."""
    ops = case.of("cql")
    if not ops:
        return []
    log = _log(case)
    if not log:
        return [_want(case, op, None, None, {}) for op in ops]
    pairs = _pairs(log)
    left = _left(case, pairs)
    calls = _calls(ops, pairs)
    servers = _servers(case)
    found = []
    for at, (request, answer) in enumerate(pairs):
        states = left[at]
        if any(state != "gone" for state in states):
            found.append(_want(case, calls.get(at), request, answer, servers, states))
    return found


def _log(case: Case) -> list[Op]:
    lines = case.logs.get("server.jsonl")
    if lines is None:
        log = case.base.with_name(case.base.name.replace(".pcap", ".server.jsonl"))
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [json.loads(line) for line in lines]


def _pairs(log: list[Op]) -> list[tuple[Op | None, Op | None]]:
    """Requests with their answers, by port and stream; an event has no request."""
    pairs: list[tuple[Op | None, Op | None]] = []
    waiting: dict[tuple[int, int], int] = {}
    for entry in log:
        if "opcode" not in entry:
            continue
        key = (entry["client_port"], entry["stream"])
        if entry["dir"] == "in":
            waiting[key] = len(pairs)
            pairs.append((entry, None))
        elif key in waiting:
            at = waiting.pop(key)
            pairs[at] = (pairs[at][0], entry)
        else:
            pairs.append((None, entry))
    return pairs


def _left(case: Case, pairs: list[tuple[Op | None, Op | None]]) -> list[tuple[str, str]]:
    """What a variant left of each request and answer; both whole in a capture that lost nothing."""
    if case.transform not in ("drop5", "midconn", "to_server_only", "to_client_only", "snap96"):
        return [("whole" if request else "gone", "whole" if answer else "gone") for request, answer in pairs]
    streams = wire.variant(case.base, case.meta, case.meta["server_ports"])
    messages = {
        port: (_messages(stream.data[wire.CLIENT]), _messages(stream.data[wire.SERVER]))
        for port, stream in streams.items()
    }
    found = []
    for request, answer in pairs:
        states = []
        for side, entry in ((wire.CLIENT, request), (wire.SERVER, answer)):
            if entry is None:
                states.append("gone")
                continue
            port = entry["client_port"]
            start, end = messages[port][side].pop(0)  # the log and the wire have the same order on a connection
            states.append(streams[port].state(side, start, end))
        found.append((states[0], states[1]))
    return found


def _messages(data: bytes) -> list[tuple[int, int]]:
    """Ranges of the messages of a whole v3 or v4 stream."""
    found, at = [], 0
    while at + 9 <= len(data):
        end = at + 9 + int.from_bytes(data[at + 5 : at + 9], "big")
        found.append((at, end))
        at = end
    return found


def _calls(ops: list[Op], pairs: list[tuple[Op | None, Op | None]]) -> dict[int, Op]:
    """The call each request came from, where the truth tells: by statement, between the call's begin and return."""
    found: dict[int, Op] = {}
    for op in ops:
        for at, (request, _) in enumerate(pairs):
            if (
                request is not None
                and at not in found
                and request["opcode"] == op["cmd"]
                and op["t0"] <= request["t"] <= op["t1"]
                and (op["cmd"] != "QUERY" or op.get("params") or _same_text(op["cql"], request.get("cql", "")))
            ):
                found[at] = op
    return found


def _same_text(wanted: Any, found: Any) -> bool:
    """Whether a statement is the one the truth describes: as it is, or by length and hash."""
    if isinstance(wanted, dict) and isinstance(found, str):
        data = found.encode()
        if len(data) != wanted["len"] or not found.startswith(wanted["prefix"]):
            return False
        return "sha256" not in wanted or hashlib.sha256(data).hexdigest() == wanted["sha256"]
    return bool(wanted == found)


def _servers(case: Case) -> dict[int, int]:
    """Server port by client port, from the capture: the truth names the usual port for a session on another one."""
    ports = set(case.meta["server_ports"])
    return {p.sport: p.dport for p in wire.packets(case.base) if p.dport in ports}


def _want(
    case: Case,
    op: Op | None,
    request: Op | None,
    answer: Op | None,
    servers: dict[int, int],
    states: tuple[str, str] = ("whole", "whole"),
) -> Want:
    entry = request or answer
    port = op.get("lport") if op is not None and entry is None else entry["client_port"] if entry else None
    asked = states[0] != "gone" and (request is not None or op is not None)
    answered = states[1] != "gone" and (answer is not None or op is not None)
    opcode = OPCODES[request["opcode"] if request else op["cmd"]] if request or (op and asked) else None

    def same(record: Record) -> bool:
        if request is not None and asked:
            return _is(record, request, opcode)
        if answer is not None:
            return bool(
                record["req_op"] is None
                and record["resp_op"] == OPCODES[answer["opcode"]]
                and abs(record["time_"] / 1e9 - answer["t"]) < 0.01
            )
        return op is not None and record["req_op"] == opcode and _same_text(op["cql"], record["req_body"])

    def problems(record: Record) -> list[str]:
        found = times(case, op, record) if op else []
        event = request is None and answer is not None and answer["opcode"] == "EVENT"
        whole = event or states == ("whole", "whole")
        found += noted(whole, not case.transform, record)
        server = servers.get(entry["client_port"]) if entry else op and op.get("rport")
        if server:
            found += differs("local_port", case.ports.get(server, server), record["local_port"])
        if request is not None and states[0] == "whole":
            found += differs("protocol_version", request["version"], record["protocol_version"])
            if "cql" in request and not _same_text(request["cql"], record["req_body"]):
                found += differs("req_body", request["cql"], record["req_body"])
        if op is not None and states[0] == "whole":
            found += _asked_problems(op, record)
        if answered and answer is not None and states[1] == "whole":
            found += _answer_problems(answer, record)
        elif not answered:
            found += differs("resp_op", None, record["resp_op"])
        if op is not None and states[1] == "whole":
            found += _result_problems(op, record)
        return found

    name = request["opcode"] if request else answer["opcode"] if answer else op["cmd"] if op else "?"
    what = f"{name} stream {entry['stream'] if entry else '?'} {str((request or {}).get('cql', ''))[:60]}"
    optional = "whole" not in states
    return Want(TABLE, what, port, same, problems, optional=optional)


def _is(record: Record, request: Op, opcode: int | None) -> bool:
    """Whether a record is that of a request: its opcode, at its time, with its statement."""
    if record["req_op"] != opcode or abs(record["time_"] / 1e9 - request["t"]) > 0.01:
        return False
    wanted = request.get("cql")
    return not isinstance(wanted, str) or record["req_body"][:40] == wanted[:40]


def _asked_problems(op: Op, record: Record) -> list[str]:
    params = json.loads(record["req_params"] or "{}")
    found = []
    if op["cmd"] in ("EXECUTE", "PREPARE"):
        found += differs("req_body", op["cql"], record["req_body"])
    if op["cmd"] == "EXECUTE" and op.get("params") is not None:
        found += differs("values", op["params"], params.get("values"))
    if op["cmd"] == "BATCH" and op.get("batch_type"):
        found += differs("batch type", op["batch_type"], params.get("type"))
        count = int(op["cql"].split()[-1]) if op["cql"].startswith("BATCH of ") else None
        found += differs("statements", count, len(params.get("statements", []))) if count else []
    return found


def _answer_problems(answer: Op, record: Record) -> list[str]:
    found = differs("resp_op", OPCODES[answer["opcode"]], record["resp_op"])
    text = record["resp_body"] or ""
    if answer["opcode"] == "RESULT" and "kind" in answer:
        if not text.startswith(KINDS[answer["kind"]]):
            found.append(f"resp_body: wanted a result of kind {answer['kind']}, found {text[:60]!r}")
        found += differs("resp_rows", answer.get("n_rows"), record["resp_rows"])
    if answer["opcode"] == "ERROR":
        if record["resp_code"] is None:
            found.append("no resp_code")
        elif answer.get("error") in CODES:
            found += differs("resp_code", CODES[answer["error"]], record["resp_code"])
    else:
        found += differs("resp_code", None, record["resp_code"])
    if answer["opcode"] == "EVENT" and not text.startswith(answer.get("event", "")):
        found.append(f"resp_body: wanted {answer['event']}, found {text[:60]!r}")
    return found


def _result_problems(op: Op, record: Record) -> list[str]:
    """What the client saw, in the first line, the column names and the first row of `resp_body`."""
    lines = (record["resp_body"] or "").splitlines()
    if "error" in op:
        message = op["error"]["message"].partition('message="')[2].rpartition('"')[0]
        if message and message not in (record["resp_body"] or ""):
            return [f"resp_body: wanted the error {message!r}, found {lines[:1]}"]
        return []
    result = op.get("result") or {}
    if op["cmd"] == "PREPARE":
        return differs("resp_body", f"Prepared 0x{result['id']}", lines[0])
    if op["cmd"] in ("QUERY", "EXECUTE") and result.get("columns") and record["resp_code"] is None:
        found = differs("columns", result["columns"], json.loads(lines[1]))
        if result["pages"] == 1 and result["first"] is not None:
            found += _row_problems(result["first"], json.loads(lines[2]))
        if result["pages"] == 1:
            found += differs("resp_rows", result["n_rows"], record["resp_rows"])
        if result.get("warnings") and not any(json.dumps(result["warnings"][0])[1:-1] in line for line in lines):
            found.append(f"no warning {result['warnings']}")
        return found
    return []


def _row_problems(wanted: list[Any], found: list[Any]) -> list[str]:
    """The first row; only what the truth wrote in a form of its own (sets, maps, times, blobs) is rewritten."""
    problems = []
    for at, (one, two) in enumerate(zip(wanted, found, strict=True)):
        if isinstance(one, dict) and "hex" in one:
            one = f"0x{one['hex']}"
        elif isinstance(one, str) and isinstance(two, list):
            one, two = Counter(one), Counter(f"SortedSet({two})")
        elif isinstance(one, str) and isinstance(two, dict):
            two = str(two)
        elif isinstance(one, str) and isinstance(two, str) and two.endswith("Z") and "T" in two:
            one, two = one[:23].replace(" ", "T"), two[:-1]
        problems += differs(f"column {at + 1}", one, two)
    return problems


_RESULT = {"n_rows": 1, "pages": 1, "columns": ["id", "raw"], "first": [1, {"hex": "00ff"}], "warnings": None}
_OP: Op = CALL | {"cmd": "QUERY", "cql": "SELECT id, raw FROM t", "params": None, "result": _RESULT}
_RECORD: Record = LEADING | {
    "table": TABLE,
    "req_op": 7,
    "req_body": "SELECT id, raw FROM t",
    "resp_op": 8,
    "resp_body": 'Rows = 1\n["id","raw"]\n[1,"0x00ff"]',
    "req_params": '{"consistency":"ONE"}',
    "resp_code": None,
    "resp_rows": 1,
    "protocol_version": 4,
}
FOLDERS = ("cql",)
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_op": 9},
    {"req_body": "SELECT 1"},
    {"resp_rows": 2},
    {"resp_body": 'Rows = 1\n["id","name"]\n[1,"0x00ff"]'},
    {"resp_body": 'Rows = 1\n["id","raw"]\n[2,"0x00ff"]'},
)
