"""DNS by dig, which is gone before anybody could look, and by a resolver's many sockets, over UDP and TCP, IPv4 and IPv6."""

import json
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.message
import dns.query
import pytest
from bench.servers import free_port, path_of, running
from tests.live.conftest import need
from tests.live.watch import CLIENT, capturing


@pytest.fixture
def port() -> Iterator[int]:
    """A dnsmasq's, on 127.0.0.1 and ::1."""
    need("dnsmasq", "dig")
    port = free_port()
    command = [path_of("dnsmasq"), "--keep-in-foreground", "--no-resolv", "--no-hosts", f"--port={port}", "--user=root"]
    command += ["--listen-address=127.0.0.1,::1", "--bind-interfaces", "--conf-file=/dev/null", "--pid-file="]
    command += ["--address=/bench.test/192.0.2.10", "--cache-size=0"]
    with running(command, port):
        yield port


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_dig(tmp_path: Path, port: int, source: str, transport: str) -> None:
    pids = []
    with capturing(source, tmp_path, "--port", str(port)) as live:
        for number, address in enumerate(["127.0.0.1", "::1"] * 3):
            command = [path_of("dig"), "-p", str(port), f"@{address}", f"n{number}.bench.test", "A", "+short"]
            command += ["+tcp"] if transport == "tcp" else []
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dig:
                assert dig.communicate()[0] == "192.0.2.10\n"
            pids.append(dig.pid)
    found = live.records("dns_events")
    assert [(row["qname"], row["local_addr"], row["transport"], row["rcode"], row["note"]) for row in found] == [
        (f"n{number}.bench.test", address, transport, "NOERROR", "")
        for number, address in enumerate(["127.0.0.1", "::1"] * 3)
    ]
    assert live.flaws("dns_events") == (0, 0)
    if source == "bpf":
        processes = {row["upid"]: row for row in live.all("processes")}
        ours = [processes[row["upid"]] for row in live.all("dns_events") if row["trace_role"] == CLIENT]
        assert [row["pid"] for row in ours] == pids
        assert {row["comm"] for row in ours} == {"dig"}
        for number, row in enumerate(ours):
            assert f"n{number}.bench.test" in str(row["cmdline"])
        assert {processes[row["upid"]]["comm"] for row in found} == {"dnsmasq"}  # for TCP it makes a process of each


def test_many_at_once(tmp_path: Path, port: int, source: str) -> None:
    def ask(number: int) -> None:
        query = dns.message.make_query(f"n{number}.bench.test", "A")
        dns.query.udp(query, ("127.0.0.1", "::1")[number % 2], timeout=120, port=port)

    with capturing(source, tmp_path, "--port", str(port)) as live:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(ask, range(400)))
        connected(port)
    found = live.records("dns_events")
    names = [f"n{number}.bench.test" for number in range(400)] + [f"c{number}.bench.test" for number in range(20)]
    assert sorted(str(row["qname"]) for row in found) == sorted(names)
    for row in found:
        number = int(str(row["qname"]).partition(".")[0][1:])
        assert row["local_addr"] == ("::1" if number % 2 and str(row["qname"])[0] == "n" else "127.0.0.1")
        assert [answer["data"] for answer in json.loads(str(row["resp_body"]))["answers"]] == ["192.0.2.10"]
        assert (row["note"], row["latency"] > 0) == ("", True)  # type: ignore[operator]
    assert live.flaws("dns_events") == (0, 0)


def connected(port: int) -> None:
    """Ask by one socket that is connected, all at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.connect(("127.0.0.1", port))
        asker.settimeout(120)
        for number in range(20):
            asker.send(dns.message.make_query(f"c{number}.bench.test", "A").to_wire())
        for _ in range(20):
            asker.recv(4096)
