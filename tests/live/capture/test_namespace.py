"""A server in a network namespace of its own, asked from within it and from outside."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.servers import path_of
from tests.bpf.packet.conftest import Pair, pair, rights
from tests.live.conftest import need
from tests.live.watch import CLIENT, SERVER, Live, capturing

__all__ = ["pair", "rights"]
PORT = 6379  # nobody else is there


@contextmanager
def redis_in(netns: str, folder: Path) -> Iterator[None]:
    """A Redis on all addresses of the namespace."""
    command = [path_of("redis-server"), "--port", str(PORT), "--bind", "0.0.0.0", "-::", "--protected-mode", "no"]
    command += ["--save", "", "--dir", str(folder)]
    inside = ["ip", "netns", "exec", netns]
    server = subprocess.Popen([*inside, *command], stdout=subprocess.DEVNULL)
    try:
        while subprocess.run(
            [*inside, path_of("redis-cli"), "-p", str(PORT), "PING"], check=False, capture_output=True
        ).returncode:
            assert server.poll() is None
            time.sleep(0.02)
        yield
    finally:
        server.terminate()
        server.wait(timeout=120)


def ask(*command: str) -> None:
    cli = [*command, "-p", str(PORT)]
    for number in range(5):
        subprocess.run([*cli, "SET", "n", str(number)], check=True, capture_output=True, timeout=120)


def told(live: Live, role: int, address: str) -> list[object]:
    """What was asked at a server's address, as one end has it."""
    theirs = "local_addr" if role == SERVER else "remote_addr"
    rows = live.all("redis_events")
    return [row["req_args"] for row in rows if (row["trace_role"], row[theirs]) == (role, address) and not row["note"]]


def test_within_and_from_outside(tmp_path: Path, pair: Pair, source: str) -> None:
    need("redis-server", "redis-cli", "ip")
    wanted = [f'["n","{number}"]' for number in range(5)]
    options = ("--port", str(PORT), *(("--netns", pair.netns) if source == "packet" else ()))
    with redis_in(pair.netns, tmp_path):
        with capturing(source, tmp_path, *options) as live:
            ask("ip", "netns", "exec", pair.netns, path_of("redis-cli"))
            ask(path_of("redis-cli"), "-h", pair.address_there)
            ask(path_of("redis-cli"), "-h", pair.address6_there)
        spaces = {SERVER: os.stat(f"/run/netns/{pair.netns}").st_ino, CLIENT: os.stat("/proc/self/ns/net").st_ino}
    addresses = ("127.0.0.1", pair.address_there, pair.address6_there)
    found = live.query("SELECT trace_role, local_addr, local_port, remote_addr, req_args, note FROM redis_events")
    for address in addresses:
        assert told(live, SERVER, address) == wanted, f"{live.said} {found}"
        if source == "bpf":
            assert told(live, CLIENT, address) == wanted, f"{live.said} {found}"
    assert live.flaws("redis_events") == (0, 0)
    found = [
        (row["trace_role"], row["netns"])
        for row in live.all("connections")
        if pair.address_there in (row["local_addr"], row["remote_addr"])
    ]
    if source == "packet":
        assert found == [(SERVER, 0)] * 5
    else:
        assert sorted(found) == sorted([*[(CLIENT, spaces[CLIENT])] * 5, *[(SERVER, spaces[SERVER])] * 5])


@pytest.mark.parametrize("seen_from", ["interface", "any"])
def test_packets_on_their_way_in(tmp_path: Path, pair: Pair, seen_from: str) -> None:
    """The host's end of the pair shows what the namespace's clients outside ask, once."""
    need("redis-server", "redis-cli", "ip")
    options = ("--port", str(PORT), "--interface", pair.here if seen_from == "interface" else "any")
    with redis_in(pair.netns, tmp_path), capturing("packet", tmp_path, *options) as live:
        ask(path_of("redis-cli"), "-h", pair.address_there)
    assert told(live, SERVER, pair.address_there) == [f'["n","{number}"]' for number in range(5)]
    assert len(live.records("redis_events")) == 5
