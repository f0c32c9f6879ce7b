"""Registers DNS with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.functions import ScriptFunction, code_names
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec
from pxcap.plugins.dns.recognise import recognise
from pxcap.plugins.dns.wire import LLMNR_PORT, MDNS_PORT, PORT

_JSON, _TEXT = ColumnType.JSON, ColumnType.TEXT


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.dns.parser import DnsParser

    return DnsParser(info)


DNS = ProtocolSpec(
    name="dns",
    api=1,
    table="dns_events",
    columns=(
        Column("req_header", _JSON, "Header of the query: txid, flags, counts; service where it is mdns or llmnr."),
        Column("req_body", _JSON, "Query: queries, and what other sections it has; edns."),
        Column("resp_header", _JSON, "Header of the response, as req_header."),
        Column("resp_body", _JSON, "Response: answers, authority, additional, edns; data in presentation format."),
        Column("qname", _TEXT, "Name asked for, without the final dot (the root is a dot); empty without a question."),
        Column("qtype", _TEXT, "Type asked for, such as A; TYPE65280 for one without a name."),
        Column(
            "rcode", _TEXT, "Response code, such as NXDOMAIN, with the upper bits EDNS adds; NULL without response."
        ),
        Column("transport", _TEXT, "udp or tcp."),
    ),
    summary="DNS over UDP and TCP with EDNS, multicast DNS and LLMNR.",
    recognise=recognise,
    parser=_parser,
    transports=frozenset({"udp", "tcp"}),
    ports=frozenset({PORT, MDNS_PORT, LLMNR_PORT}),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol."""
    return (DNS,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.dns.peer import COMPARISON

    return (COMPARISON,)


@hookimpl
def register_functions() -> tuple[ScriptFunction, ...]:
    """Names of the response codes."""
    from pxcap.plugins.dns.types import RCODES

    return (code_names("dns_rcode_name", "The name of a response code, such as NXDOMAIN.", RCODES),)
