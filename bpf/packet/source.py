"""Live packets, as windows like those a capture file gives.

One socket and one ring serve all interfaces, so packets come in the order in which they passed, also one that is seen on
several interfaces. Ethernet headers are kept where every interface has them; else, and where no interface is named,
the socket gives what begins at the network header, which is right for every kind of interface.
"""

import fcntl
import os
import socket
import struct
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from pxcap.bpf.packet.filter import attach, program_for, selecting
from pxcap.bpf.packet.namespace import inside
from pxcap.bpf.packet.ring import HEADER, Ring
from pxcap.core.capture.decode import Decoder
from pxcap.core.capture.records import Records, gather
from pxcap.core.errors import CaptureError, UsageError
from pxcap.core.packets import I64, PacketWindow

ETHERNET, RAW = 1, 101
MIN_RING, MAX_RING = 1, 2048
_ETH_P_ALL = 3
_SIOCGIFNAME, _SIOCGIFHWADDR = 0x8910, 0x8927
_LIKE_ETHERNET = (1, 772)  # ARPHRD_ETHER, ARPHRD_LOOPBACK
_MOST = 4 << 20  # bytes of a window
_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Frames:
    """Packets as they passed.

    Attributes:
        buf: What `packets` points into.
        packets: Where they are, in the order in which they passed.
        interface: Index of the interface that each passed.
    """

    buf: bytes
    packets: Records
    interface: I64


@dataclass(frozen=True, slots=True)
class Counts:
    """What the kernel did since the start.

    Attributes:
        received: Packets that passed the filter and were kept for reading.
        dropped: Packets that passed it and were lost, because they were not read fast enough.
        interfaces: Packets read, by the name of the interface.
    """

    received: int
    dropped: int
    interfaces: dict[str, int]


class PacketSource:
    """Captures from network interfaces. Needs the capability CAP_NET_RAW; in another namespace CAP_SYS_ADMIN as well.

    Attributes:
        link: Link type of all its packets (registry of the tcpdump group): 1 (Ethernet) or 101 (raw IP).
    """

    def __init__(
        self,
        interfaces: Sequence[str] = (),
        expression: str = "",
        ports: Collection[int] = (),
        netns: str | None = None,
        ring_mib: int = 32,
    ) -> None:
        """Begin to capture: packets are kept from now on, for `read` to fetch.

        Args:
            interfaces: Their names; none, or "any" among them, means all, also those that appear later.
            expression: What to capture, as for tcpdump; empty for everything.
            ports: TCP and UDP ports, of either end; with an expression too, a packet must fit both.
            netns: Network namespace: a name as `ip netns` lists, or a path such as /proc/PID/ns/net. None for one's own.
            ring_mib: Memory that the kernel keeps packets in, in MiB.

        Raises:
            UsageError: The expression is wrong, or the size.
            CaptureError: There is no such interface or namespace, rights or memory are missing, or libpcap is.
        """
        if not MIN_RING <= ring_mib <= MAX_RING:
            raise UsageError(f"ring of {ring_mib} MiB, expected {MIN_RING} to {MAX_RING}")
        names = [] if "any" in interfaces else list(dict.fromkeys(interfaces))
        self._socket, indices, self.link = inside(netns, lambda: _open(names))
        try:
            program = program_for(expression, ports, self.link)
            attach(self._socket, selecting(program, indices if len(indices) > 1 else ()))
            self._ring = Ring(self._socket, ring_mib)
            if len(indices) == 1:
                _bind(self._socket, names[0])
        except BaseException:
            self._socket.close()
            raise
        self._only = indices[0] if len(indices) == 1 else 0
        self._names = dict(zip(indices, names, strict=True))
        self._seen: Counter[int] = Counter()
        self._decoder = Decoder()

    @property
    def skipped(self) -> dict[str, int]:
        """Packets that are in no window, by reason."""
        return {reason: count for reason, count in self._decoder.skipped.items() if count}

    @property
    def turns(self) -> float:
        """How many times the kernel's ring has been emptied."""
        return self._ring.turns

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """To wait for packets together with other things: readable when there are some to read."""
        return self._socket.fileno()

    def read(self, timeout: float) -> PacketWindow | None:
        """`decode` what `frames` gives."""
        frames = self.frames(timeout)
        return self.decode(frames) if frames else None

    def frames(self, timeout: float) -> Frames | None:
        """The packets that are ready, up to some MiB.

        Args:
            timeout: Seconds to wait for the first, if there is none. A packet is ready 50 ms after it passed, or earlier.

        Returns:
            None when there was none in time.

        Raises:
            CaptureError: The only interface captured from is gone.
        """
        self._ring.wait(timeout)
        buf, at = self._ring.take(_MOST)
        if not len(at):
            self._check()
            return None
        rows = gather(buf, at, HEADER)
        time = rows["sec"].astype(np.int64) * _SECOND + rows["nsec"]
        size = rows["size"].astype(np.int64)
        interface = rows["interface"].astype(np.int64)
        packets = Records(at + rows["mac"], size, np.maximum(size, rows["wire"]), time, self.link)
        if self._only:
            self._seen[self._only] += len(at)
        else:
            packets.tag = rows["interface"].astype(np.uint32) << np.uint32(8) | rows["packet"]
            indices, counts = np.unique(interface, return_counts=True)
            self._seen.update(dict(zip(indices.tolist(), counts.tolist(), strict=True)))
        return Frames(buf, packets, interface)

    def decode(self, frames: Frames) -> PacketWindow | None:
        """The TCP and UDP packets among them; None when there are none. To be given all frames, in order."""
        return self._decoder.decode(frames.buf, frames.packets)

    def name(self, interface: int) -> str:
        """The name of an interface that a packet passed; its index, as text, when it is gone meanwhile."""
        known = self._names.get(interface)
        if known is None:
            known = self._names[interface] = _name_of(self._socket, interface) or str(interface)
        return known

    def counts(self) -> Counts:
        """What the kernel counted."""
        self._ring.count()
        read = {self.name(index): count for index, count in self._seen.items()}
        return Counts(self._ring.received, self._ring.dropped, read)

    def close(self) -> None:
        """Stop capturing; packets that were not read are lost."""
        self._decoder.finish()
        self._ring.close()
        self._socket.close()

    def _check(self) -> None:
        """An interface that goes down is an error of the socket, and may come back; one that is removed does not."""
        failed = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed and self._only and _name_of(self._socket, self._only) is None:
            raise CaptureError(f"{self._names[self._only]}: the interface was removed while capturing from it")


def _open(names: list[str]) -> tuple[socket.socket, list[int], int]:
    """A packet socket in the namespace of this thread, the interfaces' indices, and what its packets begin with."""
    try:
        asked = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as err:
        python = os.path.realpath(sys.executable)
        hint = f"run as root: sudo pxcap capture ...; or give it to Python: sudo setcap cap_net_raw+ep {python}"
        raise CaptureError("capturing packets needs the capability CAP_NET_RAW", hint) from err
    except OSError as err:
        raise CaptureError(f"there are no packet sockets here ({(err.strerror or '').lower()})") from err
    known = {name: index for index, name in socket.if_nameindex()}
    for name in names:
        if name not in known:
            asked.close()
            raise CaptureError(f"{name}: no such network interface", f"there are: any, {', '.join(sorted(known))}")
    if names and all(_hardware(asked, name) in _LIKE_ETHERNET for name in names):
        kind, link = socket.SOCK_RAW, ETHERNET
    else:
        kind, link = socket.SOCK_DGRAM, RAW
    asked.close()
    protocol = 0 if len(names) == 1 else socket.htons(_ETH_P_ALL)  # 0: none, until it is bound
    return socket.socket(socket.AF_PACKET, kind, protocol), [known[name] for name in names], link


def _bind(packets: socket.socket, name: str) -> None:
    try:
        packets.bind((name, _ETH_P_ALL))
    except OSError as err:
        raise CaptureError(f"{name}: cannot be captured from ({os.strerror(err.errno or 0).lower()})") from err


def _hardware(packets: socket.socket, name: str) -> int:
    """What kind of interface it is (ARPHRD_*, linux/if_arp.h)."""
    answer = fcntl.ioctl(packets, _SIOCGIFHWADDR, struct.pack("40s", name.encode()))
    kind: int = struct.unpack_from("H", answer, 16)[0]
    return kind


def _name_of(packets: socket.socket, index: int) -> str | None:
    """Asked through the socket, as it may live in another namespace."""
    try:
        answer = fcntl.ioctl(packets, _SIOCGIFNAME, struct.pack("16si20x", b"", index))
    except OSError:
        return None
    return answer[:16].split(b"\0", 1)[0].decode(errors="replace")
