"""The kernel's socket tables: who listens, what TCP knows of each connection, and which socket an inode is.

They are asked for through netlink (sock_diag, by pyroute2), in another network namespace from a thread that enters it.
Where that cannot be (no pyroute2, no rights to enter, a kernel built without), `/proc/PID/net` tells all but `TcpInfo`.

A dump of all sockets takes about 50 µs for each of them: ask now and then, never for every event.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pxcap.bpf import procfs
from pxcap.bpf.packet.namespace import inside
from pxcap.bpf.procnet import CLOSE, LISTEN, Socket, TcpInfo, plain, read_sockets
from pxcap.core.errors import CaptureError

Address = tuple[str, int, str, int]
"""Local address and port, remote address and port."""

_ALL, _TIME_WAIT, _SYN_RECV = (1 << 12) - 1, 6, 3  # states, from include/net/tcp_states.h; sets of them are bits
_HELD = _ALL & ~(1 << _TIME_WAIT | 1 << _SYN_RECV)  # a process has these open
_CONNECTED = _HELD & ~(1 << LISTEN | 1 << CLOSE)
_INFO = 1 << 1  # INET_DIAG_INFO, from linux/inet_diag.h: a set of attributes counts from 1
_PAUSE = 0.5  # seconds between dumps for inodes that are not known
_SHARE = 20  # and this many times what a dump took
_NAMESPACES = 256  # network namespaces whose sockets are remembered at once

_Query = tuple[str, int, int]  # transport, states, attributes


def listening(netns_pid: int | None = None) -> set[tuple[str, int, str]]:
    """(transport, port, address) of the sockets that wait for clients; of UDP all that have no peer.

    Args:
        netns_pid: A process in the network namespace that is meant; None is this one. One that has ended gives none.
    """
    found = _sockets(netns_pid, (("tcp", 1 << LISTEN, 0), ("udp", 1 << CLOSE, 0)))
    return {(item.transport, item.local_port, item.local_addr) for item in found if item.listening}


def tcp_info(netns_pid: int | None = None) -> dict[Address, TcpInfo]:
    """What TCP knows of every connection; empty where only `/proc` can be asked.

    Args:
        netns_pid: As for `listening`.
    """
    found = _sockets(netns_pid, (("tcp", _CONNECTED, _INFO),))
    return {
        (item.local_addr, item.local_port, item.remote_addr, item.remote_port): item.tcp for item in found if item.tcp
    }


def sockets(netns_pid: int | None = None) -> list[Socket]:
    """Every TCP and UDP socket a process may hold, without `TcpInfo`.

    Args:
        netns_pid: As for `listening`.
    """
    return _sockets(netns_pid, (("tcp", _HELD, 0), ("udp", _HELD, 0)))


class SocketsByInode:
    """Finds the socket behind an inode, as in `/proc/PID/fd`.

    An inode that is not known is looked for in a new dump, at most two a second: in between it is not found.

    Args:
        clock: Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[int, dict[int, Socket]] = {}  # by network namespace and inode, as of the last dump
        self._due: dict[int, float] = {}

    def socket_of(self, inode: int, netns_pid: int | None = None) -> Socket | None:
        """The socket; None when there is none of that inode, or none that TCP or UDP knows (bound or connected).

        Args:
            inode: Which.
            netns_pid: As for `listening`.
        """
        namespace = procfs.netns(netns_pid or os.getpid())
        known = self._known.get(namespace, {})
        now = self._clock()
        if inode not in known and now >= self._due.get(namespace, now):
            if len(self._known) >= _NAMESPACES:
                self._known.clear()
                self._due.clear()
            known = self._known[namespace] = {item.inode: item for item in sockets(netns_pid) if item.inode}
            after = self._clock()
            self._due[namespace] = after + max(_PAUSE, _SHARE * (after - now))
        return known.get(inode)


def _sockets(netns_pid: int | None, queries: Sequence[_Query]) -> list[Socket]:
    own = netns_pid is None or procfs.netns(netns_pid) == procfs.netns(os.getpid())
    try:
        return inside(None if own else f"/proc/{netns_pid}/ns/net", lambda: list(_ask(queries)))
    except (CaptureError, ImportError, OSError):
        wanted = {transport for transport, _, _ in queries}
        return [item for item in read_sockets(netns_pid or os.getpid()) if item.transport in wanted]


def _ask(queries: Sequence[_Query]) -> Iterator[Socket]:
    from pyroute2 import DiagSocket, NetlinkError  # type: ignore[import-untyped]  # takes 0.2 s: only where it is used

    with DiagSocket() as diag:
        diag.bind()
        for transport, states, attributes in queries:
            protocol = socket.IPPROTO_TCP if transport == "tcp" else socket.IPPROTO_UDP
            for family in (socket.AF_INET, socket.AF_INET6):
                try:
                    answers = diag.get_sock_stats(
                        family=family, states=states, protocol=protocol, extensions=attributes
                    )
                except NetlinkError as err:
                    raise OSError(err.code, "sock_diag") from err
                yield from (_socket(answer, transport, attributes) for answer in answers)


def _socket(answer: Any, transport: str, attributes: int) -> Socket:
    info = answer.get_attr("INET_DIAG_INFO") if attributes and transport == "tcp" else None
    return Socket(
        transport,
        plain(answer["idiag_src"]),
        answer["idiag_sport"],
        plain(answer["idiag_dst"]),
        answer["idiag_dport"],
        answer["idiag_state"] == (LISTEN if transport == "tcp" else CLOSE),
        answer["idiag_inode"],
        info and _tcp_info(info),
    )


def _tcp_info(info: Any) -> TcpInfo:
    """From struct tcp_info; an old kernel's ends sooner."""
    retransmits, rtt_us, sent, acked, received = (
        info.get(f"tcpi_{name}") or 0
        for name in ("total_retrans", "rtt", "bytes_sent", "bytes_acked", "bytes_received")
    )
    return TcpInfo(retransmits, rtt_us * 1000 or None, sent, acked, received)
