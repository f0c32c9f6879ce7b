"""The socket tables as text: lines as a little-endian machine writes them, and lines that are none."""

import os
import socket
import sys
from pathlib import Path

import pytest

from pxcap.bpf.procnet import Socket, parse_sockets, plain, read_sockets

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
REST = "00000000:00000000 00:00000000 00000000     0        0"
ZERO, LOOPBACK = "0" * 32, "00000000000000000000000001000000"
MAPPED = "0000000000000000FFFF0000{}"

LINES: dict[str, tuple[str, str, list[Socket]]] = {
    "listens": (
        "tcp",
        f"   0: 0100007F:07E8 00000000:0000 0A {REST} 1473 1 0 100 0 0 10 0",
        [Socket("tcp", "127.0.0.1", 2024, "0.0.0.0", 0, True, 1473)],
    ),
    "connected": (
        "tcp",
        f"   1: 0100007F:1F90 0200000A:C350 01 {REST} 99 1",
        [Socket("tcp", "127.0.0.1", 8080, "10.0.0.2", 50000, False, 99)],
    ),
    "IPv6": (
        "tcp",
        f"   0: {LOOPBACK}:1F90 {ZERO}:0000 0A {REST} 5 1",
        [Socket("tcp", "::1", 8080, "::", 0, True, 5)],
    ),
    "IPv4 in IPv6": (
        "tcp",
        f"   0: {MAPPED.format('0100007F')}:1F90 {MAPPED.format('0200000A')}:0001 01 {REST} 5 1",
        [Socket("tcp", "127.0.0.1", 8080, "10.0.0.2", 1, False, 5)],
    ),
    "UDP without a peer": (
        "udp",
        f"  12: 00000000:0035 00000000:0000 07 {REST} 6 2 0000 0",
        [Socket("udp", "0.0.0.0", 53, "0.0.0.0", 0, True, 6)],
    ),
    "TCP that is closed": (
        "tcp",
        f"  12: 00000000:0035 00000000:0000 07 {REST} 6 2",
        [Socket("tcp", "0.0.0.0", 53, "0.0.0.0", 0, False, 6)],
    ),
    "cut": ("tcp", f"   0: 0100007F:07E8 00000000:0000 0A {REST}", []),
    "no address": ("tcp", f"   0: xyz 00000000:0000 0A {REST} 1", []),
    "no port": ("tcp", f"   0: 0100007F 00000000:0000 0A {REST} 1", []),
    "no length of an address": ("tcp", f"   0: 0100007F0100007F:1 00000000:0000 0A {REST} 1", []),
    "empty": ("tcp", "", []),
}


@pytest.mark.skipif(sys.byteorder != "little", reason="these lines are a little-endian machine's")
@pytest.mark.parametrize(("transport", "line", "expected"), LINES.values(), ids=LINES.keys())
def test_lines(transport: str, line: str, expected: list[Socket]) -> None:
    assert parse_sockets(f"{HEAD}{line}\n", transport) == expected


def test_addresses() -> None:
    found = [plain(address) for address in ("::ffff:1.2.3.4", "::ffff:1", "::1", "1.2.3.4", "::ffff:0:1.2.3.4")]
    assert found == ["1.2.3.4", "::ffff:1", "::1", "1.2.3.4", "::ffff:0:1.2.3.4"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_real_sockets(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        socket.create_server((address, 0), family=family) as listener,
        socket.create_connection(listener.getsockname()[:2]) as client,
        socket.socket(family, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind((address, 0))
        port, client_port, udp_port = (item.getsockname()[1] for item in (listener, client, datagrams))
        inodes = [os.fstat(item.fileno()).st_ino for item in (listener, client, datagrams)]
        nobody = "::" if family == socket.AF_INET6 else "0.0.0.0"
        found = {item.inode: item for item in read_sockets(os.getpid())}
        assert [found[inode] for inode in inodes] == [
            Socket("tcp", address, port, nobody, 0, True, inodes[0]),
            Socket("tcp", address, client_port, address, port, False, inodes[1]),
            Socket("udp", address, udp_port, nobody, 0, True, inodes[2]),
        ]


def test_no_such_process(tmp_path: Path) -> None:
    assert read_sockets(7, tmp_path) == []
