from pxcap.core.protocol import ConnectionInfo
from pxcap.core.registry import load_registry
from pxcap.plugins.dns.parser import DnsParser
from pxcap.plugins.dns.plugin import DNS, register_protocols


def test_registered_as_the_contract_says() -> None:
    assert register_protocols() == (DNS,)
    assert load_registry().protocol("dns") is DNS
    assert [column.name for column in DNS.columns] == [
        "req_header", "req_body", "resp_header", "resp_body", "qname", "qtype", "rcode", "transport"
    ]  # fmt: skip
    assert (DNS.table, DNS.transports) == ("dns_events", {"udp", "tcp"})
    assert isinstance(DNS.parser(ConnectionInfo("udp")), DnsParser)
