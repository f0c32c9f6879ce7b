"""dnsmasq and dnspython: every query and its answer, over UDP and TCP."""

import json
from pathlib import Path

import dns.message
import dns.query
from bench.servers import find, free_port, running
from tests.live.conftest import need
from tests.live.watch import Watch

QUERIES = [
    ("host.bench.test", "A", ["192.0.2.10"]),
    ("host.bench.test", "AAAA", []),
    ("text.test", "TXT", ['"v=spf1 -all"']),
    ("mail.test", "MX", ["10 mx.test."]),
    ("nowhere.test", "A", []),
]


def test_every_query_is_a_record(tmp_path: Path, watch: Watch) -> None:
    need("dnsmasq")
    port = free_port()
    command = [find("dnsmasq") or "", "--keep-in-foreground", "--no-resolv", "--no-hosts", f"--port={port}"]
    command += [
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        "--conf-file=/dev/null",
        "--user=root",
        "--pid-file=",
    ]
    command += ["--address=/bench.test/192.0.2.10", "--local=/test/", "--txt-record=text.test,v=spf1 -all"]
    command += ["--mx-host=mail.test,mx.test,10", "--cache-size=0"]
    wanted = []
    with running(command, port), watch(port) as seen:
        for transport, ask in (("udp", dns.query.udp), ("tcp", dns.query.tcp)):
            for name, kind, data in QUERIES:
                answer = ask(dns.message.make_query(name, kind), "127.0.0.1", timeout=120, port=port)
                found = sorted(item.to_text() for rrset in answer.answer for item in rrset)
                assert found == data, (name, kind)
                wanted.append((transport, name, kind, dns.rcode.to_text(answer.rcode()), data))
    found_records = seen.records("dns_events")
    assert [
        (
            r["transport"],
            r["qname"],
            r["qtype"],
            r["rcode"],
            sorted(item["data"] for item in json.loads(str(r["resp_body"]))["answers"]),
        )
        for r in found_records
    ] == wanted
    assert {r["note"] for r in found_records} == {""}
    assert seen.flaws("dns_events") == (0, 0)
