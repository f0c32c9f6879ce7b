"""Every capture with ground truth gives what the truth says and nothing else; and the comparison can fail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.truth import captures, check, dns, http, redis, table
from tests.truth.captures import Case, Op
from tests.truth.check import Record, Want, compare

CAPTURES = captures.find()


@pytest.mark.skipif(not CAPTURES, reason=captures.WHY_SKIPPED)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: str(path.relative_to(captures.ROOT)))
def test_capture(path: Path) -> None:
    result = table.check(captures.load(path))
    assert not result.problems, "\n".join([result.name, *result.problems[:40]])


@pytest.mark.skipif(not CAPTURES, reason=captures.WHY_SKIPPED)
def test_the_comparison_is_of_something() -> None:
    wanted = {captures.load(path).name: table.wants(captures.load(path)) for path in CAPTURES}
    assert all(wanted.values()), [name for name, wants in wanted.items() if not wants]


@pytest.mark.skipif(not CAPTURES, reason=captures.WHY_SKIPPED)
@pytest.mark.parametrize("name", ["empty_header_only", "empty_zero_bytes", "not_a_capture"])
def test_what_is_no_capture_is_said_in_one_line(name: str) -> None:
    path = str(captures.ROOT / "odd" / f"{name}.pcap")
    records, report = check.records_of(path)
    assert records == []
    said = [str(error) for error in report.failed] + report.warnings
    assert len(said) == 1, said
    assert "\n" not in said[0]


def case(proto: str, op: Op) -> Case:
    meta = {"proto": proto, "scenario": "handmade", "server_ports": [1]}
    return Case(
        "handmade", Path("none"), meta, [{"proto": proto, "seq": 1, "lport": 7, "rport": 80, **op}], Path("none")
    )


LEADING = {
    "time_": 1_000_000_000,
    "latency": 1_000_000,
    "remote_addr": "127.0.0.1",
    "remote_port": 7,
    "local_addr": "127.0.0.1",
    "local_port": 80,
    "note": "",
}
CALL = {"t0": 0.999, "t1": 1.002}
HTTP_OP = CALL | {
    "method": "GET",
    "path": "/a",
    "status": 200,
    "reason": "OK",
    "resp_headers": {"content-type": "text/plain"},
    "resp_body": {"len": 2, "sha256": "-", "text": "hi"},
}
HTTP_RECORD: Record = LEADING | {
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
RRSET = {"name": "a.test.", "ttl": 60, "type": "A", "n": 1, "rdata": ["192.0.2.1"]}
DNS_OP = CALL | {
    "transport": "udp",
    "id": 5,
    "qname": "a.test.",
    "qtype": "A",
    "req_flags": "RD",
    "req_edns": -1,
    "response": {"rcode": "NOERROR", "flags": "QR RD", "answer": [RRSET], "authority": [], "additional": []},
}
DNS_RECORD: Record = LEADING | {
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
REDIS_OP = CALL | {"cmd": "MGET", "args": ["k", {"hex": "ff"}], "result": ["v", None]}
REDIS_RECORD: Record = LEADING | {
    "table": "redis_events",
    "req_cmd": "MGET",
    "req_args": '["k", "\\\\xff"]',
    "resp": '["v", null]',
    "resp_error": False,
}
HANDMADE = {
    "http": (http.wants, HTTP_OP, HTTP_RECORD),
    "dns": (dns.wants, DNS_OP, DNS_RECORD),
    "redis": (redis.wants, REDIS_OP, REDIS_RECORD),
}
DOCTORED = [
    ("http", {"req_method": "PUT"}),
    ("http", {"req_path": "/b"}),
    ("http", {"resp_status": 201}),
    ("http", {"resp_status": None}),
    ("http", {"resp_message": "Fine"}),
    ("http", {"resp_headers": "{}"}),
    ("http", {"resp_body": "ho"}),
    ("http", {"resp_body_size": 3}),
    ("http", {"minor_version": 0}),
    ("http", {"remote_addr": "192.0.2.1"}),
    ("dns", {"req_header": '{"txid":6,"rd":1}'}),
    ("dns", {"req_header": '{"txid":5,"rd":0}'}),
    ("dns", {"qname": "b.test"}),
    ("dns", {"qtype": "AAAA"}),
    ("dns", {"rcode": "NXDOMAIN"}),
    ("dns", {"transport": "tcp"}),
    ("dns", {"resp_header": '{"txid":5,"qr":1}'}),
    ("dns", {"resp_body": str(DNS_RECORD["resp_body"]).replace("192.0.2.1", "192.0.2.2")}),
    ("dns", {"resp_body": '{"answers":[]}'}),
    ("redis", {"req_cmd": "GET"}),
    ("redis", {"req_args": '["k"]'}),
    ("redis", {"resp": '["v", "w"]'}),
    ("redis", {"resp": None}),
    ("redis", {"resp_error": True}),
    *((proto, change) for proto in HANDMADE for change in ({"remote_port": 8}, {"local_port": 81}, {"note": "gap"})),
    *((proto, change) for proto in HANDMADE for change in ({"time_": 2_000_000_000}, {"latency": 9_000_000})),
]


@pytest.mark.parametrize("proto", HANDMADE)
def test_the_right_record_is_found(proto: str) -> None:
    wants, op, record = HANDMADE[proto]
    result = compare("handmade", wants(case(proto, op)), [record])
    assert (result.problems, result.wanted, result.found) == ([], 1, 1)


@pytest.mark.parametrize(("proto", "change"), DOCTORED, ids=str)
def test_a_doctored_record_is_noticed(proto: str, change: Record) -> None:
    wants, op, record = HANDMADE[proto]
    result = compare("handmade", wants(case(proto, op)), [record | change])
    assert result.problems
    assert result.found == 0


@pytest.mark.parametrize("proto", HANDMADE)
def test_a_missing_and_an_extra_record_are_noticed(proto: str) -> None:
    wants: Callable[[Case], list[Want]]
    wants, op, record = HANDMADE[proto]
    assert compare("handmade", wants(case(proto, op)), []).missing
    assert compare("handmade", wants(case(proto, op)), [record, record]).extra
    other: Record = {"table": "other_events", "remote_port": 7, "note": ""}
    assert compare("handmade", wants(case(proto, op)), [record, other]).extra


def test_a_wrong_count_of_lost_bytes_is_noticed() -> None:
    result = check.Result("handmade", bytes_lost=1, bytes_wanted=2)
    assert result.problems == ["count: bytes lost: wanted 2, found 1"]
