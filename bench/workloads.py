"""What is measured: each workload with the table its records go to and the tshark fields that say as much."""

from dataclasses import dataclass

_ADDRESSES = ("frame.time_epoch", "ip.src", "ip.dst")


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of load.

    Attributes:
        name: As on the command line and in the file name of its capture.
        protocol: pxcap's name of the protocol.
        table: Where pxcap puts its records.
        tshark: Display filter, and as what tshark is told to decode the server's port.
        transport: "tcp" or "udp".
        fields: What tshark prints for each packet that passes the filter.
        port: Port of the fixture that stands in for a server that is not installed; 0 when none can.
        bytes_each: About how many bytes of capture one request takes; from it a size becomes a number of requests.
        at_least, aim: CPU of tshark over CPU of pxcap that must be reached, and that is wanted; 0: none is set.
    """

    name: str
    protocol: str
    table: str
    tshark: str
    transport: str
    fields: tuple[str, ...]
    port: int
    bytes_each: int
    at_least: float
    aim: float


_HTTP_FIELDS = (
    *_ADDRESSES,
    *("tcp.srcport", "tcp.dstport", "http.request.method", "http.request.uri", "http.host", "http.user_agent"),
    *("http.response.code", "http.content_type", "http.content_length_header", "http.time"),
)
_REDIS_FIELDS = (*_ADDRESSES, "tcp.srcport", "tcp.dstport", "resp.string", "resp.bulk_string.value", "resp.error")
_DNS_FIELDS = (
    *_ADDRESSES,
    *("udp.srcport", "udp.dstport", "dns.id", "dns.qry.name", "dns.qry.type", "dns.flags.rcode", "dns.a", "dns.time"),
)

WORKLOADS: dict[str, Workload] = {
    load.name: load
    for load in (
        Workload("http", "http", "http_events", "http", "tcp", _HTTP_FIELDS, 80, 530, 4.5, 7.0),
        Workload("http-ids", "http", "http_events", "http", "tcp", _HTTP_FIELDS, 0, 580, 0, 0),
        Workload("redis", "redis", "redis_events", "resp", "tcp", _REDIS_FIELDS, 6379, 250, 3.5, 6.0),
        Workload("redis-pipelined", "redis", "redis_events", "resp", "tcp", _REDIS_FIELDS, 0, 98, 1.25, 2.0),
        Workload("dns", "dns", "dns_events", "dns", "udp", _DNS_FIELDS, 53, 202, 3.0, 5.0),
    )
}
