"""What the truth of an HTTP capture wants as records."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from tests.truth import wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, Record, Want, differs, noted, times

TABLE = "http_events"
STATUS_END = 12  # "HTTP/1.1 200"
_UPSTREAM = re.compile(r"also gives (\S+) (\S+) HTTP/(\S+) on port (\d+)")
_TEXT = re.compile(r"text/|application/(json|x-www-form-urlencoded)")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a capture shows of the parts of an exchange: "whole", "cut" or "gone" each."""

    line: str = "whole"
    head: str = "whole"
    request: str = "whole"
    status: str = "whole"
    reason: str = "whole"
    resp_head: str = "whole"
    response: str = "whole"

    @property
    def whole(self) -> bool:
        """Nothing is missing."""
        return self.request == self.response == "whole"


def wants(case: Case) -> list[Want]:
    """Every operation that was on the wire, and of which the capture shows something."""
    found: list[Want] = []
    seen = _what_is_seen(case) if case.of("http") else {}
    order: dict[int | None, int] = {}
    for op in case.of("http"):
        if "method" not in op or op.get("wire") is False:
            continue
        at = order[op["lport"]] = order.get(op["lport"], -1) + 1
        parts = seen[op["lport"]][at] if op["lport"] in seen else Seen()
        if not parts.request == parts.response == "gone":
            found.append(_want(case, op, parts))
        if upstream := _UPSTREAM.search(op.get("note") or ""):
            method, path, version, port = upstream.groups()
            hop = {"seq": op["seq"], "method": method, "path": path, "http_version": version, "rport": int(port)}
            found.append(_want(case, {**hop, "status": op["status"], "lport": None}, Seen()))
    if case.meta["scenario"].startswith("wrk"):
        found += [_logged(json.loads(line)) for line in case.logs["server.jsonl"]]
    return found


def _logged(line: dict[str, Any]) -> Want:
    """A line of nginx's access log; statuses 499 and 408 were never sent."""
    status = None if line["status"] in (408, 499) else line["status"]

    def same(record: Record) -> bool:
        return bool(record["req_method"] == line["method"] and record["req_path"] == line["uri"])

    def problems(record: Record) -> list[str]:
        found = differs("resp_status", status, record["resp_status"])
        found += differs("local_port", line["lport"], record["local_port"])
        return found + differs("note", "" if status else "no_response", record["note"])

    return Want(TABLE, f"conn {line['conn']} request {line['n']} {line['status']}", line["rport"], same, problems)


def _what_is_seen(case: Case) -> dict[int, list[Seen]]:
    """By client port, for each exchange of the connection. Empty when the capture shows everything."""
    if case.transform not in ("drop5", "midconn", "to_server_only", "to_client_only", "snap96"):
        return {}
    streams = wire.variant(case.base, case.meta, case.meta["server_ports"])
    return {port: [_seen(stream, turn) for turn in stream.turns()] for port, stream in streams.items()}


def _seen(stream: wire.Stream, turn: tuple[int, int, int, int]) -> Seen:
    start, end, resp_start, resp_end = turn
    request, response = stream.data[wire.CLIENT], stream.data[wire.SERVER]
    head = request.index(b"\r\n\r\n", start) + 4
    resp_head = response.index(b"\r\n\r\n", resp_start) + 4
    return Seen(
        stream.state(wire.CLIENT, start, request.index(b"\r\n", start) + 2),
        stream.state(wire.CLIENT, start, head),
        stream.state(wire.CLIENT, start, end),
        stream.state(wire.SERVER, resp_start, resp_start + STATUS_END),
        stream.state(wire.SERVER, resp_start, response.index(b"\r\n", resp_start) + 2),
        stream.state(wire.SERVER, resp_start, resp_head),
        stream.state(wire.SERVER, resp_start, resp_end),
    )


def _want(case: Case, op: Op, seen: Seen) -> Want:
    def same(record: Record) -> bool:
        method, path = record["req_method"], record["req_path"]
        if seen.line == "whole":
            return bool(method == op["method"] and path == op["path"])
        if seen.line == "cut" and method is not None:
            return bool(method == op["method"] and (path is None or op["path"].startswith(path)))
        return bool(method is None and (seen.status != "whole" or record["resp_status"] == op["status"]))

    def problems(record: Record) -> list[str]:
        found = times(case, op, record) + noted(seen.whole, not case.transform and not case.snapped, record)
        found += differs("local_port", case.ports.get(op["rport"], op["rport"]), record["local_port"])
        found += differs("remote_addr", _address(case, op), record["remote_addr"])
        return found + _request_problems(op, seen, record) + _response_problems(case, op, seen, record)

    what = f"op {op['seq']} {op['method']} {op['path']}"
    optional = seen.line != "whole" and seen.status != "whole"
    return Want(TABLE, what, op["lport"], same, problems, optional)


def _address(case: Case, op: Op) -> str:
    if case.transform.startswith("ipv6"):
        return "fd00::7f00:1"
    return str(op.get("addr", "127.0.0.1"))


def _request_problems(op: Op, seen: Seen, record: Record) -> list[str]:
    if seen.request == "gone":
        return [f"{name} is {record[name]!r}" for name in ("req_method", "req_headers") if record[name] is not None]
    found = []
    if seen.head == "whole":
        found += _header_problems("req_headers", op.get("req_headers"), record)
    if seen.request == "whole" and "req_body" in op:
        coding = _header(op.get("req_headers"), "content-encoding")
        found += _body_problems("req_body", op["req_body"], record, coding, op.get("req_headers"))
    return found


def _response_problems(case: Case, op: Op, seen: Seen, record: Record) -> list[str]:
    if seen.response == "gone":
        found = [f"{name} is {record[name]!r}" for name in ("resp_status", "latency") if record[name] is not None]
        return found + [f"note is {record['note']!r}" for _ in (1,) if "no_response" not in record["note"]]
    found = []
    if seen.status == "whole":
        found += differs("resp_status", op["status"], record["resp_status"])
    if seen.reason == "whole" and "reason" in op:
        found += differs("resp_message", op["reason"], record["resp_message"])
    if seen.resp_head == "whole":
        found += _header_problems("resp_headers", op.get("resp_headers"), record)
        found += _version_problems(case, op, record)
    if seen.response == "whole":
        headers = op.get("resp_headers") or json.loads(record["resp_headers"] or "{}")  # the truth of some lacks them
        decoded_only = "decoded form" in (op.get("note") or "")
        coding = _header(headers, "content-encoding")
        if op["method"] == "HEAD" or op["status"] in (101, 204, 304):
            found += differs("resp_body_size", 0, record["resp_body_size"])
        elif "resp_body" in op and not decoded_only:
            found += _body_problems("resp_body", op["resp_body"], record, coding, headers)
        elif body := op.get("resp_body_decoded") or op.get("resp_body"):
            found += _body_problems("resp_body", body, record, "decoded" if coding or decoded_only else "", headers)
    return found


def _version_problems(case: Case, op: Op, record: Record) -> list[str]:
    """The truth tells the version of one side or the other; nginx answers HTTP/1.0 in HTTP/1.1."""
    logged = (json.loads(line) for line in case.logs.get("server.jsonl", ()))
    versions = {line["proto"][5:] for line in logged if line["rport"] == op["lport"] and line["uri"] == op["path"]}
    versions.add(op.get("http_version") or "1.1")
    found = f"{record['major_version']}.{record['minor_version']}"
    return [] if found in versions else [f"version: wanted one of {sorted(versions)}, found {found}"]


def _header_problems(name: str, wanted: dict[str, str] | None, record: Record) -> list[str]:
    if not wanted:
        return []
    found: dict[str, list[str]] = {}
    for key, value in json.loads(record[name] or "{}").items():
        found.setdefault(key.lower(), []).extend(value if isinstance(value, list) else [value])
    return [
        f"{name} {key}: wanted {value!r}, found {found.get(key.lower())!r}"
        for key, value in wanted.items()
        if (value is None and key.lower() in found)
        or (value is not None and value not in (*found.get(key.lower(), []), ", ".join(found.get(key.lower(), []))))
    ]


def _header(headers: dict[str, str] | None, name: str) -> str:
    return {key.lower(): value for key, value in (headers or {}).items()}.get(name, "")


def _body_problems(
    name: str, wanted: dict[str, Any], record: Record, coding: str, headers: dict[str, str] | None
) -> list[str]:
    """Size on the wire, and the content where pxcap shows it as text.

    Args:
        name: "req_body" or "resp_body".
        wanted: What the truth says of the body.
        record: What was found.
        coding: Content coding: then `wanted` is the wire form and pxcap shows another; "decoded": the other way round.
        headers: To tell text, which must be shown, from binary data, which need not.
    """
    size, text = record[f"{name}_size"], record[name]
    found = [] if coding == "decoded" else differs(f"{name}_size", wanted["len"], size)
    if coding == "decoded" and not size and wanted["len"]:
        found.append(f"{name}_size is {size}")
    if not wanted["len"]:
        return found + [f"{name} is {text!r}" for _ in (1,) if text]
    if coding not in ("", "decoded"):
        return found
    data = (text or "").encode()
    textual = _TEXT.search(_header(headers, "content-type")) is not None
    must = "text" in wanted and textual
    if must or len(data) == wanted["len"]:
        found += differs(name, wanted.get("text", wanted["sha256"]), text if "text" in wanted else _sha(data))
    elif textual:
        found.append(f"{name}: wanted {wanted['len']} bytes of text, found {len(data)}")
    return found


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_OP: Op = CALL | {
    "method": "GET",
    "path": "/a",
    "status": 200,
    "reason": "OK",
    "resp_headers": {"content-type": "text/plain"},
    "resp_body": {"len": 2, "sha256": "-", "text": "hi"},
}
_RECORD: Record = LEADING | {
    "table": "http_events",
    "major_version": 1,
    "minor_version": 1,
    "req_method": "GET",
    "req_path": "/a",
    "req_headers": "{}",
    "req_body": "",
    "req_body_size": 0,
    "resp_status": 200,
    "resp_message": "OK",
    "resp_headers": '{"Content-Type": "text/plain"}',
    "resp_body": "hi",
    "resp_body_size": 2,
}
FOLDERS = ("http",)
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_method": "PUT"},
    {"req_path": "/b"},
    {"resp_status": 201},
    {"resp_status": None},
    {"resp_message": "Fine"},
    {"resp_headers": "{}"},
    {"resp_body": "ho"},
    {"resp_body_size": 3},
    {"minor_version": 0},
    {"remote_addr": "192.0.2.1"},
)
