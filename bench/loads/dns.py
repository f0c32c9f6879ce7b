"""DNS: dnsmasq under dnsperf."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import free_port, output, path_of, running
from bench.workloads import UDP, Workload


class Dns(Workload):
    """A and AAAA of 10,000 names over UDP, from 8 clients."""

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        port = free_port()
        command = [path_of("dnsmasq"), "--keep-in-foreground", "--no-resolv", "--no-hosts", f"--port={port}"]
        command += ["--listen-address=127.0.0.1", "--bind-interfaces", "--conf-file=/dev/null", "--user=root"]
        command += ["--pid-file=", "--cache-size=0", "--address=/bench.test/192.0.2.10", "--local=/test/"]
        with running(command, port):
            yield port

    def put(self, port: int, work: Path, requests: int) -> None:
        names = work / "names"
        kinds = ("A", "A", "A", "AAAA")
        names.write_text("".join(f"host{i}.bench.test {kinds[i % 4]}\n" for i in range(10_000)))
        command = [path_of("dnsperf"), "-s", "127.0.0.1", "-p", str(port), "-d", str(names), "-c", "8", "-q", "100"]
        (work / "dnsperf.out").write_text(output([*command, "-n", str(max(1, requests // 10_000))]))

    def sent(self, work: Path) -> tuple[int, str]:
        found = re.search(r"Queries sent:\s+(\d+)", (work / "dnsperf.out").read_text())
        return int(found[1]) if found else 0, "queries sent by dnsperf"


LOADS = (
    Dns(
        name="dns",
        table="dns_events",
        needs={"dnsmasq": "dnsmasq-base", "dnsperf": "dnsperf"},
        modules={},
        megabytes=90,
        bytes_each=202,
        tshark="dns",
        fields=(*UDP, "dns.id", "dns.qry.name", "dns.qry.type", "dns.flags.rcode", "dns.a", "dns.time"),
        transport="udp",
        fixture=53,
    ),
)
