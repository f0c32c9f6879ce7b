"""The socket tables as text, `/proc/PID/net/tcp` and its like: what is left to read where sock_diag cannot be asked."""

import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from pxcap.bpf.procfs import PROC

LISTEN, CLOSE = 10, 7  # states, from include/net/tcp_states.h; CLOSE is a UDP socket without a peer
_FILES = (("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp"))


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """What the kernel keeps of a TCP connection; IPv4 and IPv6 alike.

    Attributes:
        retransmits: Segments sent again since it was opened.
        rtt_ns: Round-trip time, smoothed; None before there was one to measure.
        bytes_sent: Payload sent, that sent again included.
        bytes_acked: Payload the other side has acknowledged (the kernel counts the SYN as a byte).
        bytes_received: Payload received.
    """

    retransmits: int
    rtt_ns: int | None
    bytes_sent: int
    bytes_acked: int
    bytes_received: int


@dataclass(frozen=True, slots=True)
class Socket:
    """A TCP or UDP socket; IPv4 addresses are written as such also where the socket is an IPv6 one.

    Attributes:
        transport: "tcp" or "udp".
        listening: Waits for connections or, a UDP socket, for datagrams from anyone: one of a server, or of a client
            that has not connected it.
        inode: As in `/proc/PID/fd`; 0 when no process holds it any more.
        tcp: Only where it was asked for.
    """

    transport: str
    local_addr: str
    local_port: int
    remote_addr: str
    remote_port: int
    listening: bool
    inode: int
    tcp: TcpInfo | None = None


def read_sockets(pid: int, root: Path = PROC) -> list[Socket]:
    """The sockets of the network namespace the process is in; none when it has ended. Needs no rights."""
    found: list[Socket] = []
    for name, transport in _FILES:
        try:
            text = (root / str(pid) / "net" / name).read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        found += parse_sockets(text, transport)
    return found


def parse_sockets(text: str, transport: str) -> list[Socket]:
    """The sockets in the text of such a file; lines that are not of its form are passed over."""
    return [found for line in text.splitlines()[1:] if (found := _socket(line.split(), transport))]


def plain(address: str) -> str:
    """An IPv4 address that came in IPv6's form, as IPv4; any other as it is."""
    mapped = address.removeprefix("::ffff:")
    return mapped if "." in mapped and ":" not in mapped else address


def _socket(fields: list[str], transport: str) -> Socket | None:
    try:
        local, remote = _endpoint(fields[1]), _endpoint(fields[2])
        state, inode = int(fields[3], 16), int(fields[9])
    except (IndexError, ValueError):
        return None
    return Socket(transport, *local, *remote, state == (LISTEN if transport == "tcp" else CLOSE), inode)


def _endpoint(text: str) -> tuple[str, int]:
    """ADDRESS:PORT; the address is in words of 32 bits, each as the machine holds it."""
    address, _, port = text.partition(":")
    words = [int(address[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(address), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return plain(socket.inet_ntop(family, b"".join(words))), int(port, 16)
