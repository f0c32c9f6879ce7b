"""What the truth of a PostgreSQL capture wants as records.

The wire itself says how many messages of each kind there were: `_exchanges` reads the plain capture with a simple reader
of its own, which pairs each request with its answer as the server must have sent it. The operations say what the values
were: statements, parameters, rows and errors as the client library saw them; the server's log says what programs ran.
"""

import ast
import hashlib
import json
import re
import struct
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.truth import wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, Record, Want, differs, noted, times

TABLE = "pgsql_events"
_FIRST = {80877102: "CancelRequest", 80877103: "SSLRequest", 80877104: "GSSENCRequest"}
_ASKED = {"P": "Parse", "B": "Bind", "D": "Describe", "E": "Execute", "C": "Close", "Q": "Query", "F": "FunctionCall"}
_LAST = {"Parse": "1", "Bind": "2", "Describe": "Tn", "Execute": "CIs", "Close": "3"}
_LAST |= dict.fromkeys(("Query", "FunctionCall", "Sync", "Startup"), "Z")
"""By request, the messages that end its answer."""
_TAG_ROWS = re.compile(r".* (\d+)")


@dataclass(slots=True)
class Exchange:
    """A request on the wire, its answer, and what a variant left of both (`request`, `reply`: whole, cut, gone).

    Attributes:
        cmd: As in `req_cmd`.
        sql: The statement it is about.
        answers: Types of the messages of its answer, in order.
        tags: Command tags.
        rows: DataRow messages.
        code: SQLSTATE of its error.
        skipped: The server never looked at it, for an error before it.
    """

    port: int
    cmd: str
    start: int
    end: int
    sql: str | None = None
    answers: str = ""
    tags: list[str] = field(default_factory=list)
    rows: int = 0
    code: str | None = None
    skipped: bool = False
    reply_start: int = -1
    reply_end: int = -1
    request: str = "whole"
    reply: str = "whole"
    op: Op | None = None

    def take(self, kind: str, body: bytes, start: int, end: int) -> None:
        """A message of its answer."""
        self.reply_start = start if self.reply_start < 0 else self.reply_start
        self.reply_end = end
        self.answers += kind
        if kind == "C":
            self.tags.append(body[:-1].decode())
        elif kind == "D":
            self.rows += 1
        elif kind == "E":
            self.code = _code(body)


def wants(case: Case) -> list[Want]:
    """Every request that was on the wire and of which the capture shows something, and every notification."""
    ops = [op for op in case.of("pgsql") if op.get("wire") is not False]
    exchanges = [exchange for stream in _exchanges(case).values() for exchange in stream]
    missing = _give_out(ops, exchanges, case)
    found = [_want(case, exchange) for exchange in exchanges if not exchange.request == exchange.reply == "gone"]
    found += [_notification(item, op["lport"]) for op in ops if op["cmd"] == "notifications" for item in op["received"]]
    return found + missing + _logged(case, exchanges)


# The wire.


def _exchanges(case: Case) -> dict[int, list[Exchange]]:
    """All requests of the plain capture that have a record, by client port; of no capture, what its operations were."""
    if not case.base.exists():
        return {op["lport"]: [_of_op(op)] for op in case.of("pgsql")}
    servers = _ports(case)
    streams = wire.variant(case.base, case.meta, servers)
    clients = {packet.sport for packet in wire.packets(case.base) if packet.dport in servers}
    return {port: list(_of_stream(port, stream)) for port, stream in streams.items() if port in clients}


def _of_op(op: Op) -> Exchange:
    code = op["error"]["sqlstate"] if "error" in op else None
    result = op.get("result", {})
    return Exchange(
        op["lport"], "Execute", 0, 1, op["wire_sql"], "DC", [result["tag"]], result["n_rows"], code, False, 0, 1
    )


def _ports(case: Case) -> set[int]:
    return {int(op["rport"]) for op in case.of("pgsql") if op.get("rport")}


def _of_stream(port: int, stream: wire.Stream) -> Iterator[Exchange]:
    """The requests of one connection with their answers: the simplest pairing that follows the protocol's rules."""
    asked = deque(_requests(port, stream.data[wire.CLIENT]))
    singles = [item.cmd in ("SSLRequest", "GSSENCRequest") for item in asked]
    waiting, done = deque[Exchange](), list[Exchange]()
    skipping, failed = False, (0, 0)
    for kind, body, start, end in _answers(stream.data[wire.SERVER], singles):
        while asked and _sent_before(stream, asked[0].end, start):
            waiting.append(asked.popleft())
        if kind in "ANS" and (kind == "A" or not waiting):
            continue
        if skipping and kind == "Z":
            while waiting and waiting[0].cmd != "Sync":
                waiting[0].skipped = True
                waiting[0].reply_start, waiting[0].reply_end = failed
                done.append(waiting.popleft())
            skipping = False
        if not waiting and asked and kind == "E":  # sent before the client read that the server goes
            asked[0].take(kind, body, start, end)
            done.append(asked.popleft())
            continue
        if not waiting:
            done.append(Exchange(port, "", 0, 0, reply_start=start, reply_end=end, code=_code(body)))
            continue
        head = waiting[0]
        head.take(kind, body, start, end)
        if kind == "E" and head.cmd not in ("Query", "FunctionCall", "Sync"):
            skipping, failed = head.cmd != "Startup", (start, end)
            done.append(waiting.popleft())
        elif kind in _LAST.get(head.cmd, "-"):
            done.append(waiting.popleft())
    for exchange in [*done, *waiting, *asked]:
        if exchange.cmd:
            exchange.request = stream.state(wire.CLIENT, exchange.start, exchange.end)
        if exchange.reply_start >= 0:
            exchange.reply = stream.state(wire.SERVER, exchange.reply_start, exchange.reply_end)
        # What refuses encryption has a record only where the client goes for it.
        if exchange.cmd not in ("Sync", "SSLRequest", "GSSENCRequest") or all(singles):
            yield exchange


def _sent_before(stream: wire.Stream, asked: int, answered: int) -> bool:
    """Whether the client's bytes up to `asked` were on the wire before the server's byte at `answered`."""
    for side, start, end in stream.spans:
        if side == wire.CLIENT and end >= asked:
            return True
        if side == wire.SERVER and start <= answered < end:
            return False
    return False


def _code(body: bytes) -> str:
    return next(item[1:].decode() for item in body.split(b"\0") if item[:1] == b"C")


def _requests(port: int, data: bytes) -> Iterator[Exchange]:
    """The requests of a whole client stream that are answered, in order; a Sync is among them."""
    at, statements, portals = 0, dict[bytes, str | None](), dict[bytes, str | None]()
    while at + 8 <= len(data):  # without a type byte until the startup message
        size, code = struct.unpack_from(">II", data, at)
        yield Exchange(port, _FIRST.get(code, "Startup"), at, at + size)
        at += size
        if code not in _FIRST:
            break
    while at + 5 <= len(data):
        kind, end = chr(data[at]), at + 1 + struct.unpack_from(">I", data, at + 1)[0]
        body, sql = data[at + 5 : end], None
        first, _, rest = body.partition(b"\0")
        second = rest.partition(b"\0")[0]
        if kind == "Q":
            sql = first.decode()
        elif kind == "P":
            sql = statements[first] = second.decode()
        elif kind == "B":
            sql = portals[first] = statements.get(second)
        elif kind == "E":
            sql = portals.get(first)
        elif kind in "DC":
            sql = (statements if first[:1] == b"S" else portals).get(first[1:])
        if kind in _ASKED or kind == "S":
            yield Exchange(port, _ASKED.get(kind, "Sync"), at, end, sql)
        at = end


def _answers(data: bytes, singles: list[bool]) -> Iterator[tuple[str, bytes, int, int]]:
    """The messages of a whole server stream: type, body, start, end. What refuses encryption is one byte."""
    at = 0
    for single in singles:
        if not single:
            break
        yield "-", b"", at, at + 1
        at += 1
    while at + 5 <= len(data):
        end = at + 1 + struct.unpack_from(">I", data, at + 1)[0]
        yield chr(data[at]), data[at + 5 : end], at, end
        at = end


# The operations.


def _give_out(ops: list[Op], exchanges: list[Exchange], case: Case) -> list[Want]:
    """Give each operation the exchange that it was; those that had none are wanted all the same."""
    left = deque[Exchange](exchanges)
    missing = []
    for op in ops:
        cmd = {"simple": "Query", "copy_in": "Query", "copy_out": "Query", "extended": "Execute"}.get(op["cmd"])
        cmd = {"CancelRequest": "CancelRequest", "connect": "Startup"}.get(op["cmd"], cmd)
        if cmd is None or (cmd == "Startup" and op.get("lport") is None):
            continue
        cmds = ("Parse", "Bind", "Describe", "Execute") if cmd == "Execute" and op.get("error") else (cmd,)
        failed = cmd == "Execute" and bool(op.get("error"))
        fitting = (item for item in left if item.cmd in cmds and _fits(op, item) and (item.code or not failed))
        exchange = next(fitting, None)
        if exchange is None:
            missing.append(
                Want(TABLE, f"op {op['seq']} {cmd} {op.get('sql')}, which is not on the wire", op.get("lport"))
            )
            continue
        left.remove(exchange)
        exchange.op = op
    return missing


def _fits(op: Op, exchange: Exchange) -> bool:
    if op.get("lport") not in (None, exchange.port):
        return False
    sql = op.get("wire_sql") or op.get("sql")
    if sql is None or exchange.sql is None:
        return exchange.sql == sql
    if op["cmd"] == "copy_in" and "asyncpg" in op["client"]:
        return exchange.sql.startswith("COPY ")  # that library makes the statement
    return exchange.sql == sql or (op.get("args") is not None and _numbered(sql) == exchange.sql)


def _numbered(sql: str) -> str:
    """A statement as the client library sends it: %s by $1, $2, ..."""
    parts = sql.split("%s")
    return parts[0] + "".join(f"${at}{part}" for at, part in enumerate(parts[1:], 1))


def _logged(case: Case, exchanges: list[Exchange]) -> list[Want]:
    """What the server's log has and the wire has not, which would be a mistake in the reader above."""
    log = case.path.with_name(f"{case.meta['scenario']}.server.log")
    if case.transform or not log.exists():
        return []
    text = log.read_text(encoding="utf-8", errors="surrogateescape")
    logged = Counter[tuple[int, str]]()
    for match in re.finditer(
        r"^\S+ \S+ \S+ \[\d+\] \S*\((\d+)\) \S+ LOG:  (statement|execute [^:]*): ", text, re.MULTILINE
    ):
        logged[int(match[1]), "Query" if match[2] == "statement" else "Execute"] += 1
    seen = Counter((item.port, item.cmd) for item in exchanges)
    return [
        Want(TABLE, f"{number - seen[key]} of {key} in the log but not on the wire", key[0])
        for key, number in sorted(logged.items())
        if number > seen[key]
    ]


# The records.


def _want(case: Case, exchange: Exchange) -> Want:
    whole = exchange.request == exchange.reply == "whole"
    known = not case.transform or exchange.request == "whole"

    def same(record: Record) -> bool:
        if not exchange.cmd:
            return record["req"] is None and record["resp_sqlstate"] == exchange.code
        if exchange.request == "gone":
            return record["req"] is None and record["req_cmd"] in (None, exchange.cmd)
        if record["req_cmd"] != exchange.cmd:
            return False
        if exchange.cmd in ("Query", "Parse") and exchange.request == "whole":
            return bool(record["req"] == exchange.sql)
        return exchange.cmd not in ("Execute", "Bind") or record["req"] in (exchange.sql, None) or not known

    def problems(record: Record) -> list[str]:
        op = exchange.op
        lost = case.transform in ("drop5", "midconn")
        clean = not case.transform and not exchange.skipped and bool(exchange.cmd)
        found = noted(whole, clean and exchange.reply_start >= 0, record)
        if op is not None:
            found += times(case, op, record)
        if op is not None and op.get("rport"):
            found += differs("local_port", case.ports.get(op["rport"], op["rport"]), record["local_port"])
        if exchange.cmd == "Execute" and not lost:
            found += differs("req", exchange.sql, record["req"])
        if exchange.reply == "whole" and exchange.reply_start >= 0:
            found += _reply_problems(exchange, record)
        if exchange.request == "whole" and op is not None:
            found += _op_problems(op, exchange, record, lost)
        if exchange.skipped and exchange.reply == "whole" and "skipped" not in (record["resp"] or ""):
            found.append(f"resp of a skipped message: {record['resp']!r}")
        return found

    what = f"{exchange.cmd or 'unasked'} {(exchange.sql or '')[:60]!r} at {exchange.port}:{exchange.start}"
    return Want(TABLE, what, exchange.port, same, problems, optional=exchange.request != "whole" != exchange.reply)


def _reply_problems(exchange: Exchange, record: Record) -> list[str]:
    found = differs("resp_sqlstate", exchange.code, record["resp_sqlstate"])
    if exchange.cmd not in ("Query", "Execute"):
        return found + ([] if record["resp"] else ["no resp"])
    if exchange.tags and not exchange.code:
        found += differs("resp_tag", "; ".join(exchange.tags), record["resp_tag"])
    counts = [int(match[1]) for tag in exchange.tags if (match := _TAG_ROWS.fullmatch(tag))]
    if exchange.code is None and (counts or exchange.rows):
        found += differs("resp_rows", sum(counts) if counts else exchange.rows, record["resp_rows"])
    return found


def _op_problems(op: Op, exchange: Exchange, record: Record, lost: bool) -> list[str]:
    found: list[str] = []
    error, result = op.get("error"), op.get("result")
    result = result if isinstance(result, dict) else {}
    if op["cmd"] == "connect":
        shown = json.loads(record["req_params"] or "{}")
        return [line for key in ("user", "database") if key in op for line in differs(key, op[key], shown.get(key))]
    if exchange.reply != "whole" or exchange.reply_start < 0:
        return found
    if error and "sqlstate" in error:
        found += differs("resp_sqlstate", error["sqlstate"], record["resp_sqlstate"])
        primary = error.get("primary", error["message"])
        found += [] if primary in (record["resp"] or "") else [f"resp {record['resp']!r} lacks {primary!r}"]
    if result.get("tag"):
        last = (record["resp_tag"] or "").split("; ")[-1]
        found += differs("last tag", result["tag"], last)
    if isinstance(result.get("n_rows"), int) and exchange.cmd == "Execute":
        found += differs("resp_rows", result["n_rows"], record["resp_rows"])
    for notice in op.get("notices") or ():
        found += [] if notice["message"] in (record["resp"] or "") else [f"resp lacks the notice {notice['message']!r}"]
    if exchange.cmd == "Execute" and op.get("args") and not lost:
        found += _args_problems(op["args"], record["req_params"])
    return found


def _args_problems(wanted: Any, found: str | None) -> list[str]:
    values = list(wanted.values()) if isinstance(wanted, dict) else wanted
    shown = json.loads(found or "[]")
    if len(values) != len(shown):
        return [f"req_params: wanted {len(values)}, found {found}"]
    return [
        f"req_params: wanted {a!r}, found {b!r}" for a, b in zip(values, shown, strict=True) if not same_value(a, b)
    ]


def same_value(wanted: Any, found: Any) -> bool:
    """Whether a parameter as stored is the one the client library was given."""
    if isinstance(wanted, dict) and "hex" in wanted:
        return bool(found == "\\x" + wanted["hex"])
    if isinstance(wanted, dict) and "sha256" in wanted:
        data = str(found).encode()
        return bool(len(data) == wanted["len"] and hashlib.sha256(data).hexdigest() == wanted["sha256"])
    if isinstance(wanted, list) and isinstance(found, str):  # an array in text format
        return bool(found == "{" + ",".join("NULL" if item is None else str(item) for item in wanted) + "}")
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(same_value(a, b) for a, b in zip(wanted, found, strict=True))
    if isinstance(wanted, str) and wanted.startswith("Jsonb("):  # how the client library shows its own class
        return bool(json.loads(str(found)) == ast.literal_eval(wanted.removeprefix("Jsonb(").removesuffix(")")))
    if isinstance(wanted, str) and isinstance(found, str):
        return _moment(wanted) == _moment(found) or _document(wanted) == _document(found)
    if isinstance(wanted, float) and isinstance(found, int | float):
        return wanted == found
    return bool(wanted == found and type(wanted) is type(found))


def _moment(text: str) -> str:
    """Python's and PostgreSQL's writing of moments and intervals alike: `+00:00` is `+00`, `1 day, 0:00` `1 day 00:00`."""
    text = re.sub(r"\A(\d+ days?), (\d):", r"\1 0\2:", text)
    return re.sub(r"(\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d):00\Z", r"\1", text.replace("T", " "))


def _document(text: str) -> Any:
    try:
        return json.loads(text) if text[:1] in ("{", "[") else object()
    except ValueError:
        return object()


def _notification(item: Any, port: int) -> Want:
    def same(record: Record) -> bool:
        said = f"{record['req'] or ''} {record['resp'] or ''}"
        return record["req_cmd"] == "Notification" and item["channel"] in said and item["payload"] in said

    return Want(TABLE, f"notification {item['channel']} {item['payload']}", port, same)


FOLDERS = ("pgsql",)
_OP: Op = CALL | {
    "client": "psycopg",
    "cmd": "extended",
    "sql": "SELECT %s, %s",
    "wire_sql": "SELECT $1, $2",
    "args": [1, {"hex": "ff"}],
    "result": {"tag": "SELECT 1", "n_rows": 1},
}
_RECORD: Record = LEADING | {
    "table": TABLE,
    "req_cmd": "Execute",
    "req": "SELECT $1, $2",
    "req_params": '[1, "\\\\xff"]',
    "resp": "SELECT 1",
    "resp_tag": "SELECT 1",
    "resp_rows": 1,
    "resp_sqlstate": None,
}
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_cmd": "Query"},
    {"req": "SELECT $1"},
    {"req_params": '[1, "\\\\xfe"]'},
    {"req_params": "[1]"},
    {"resp_tag": "SELECT 2"},
    {"resp_rows": 2},
    {"resp_sqlstate": "42P01"},
)
