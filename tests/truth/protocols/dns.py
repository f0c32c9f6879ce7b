"""What the truth of a DNS capture wants as records: what dnspython parsed, and what dig printed."""

import json
import re
from collections import Counter
from typing import Any

from tests.truth import wire
from tests.truth.captures import Case, Op
from tests.truth.check import CALL, LEADING, Record, Want, differs, noted, times

TABLE = "dns_events"
SECTIONS = {"answer": "answers", "authority": "authority", "additional": "additional"}
FLAGS = ("QR", "AA", "TC", "RD", "RA", "AD", "CD")
HEADER_SIZE = 12
_HEADER = re.compile(r"opcode: (\S+), .*\n;; flags:([^;]*);")

Rrset = tuple[str, int, str]  # owner in lower case, TTL, type


def wants(case: Case) -> list[Want]:
    """Every query that was on the wire, and of which the capture shows something."""
    found: list[Want] = []
    streams = (
        wire.variant(case.base, case.meta, [53]) if case.of("dns") and case.transform in ("drop5", "snap96") else {}
    )
    for op in case.of("dns"):
        if op.get("cmd") == "dig":
            found += _dig(case, op)
        elif op["qtype"] == "AXFR":
            found.append(_transfer(op))
        else:
            found.append(_want(case, op, streams.get(op["lport"])))
    return found


def _name(text: str) -> str:
    return text.rstrip(".")


def _want(case: Case, op: Op, stream: wire.Stream | None) -> Want:
    request = response = head = "whole"
    if stream:
        request = stream.state(wire.CLIENT, 0, len(stream.data[wire.CLIENT]))
        response = stream.state(wire.SERVER, 0, len(stream.data[wire.SERVER]))
        head = stream.state(wire.SERVER, 0, HEADER_SIZE)

    def same(record: Record) -> bool:
        return _id(record) == op["id"] and record["transport"] == op["transport"]

    def problems(record: Record) -> list[str]:
        found = times(case, op, record)
        found += noted(request == response == "whole", not case.transform, record)
        found += differs("local_port", case.ports.get(op["rport"], op["rport"]), record["local_port"])
        found += differs("qname", _name(op["qname"]), _name(record["qname"]))
        found += differs("qtype", op["qtype"], record["qtype"])
        if "req_flags" in op:
            found += _flag_problems("req_header", op["req_flags"], record)
            edns = json.loads(record["req_body"]).get("edns")
            found += differs("version of EDNS", op["req_edns"], edns["version"] if edns else -1)
        if response == "gone":
            found += [f"{name} is {record[name]!r}" for name in ("resp_header", "latency") if record[name] is not None]
            return found + [f"note is {record['note']!r}" for _ in (1,) if "no_response" not in record["note"]]
        if head == "whole":
            found += differs("rcode", op["response"]["rcode"], record["rcode"])
            found += _flag_problems("resp_header", op["response"]["flags"], record)
        if response == "whole":
            sections = {name: _counted(op["response"][name]) for name in SECTIONS}
            found += _section_problems(sections, record)
        return found

    return Want(TABLE, f"op {op['seq']} {op['qname']} {op['qtype']}", op["lport"], same, problems)


def _id(record: Record) -> int | None:
    """The message id, of the query or, where that is missing, of its response."""
    header = record["req_header"] or record["resp_header"]
    return int(json.loads(header)["txid"]) if header else None


def _flag_problems(column: str, wanted: str, record: Record) -> list[str]:
    header = json.loads(record[column] or "{}")
    found = {flag for flag in FLAGS if header.get(flag.lower())}
    return differs(f"flags of {column}", sorted(wanted.split()), sorted(found))


def _counted(rrsets: list[dict[str, Any]]) -> dict[Rrset, tuple[int, Counter[str]]]:
    """Number of records, and those of them the truth tells (it cuts long lists), by set."""
    found: dict[Rrset, tuple[int, Counter[str]]] = {}
    for rrset in rrsets:  # signatures of different types are sets of their own in the truth
        key = (_name(rrset["name"]).lower(), rrset["ttl"], rrset["type"])
        count, told = found.get(key, (0, Counter()))
        found[key] = (count + rrset["n"], told + Counter(map(_plain, rrset["rdata"])))
    return found


def _plain(rdata: str) -> str:
    """Record data without white space: base64 and hex are written with some, or none."""
    return "".join(rdata.split())


def _section_problems(
    wanted: dict[str, dict[Rrset, tuple[int, Counter[str]]]], record: Record, column: str = "resp_body"
) -> list[str]:
    body = json.loads(record[column] or "{}")
    problems = []
    for name, expected in wanted.items():
        key = SECTIONS[name]
        found: dict[Rrset, Counter[str]] = {}
        for item in body.get(key, ()):
            rrset = (_name(item["name"]).lower(), item["ttl"], item["type"])
            found.setdefault(rrset, Counter())[_plain(item["data"])] += 1
        if expected.keys() != found.keys():
            problems.append(f"{name}: wanted the sets {sorted(expected)}, found {sorted(found)}")
        for rrset in expected.keys() & found.keys():
            count, told = expected[rrset]
            if found[rrset].total() != count or told - found[rrset]:
                problems.append(f"{name} {rrset}: wanted {count} of {dict(told)}, found {dict(found[rrset])}"[:400])
    return problems


def _transfer(op: Op) -> Want:
    """A zone transfer: one record, however many messages the answer took."""

    def same(record: Record) -> bool:
        return bool(record["transport"] == "tcp" and record["qtype"] == "AXFR")

    def problems(record: Record) -> list[str]:
        found = differs("qname", _name(op["qname"]), _name(record["qname"])) + differs(
            "rcode", "NOERROR", record["rcode"]
        )
        answers = json.loads(record["resp_body"])["answers"]
        found += differs("last answer", "SOA", answers[-1]["type"])
        return found + differs("answers", op["rrsets"], len(answers)) + noted(True, True, record)

    return Want(TABLE, f"op {op['seq']} AXFR {op['qname']}", None, same, problems)


def _dig(case: Case, op: Op) -> list[Want]:
    """One want for each id dig told, and one for an answer so short that it asked again over TCP."""
    again = ";; Truncated, retrying in TCP mode." in op["output"]
    blocks = op["output"].split(";; Got answer:\n")[1:]
    answers = dict(zip(op["ids"], op["rcodes"], strict=True))  # +qr tells the id of the query too
    found = [_truncated(case, op, blocks[0])] if again else []
    transport = "tcp" if again or "+tcp" in op["args"] else "udp"
    for (ident, rcode), block in zip(answers.items(), blocks, strict=True):
        found.append(_answer(case, op, ident, rcode, block, transport))
    return found


def _question(block: str) -> tuple[str, str] | None:
    found = re.search(r";; QUESTION SECTION:\n;(\S+)\s+\S+\s+(\S+)\n", block)
    return (_name(found[1]), found[2]) if found else None


def _answer(case: Case, op: Op, ident: int, rcode: str, block: str, transport: str) -> Want:
    question, header = _question(block), _HEADER.search(block)

    def same(record: Record) -> bool:
        return _id(record) == ident and record["transport"] == transport

    def problems(record: Record) -> list[str]:
        found = times(case, op, record) + differs("rcode", rcode, record["rcode"]) + noted(True, True, record)
        if header:
            found += _flag_problems("resp_header", header[2].upper(), record)
        if question:
            found += differs("question", question, (_name(record["qname"]), record["qtype"]))
        if header and header[1] != "QUERY":
            found += differs("opcode", header[1], json.loads(record["resp_header"]).get("opcode_name"))
        sections = {} if "+multiline" in op["args"] else _sections(block)
        return found + _section_problems(sections, record)

    return Want(TABLE, f"op {op['seq']} dig {' '.join(op['args'])}", None, same, problems)


def _truncated(case: Case, op: Op, block: str) -> Want:
    question = _question(block)

    def same(record: Record) -> bool:
        header = json.loads(record["resp_header"] or "{}")
        asked = (_name(record["qname"]), record["qtype"])
        return bool(
            record["transport"] == "udp" and header.get("tc") and asked == question and not times(case, op, record)
        )

    return Want(TABLE, f"op {op['seq']} dig {' '.join(op['args'])} before TCP", None, same)


def _sections(block: str) -> dict[str, dict[Rrset, tuple[int, Counter[str]]]]:
    """The sections dig printed, in master file form, as far as the truth kept its output."""
    found: dict[str, dict[Rrset, tuple[int, Counter[str]]]] = {}
    for name in SECTIONS:
        start = block.find(f";; {name.upper()} SECTION:\n")
        end = block.find("\n\n", start)
        if ";; MSG SIZE" in block:
            found[name] = {}
        if start < 0 or end < 0:
            continue
        found[name] = {}
        for line in block[start:end].splitlines()[1:]:
            owner, ttl, _, kind, rdata = line.split(None, 4)
            rrset = (_name(owner).lower(), int(ttl), kind)
            count, told = found[name].get(rrset, (0, Counter()))
            told[_plain(rdata)] += 1
            found[name][rrset] = (count + 1, told)
    return found


_RRSET = {"name": "a.test.", "ttl": 60, "type": "A", "n": 1, "rdata": ["192.0.2.1"]}
_OP: Op = CALL | {
    "transport": "udp",
    "id": 5,
    "qname": "a.test.",
    "qtype": "A",
    "req_flags": "RD",
    "req_edns": -1,
    "response": {"rcode": "NOERROR", "flags": "QR RD", "answer": [_RRSET], "authority": [], "additional": []},
}
_RECORD: Record = LEADING | {
    "table": "dns_events",
    "transport": "udp",
    "req_header": '{"txid":5,"rd":1}',
    "req_body": '{"queries":[]}',
    "resp_header": '{"txid":5,"qr":1,"rd":1}',
    "resp_body": '{"answers":[{"name":"a.test","type":"A","class":"IN","ttl":60,"data":"192.0.2.1"}]}',
    "qname": "a.test",
    "qtype": "A",
    "rcode": "NOERROR",
}
FOLDERS = ("dns",)
HANDMADE = (_OP, _RECORD)
DOCTORED: tuple[Record, ...] = (
    {"req_header": '{"txid":6,"rd":1}'},
    {"req_header": '{"txid":5,"rd":0}'},
    {"qname": "b.test"},
    {"qtype": "AAAA"},
    {"rcode": "NXDOMAIN"},
    {"transport": "tcp"},
    {"resp_header": '{"txid":5,"qr":1}'},
    {"resp_body": str(_RECORD["resp_body"]).replace("192.0.2.1", "192.0.2.2")},
    {"resp_body": '{"answers":[]}'},
)
