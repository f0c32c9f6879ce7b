"""What the truth of an HTTP/2 or gRPC capture wants as records."""

import json
from typing import Any

from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, Record, Want, differs, noted, times

TABLE = "http_events"
LOSSY = ("drop5", "midconn", "to_server_only", "to_client_only", "snap96")
CANCELLED = "RST_STREAM from client: CANCEL"
BEGUN = 0.01  # seconds: of a call that was then cancelled the truth has the time after it was begun, not before
BY_CLIENT = (1, 4)  # gRPC codes a client gives itself: CANCELLED, DEADLINE_EXCEEDED; on the wire it may only reset


def wants(case: Case) -> list[Want]:
    """Every operation that was on the wire; of a load generator's run, every line of the server's log."""
    found: list[Want] = []
    ports = set()
    for op in case.of("http2"):
        if "method" not in op or op.get("wire") is False:
            continue
        ports.add(op.get("lport"))
        if op.get("curl_error") and not op.get("status"):
            continue  # never left the client
        found.append(_want(case, op))
    for op in case.of("http2"):
        if op.get("cmd") == "session":
            lines = [json.loads(line) for line in case.logs.get("server.jsonl", ())]
            own = [line for line in lines if line["rport"] not in ports and op["t0"] <= line["t"] <= op["t1"] + 0.001]
            assert len(own) == op["urls"], f"{op['client']} asked {op['urls']} times, the server logged {len(own)}"
            found += [_logged(case, line) for line in own]
    return found


def _logged(case: Case, line: dict[str, Any]) -> Want:
    def same(record: Record) -> bool:
        return bool(record["req_method"] == line["method"] and record["req_path"] == line["uri"])

    def problems(record: Record) -> list[str]:
        found = noted(True, not case.transform, record) + _version(record)
        found += differs("resp_status", line["status"], record["resp_status"])
        return found + differs("resp_body_size", line["body_bytes"], record["resp_body_size"])

    what = f"conn {line['conn']} request {line['n']} {line['status']}"
    return Want(TABLE, what, line["rport"], same, problems, case.transform in LOSSY)


def _want(case: Case, op: Op) -> Want:
    lossy = case.transform in LOSSY

    def same(record: Record) -> bool:
        method, path = record["req_method"], record["req_path"]
        if lossy and (method is None or path is None):
            return bool(record["resp_status"] in (None, op.get("status", 200)) and path in (None, op["path"]))
        return bool(method == op["method"] and path == op["path"] and (lossy or _is_its_own(op, record)))

    def problems(record: Record) -> list[str]:
        began = {"t0": op["t0"] - BEGUN} if op.get("note") == "RST_STREAM" else {}
        found = times(case, op | began, record) + _version(record)
        if lossy:  # what is left of it must not be wrong
            return found + [
                f"{key}: {record[key]!r}" for key, value in _plain(op).items() if record[key] not in (None, value)
            ]
        found += noted(True, not case.transform and not case.snapped, record)
        found += differs("local_port", case.ports.get(op["rport"], op["rport"]), record["local_port"])
        for key, value in _plain(op).items():
            found += differs(key, value, record[key])
        return found + (_grpc_problems(op, record) if "grpc_status" in op else [])

    return Want(TABLE, f"op {op['seq']} {op['method']} {op['path']}", op.get("lport"), same, problems, lossy)


def _plain(op: Op) -> dict[str, Any]:
    wanted: dict[str, Any] = {"resp_status": op.get("status", 200)}
    if "size" in op:
        wanted["resp_body_size"] = op["size"]
    if "grpc_status" in op:
        wanted["content_type"] = 2
    return wanted


def _version(record: Record) -> list[str]:
    return differs("major_version", 2, record["major_version"]) + differs("minor_version", 0, record["minor_version"])


def _is_its_own(op: Op, record: Record) -> bool:
    """gRPC calls of one method differ in what was answered only: the truth lists the answers, not the questions."""
    if "grpc_status" not in op:
        return True
    if op.get("responses"):
        return all(_matches(*pair) for pair in zip(op["responses"][:1], _answers(record)[:1] or [{}], strict=True))
    return bool(_status_fits(op, record["resp_message"] or ""))


def _matches(wanted: dict[str, Any], answer: dict[str, Any]) -> bool:
    return all(answer.get(key) == value for key, value in wanted.items())


def _status_fits(op: Op, found: str) -> bool:
    if op["grpc_status"] == "OK":
        return found == "OK"
    if "CANCELLED by client" in op["grpc_status"]:
        return found == CANCELLED
    wanted = f"{op['grpc_status']}: {op['grpc_message']}" if op.get("grpc_message") else op["grpc_status"]
    return found == wanted or (op.get("grpc_code") in BY_CLIENT and found == CANCELLED)


def _answers(record: Record) -> list[dict[str, Any]]:
    """The response messages of the capture's service, by the names of the truth: text, n and the number of items."""
    found = []
    for line in (record["resp_body"] or "").splitlines():
        message = json.loads(line)
        items = message.get("3", [])
        found.append({
            "text": message.get("1", ""),
            "n": message.get("2", 0),
            "items": len(items) if isinstance(items, list) else 1,
        })  # fmt: skip
    return found


def _grpc_problems(op: Op, record: Record) -> list[str]:
    found = [] if _status_fits(op, record["resp_message"] or "") else [f"resp_message is {record['resp_message']!r}"]
    if "n_request_messages" in op:
        found += differs("request messages", op["n_request_messages"], len((record["req_body"] or "").splitlines()))
    if "n_response_messages" in op:
        found += differs("response messages", op["n_response_messages"], len((record["resp_body"] or "").splitlines()))
    if isinstance(op.get("responses"), list):
        answers = _answers(record)
        for wanted, answer in zip(op["responses"], answers, strict=False):
            found += differs("answer", wanted, {key: answer[key] for key in wanted if key in answer})
    return found


_OP: Op = CALL | {
    "method": "POST",
    "path": "/rec.v1.Echo/Unary",
    "n_request_messages": 1,
    "n_response_messages": 1,
    "responses": [{"text": "hi", "n": 2, "items": 0}],
    "grpc_status": "OK",
}
_RECORD: Record = LEADING | {
    "table": TABLE,
    "major_version": 2,
    "minor_version": 0,
    "content_type": 2,
    "req_method": "POST",
    "req_path": "/rec.v1.Echo/Unary",
    "req_body": '{"1":"u"}',
    "resp_status": 200,
    "resp_message": "OK",
    "resp_body": '{"1":"hi","2":2}',
}
FOLDERS = ("http2",)
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_method": "GET"},
    {"req_path": "/rec.v1.Echo/Other"},
    {"req_body": '{"1":"u"}\n{"1":"v"}'},
    {"resp_status": 500},
    {"resp_status": None},
    {"resp_message": "NOT_FOUND"},
    {"resp_body": '{"1":"ho","2":2}'},
    {"resp_body": '{"1":"hi","2":3}'},
    {"major_version": 1},
    {"minor_version": 1},
    {"content_type": 0},
)
