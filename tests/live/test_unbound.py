"""unbound, which answers by other paths than dnsmasq: EDNS, DNSSEC's flags, truncation and TCP, refusals, many at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.flags
import dns.message
import dns.query
from bench.servers import find, free_port, running
from tests.live.conftest import need
from tests.live.watch import Watch

LONG = "x" * 200
CONFIGURATION = """
server:
    interface: 127.0.0.1@{port}
    port: {port}
    do-daemonize: no
    use-syslog: no
    username: ""
    chroot: ""
    directory: "{work}"
    pidfile: "{work}/pid"
    do-not-query-localhost: yes
    module-config: "iterator"
    access-control: 127.0.0.0/8 allow
    local-zone: "home.test." static
    local-data: "host.home.test. 300 IN A 192.0.2.10"
    local-data: "host.home.test. 300 IN AAAA 2001:db8::10"
    local-data: "home.test. 300 IN MX 10 mail.home.test."
    local-data: "_sip._udp.home.test. 300 IN SRV 1 2 5060 host.home.test."
{texts}
    local-zone: "refused.test." refuse
    local-zone: "gone.test." always_nxdomain
remote-control:
    control-enable: no
"""
QUERIES = [
    ("host.home.test", "A", "NOERROR", ["192.0.2.10"]),
    ("host.home.test", "AAAA", "NOERROR", ["2001:db8::10"]),
    ("home.test", "MX", "NOERROR", ["10 mail.home.test."]),
    ("_sip._udp.home.test", "SRV", "NOERROR", ["1 2 5060 host.home.test."]),
    ("host.home.test", "TXT", "NOERROR", []),
    ("no.home.test", "A", "NXDOMAIN", []),
    ("any.refused.test", "A", "REFUSED", []),
    ("any.gone.test", "A", "NXDOMAIN", []),
]


def test_every_query_is_a_record(tmp_path: Path, watch: Watch) -> None:
    need("unbound")
    port = free_port()
    texts = "\n".join(f"    local-data: 'many.home.test. 300 IN TXT \"{n} {LONG}\"'" for n in range(12))
    (tmp_path / "unbound.conf").write_text(CONFIGURATION.format(port=port, work=tmp_path, texts=texts))
    wanted = []
    command = [find("unbound") or "", "-d", "-c", str(tmp_path / "unbound.conf")]
    with running(command, port), watch(port) as found_by:
        for transport, ask in (("udp", dns.query.udp), ("tcp", dns.query.tcp)):
            for name, kind, code, data in QUERIES:
                query = dns.message.make_query(name, kind, use_edns=0, payload=1232, want_dnssec=True)
                answer = ask(query, "127.0.0.1", timeout=120, port=port)
                assert dns.rcode.to_text(answer.rcode()) == code
                assert sorted(item.to_text() for rrset in answer.answer for item in rrset) == data
                wanted.append((transport, f"{name}", kind, code, data, False))
        query = dns.message.make_query("many.home.test", "TXT")
        answer, fell_back = dns.query.udp_with_fallback(query, "127.0.0.1", timeout=120, port=port)
        texts = sorted(item.to_text() for rrset in answer.answer for item in rrset)
        assert (fell_back, len(texts)) == (True, 12)
        wanted += [("udp", "many.home.test", "TXT", "NOERROR", [], True)]
        wanted += [("tcp", "many.home.test", "TXT", "NOERROR", texts, False)]

        def one(number: int) -> None:
            query = dns.message.make_query(f"n{number}.home.test", "A")
            dns.query.udp(query, "127.0.0.1", timeout=120, port=port)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(200)))
    found = found_by.records("dns_events")
    seen = [
        (
            row["transport"],
            row["qname"],
            row["qtype"],
            row["rcode"],
            sorted(item["data"] for item in json.loads(str(row["resp_body"]))["answers"]),
            bool(json.loads(str(row["resp_header"]))["tc"]),
        )
        for row in found
    ]
    assert seen[: len(wanted)] == wanted
    assert sorted(seen[len(wanted) :]) == sorted(
        ("udp", f"n{number}.home.test", "A", "NXDOMAIN", [], False) for number in range(200)
    )
    assert {row["note"] for row in found} == {""}
    assert found_by.flaws("dns_events") == (0, 0)
