"""Captures cut and moved: the packets of a file as columns, by connection, to be played in other ways than recorded."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path

import numpy as np

from pxcap.core.capture import CaptureReader
from pxcap.core.errors import CaptureError
from pxcap.core.packets import ACK, SYN, TCP, PacketWindow

Endpoint = tuple[str, int]
COLUMNS = [name for name in PacketWindow.__slots__ if name != "buf"]
FRESH_PORTS = range(20000, 60000, 2000)  # where client ports may begin


@dataclass(frozen=True, slots=True)
class Conversation:
    """A TCP connection or UDP exchange as recorded, and the protocol it is ("" for none of ours)."""

    transport: str
    client: Endpoint
    server: Endpoint
    protocol: str


@dataclass(slots=True)
class Traffic:
    """All packets of a capture.

    Attributes:
        window: The packets; client ports are made unique, so that moving a server never makes two connections one.
        conversations: By number.
        of: For each packet, the number of its conversation.
        to_server: For each packet, whether the client sent it.
        first_port: Client port of conversation 0; the others follow.
    """

    window: PacketWindow
    conversations: list[Conversation]
    of: np.ndarray
    to_server: np.ndarray
    first_port: int

    def moved(self, port_of: Callable[[Conversation], int]) -> "Traffic":
        """The same with each server on another port."""
        ports = np.array([port_of(talk) for talk in self.conversations], np.uint16)[self.of]
        sport = np.where(self.to_server, self.window.sport, ports)
        dport = np.where(self.to_server, ports, self.window.dport)
        return replace(self, window=replace(self.window, sport=sport, dport=dport))

    def without_beginning(self, count: int) -> "Traffic":
        """The same without handshakes, and without everything up to the `count`-th packet with data of each."""
        data = self.window.size > 0
        before = np.empty(len(data), np.int64)
        for number in range(len(self.conversations)):
            mine = self.of == number
            before[mine] = np.cumsum(data[mine])
        early = (before < count) | ((before == count) & data) if count else before == 0
        return self._only(~early & ((self.window.flags & SYN) == 0))

    def one_side(self, client: bool) -> "Traffic":
        """Only what clients sent, or only what servers did."""
        return self._only(self.to_server == client)

    def since(self, number: int) -> int:
        """When the first packet of a conversation was captured, ns since the epoch."""
        return int(self.window.time[int(np.argmax(self.of == number))])

    def longest(self) -> int:
        """Packets with data of the conversation that has most."""
        data = self.of[self.window.size > 0]
        return int(np.bincount(data).max()) if len(data) else 0

    def _only(self, keep: np.ndarray) -> "Traffic":
        columns = {name: getattr(self.window, name)[keep] for name in COLUMNS}
        window = PacketWindow(buf=self.window.buf, **columns)
        return replace(self, window=window, of=self.of[keep], to_server=self.to_server[keep])


def read(path: Path, usual: Collection[int], protocol: Callable[[Endpoint, Endpoint], str]) -> Traffic | None:
    """The traffic of a file, None when it has no packets or is no capture.

    Args:
        path: The file.
        usual: Ports of servers, for connections whose handshake is not there.
        protocol: What a connection is, by its client and server.
    """
    windows = []
    try:
        with CaptureReader(path) as reader:
            windows = list(reader.windows())
    except CaptureError:
        return None
    if not windows:
        return None
    return _sorted_out(_joined(windows), usual, protocol)


def _joined(windows: list[PacketWindow]) -> PacketWindow:
    columns = {name: np.concatenate([getattr(window, name) for window in windows]) for name in COLUMNS}
    shifts = np.cumsum([0, *(len(window.buf) for window in windows[:-1])])
    columns["start"] = columns["start"] + np.repeat(shifts, [len(window) for window in windows])
    return PacketWindow(buf=b"".join(window.buf for window in windows), **columns)


def _sorted_out(window: PacketWindow, usual: Collection[int], protocol: Callable[[Endpoint, Endpoint], str]) -> Traffic:
    ends = list(zip(_endpoints(window.src_hi, window.src_lo, window.sport),
                    _endpoints(window.dst_hi, window.dst_lo, window.dport), strict=True))  # fmt: skip
    client: dict[tuple[int, frozenset[Endpoint]], Endpoint] = {}
    keys = [(proto, frozenset(pair)) for proto, pair in zip(window.proto.tolist(), ends, strict=True)]
    for key, pair, flags in zip(keys, ends, window.flags.tolist(), strict=True):
        if flags & SYN:
            client[key] = pair[1] if flags & ACK else pair[0]
        elif key not in client:
            client[key] = pair[1] if pair[0][1] in usual and pair[1][1] not in usual else pair[0]
    numbers: dict[tuple[int, frozenset[Endpoint]], int] = {}
    talks: list[Conversation] = []
    for key, pair in zip(keys, ends, strict=True):
        if key not in numbers:
            numbers[key] = len(talks)
            server = pair[1] if client[key] == pair[0] else pair[0]
            transport = "tcp" if key[0] == TCP else "udp"
            talks.append(Conversation(transport, client[key], server, protocol(client[key], server)))
    of = np.array([numbers[key] for key in keys])
    to_server = np.array([talks[number].client == pair[0] for number, pair in zip(of.tolist(), ends, strict=True)])
    taken = {talk.server[1] for talk in talks}
    first = next(port for port in FRESH_PORTS if taken.isdisjoint(range(port, port + len(talks))))
    fresh = (first + of).astype(np.uint16)
    sport = np.where(to_server, fresh, window.sport)
    dport = np.where(to_server, window.dport, fresh)
    return Traffic(replace(window, sport=sport, dport=dport), talks, of, to_server, first)


def _endpoints(high: np.ndarray, low: np.ndarray, port: np.ndarray) -> list[Endpoint]:
    known: dict[tuple[int, int], str] = {}
    found = []
    for key_high, key_low, number in zip(high.tolist(), low.tolist(), port.tolist(), strict=True):
        key = (key_high, key_low)
        if key not in known:
            address = IPv6Address(key_high << 64 | key_low)
            known[key] = str(address.ipv4_mapped or address)
        found.append((known[key], number))
    return found
