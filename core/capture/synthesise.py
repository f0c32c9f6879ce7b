"""Packets made from what a socket sent and received, for a capture file of what was seen without seeing packets.

They are raw IP (link type 101), IPv4 or IPv6 by the addresses. What matters is right: addresses, ports, sequence numbers,
lengths, checksums. What was never seen is plain: no fragment, no retransmission, no acknowledgement by itself.
"""

import struct
from ipaddress import IPv6Address, ip_address

from pxcap.core.packets import ACK, FIN, RST, SYN, TCP, UDP
from pxcap.core.vantage import Endpoint

LINK = 101
MOST = 32 << 10
"""Bytes of stream in one packet: far from the 64 KiB at which IP's lengths end."""

_MASK = 0xFFFFFFFF
_PUSH = 0x08
_WINDOW = 0xFFFF
_HOPS = 64
_SYN_OPTIONS = b"\x02\x04\xff\xff\x01\x03\x03\x0e"  # segments of 65535 bytes; windows in units of 16 KiB (RFC 7323)


class TcpPackets:
    """Packets of one connection. A direction is 0 from client to server and 1 back."""

    def __init__(self, client: Endpoint, server: Endpoint, initial: tuple[int, int] = (0, 0)) -> None:
        """Begin; no packet is made yet.

        Args:
            client: Address and port of the end that connected.
            server: Of the other; both addresses are of one family, an IPv4 address may be written as IPv6 (::ffff:a.b.c.d).
            initial: Sequence number of each direction's SYN; its first byte has the next one.
        """
        self._ways = _Way(client, server), _Way(server, client)
        self._initial = initial
        self._ends = [1, 1]  # of each direction: what its next packet adds to the initial number

    def open(self) -> list[bytes]:
        """SYN, SYN with ACK, ACK."""
        first = [initial & _MASK for initial in self._initial]
        return [
            self._ways[0].tcp(first[0], 0, SYN, b"", _SYN_OPTIONS),
            self._ways[1].tcp(first[1], first[0] + 1, SYN | ACK, b"", _SYN_OPTIONS),
            self._ways[0].tcp(first[0] + 1, first[1] + 1, ACK),
        ]

    def data(self, direction: int, position: int, payload: bytes) -> list[bytes]:
        """Bytes of the stream, in packets of at most `MOST`.

        Args:
            direction: Who sent them.
            position: Bytes of that direction before them, those that were not seen included.
            payload: At least one byte.
        """
        made: list[bytes] = []
        ack = self._next(1 - direction)
        for at in range(0, len(payload), MOST):
            part = payload[at : at + MOST]
            last = at + MOST >= len(payload)
            seq = self._initial[direction] + 1 + position + at
            made.append(self._ways[direction].tcp(seq, ack, ACK | _PUSH if last else ACK, part))
        self._ends[direction] = max(self._ends[direction], 1 + position + len(payload))
        return made

    def close(self, direction: int, position: int = 0) -> list[bytes]:
        """FIN of one direction.

        Args:
            direction: Who will send nothing more.
            position: Bytes it sent in all, when more than were given.
        """
        self._ends[direction] = max(self._ends[direction], 1 + position)
        made = self._ways[direction].tcp(self._next(direction), self._next(1 - direction), FIN | ACK)
        self._ends[direction] += 1
        return [made]

    def reset(self, direction: int) -> list[bytes]:
        """RST from one end: the connection is over."""
        return [self._ways[direction].tcp(self._next(direction), self._next(1 - direction), RST | ACK)]

    def _next(self, direction: int) -> int:
        return self._initial[direction] + self._ends[direction]


def datagram(source: Endpoint, destination: Endpoint, payload: bytes, wire: int = 0) -> bytes:
    """A UDP packet.

    Args:
        source: Address and port of the sender.
        destination: Of the receiver; as for `TcpPackets`.
        payload: Bytes of the datagram, from its first on.
        wire: How many it had, when more than were seen (at most 65507); as many fewer are in the packet than it says.
    """
    return _Way(source, destination).udp(payload, max(len(payload), wire))


class _Way:
    """From one end to the other: addresses and ports as bytes."""

    __slots__ = ("_addresses", "_pair", "_ports", "_v4")

    def __init__(self, source: Endpoint, destination: Endpoint) -> None:
        ends = _packed(source[0]), _packed(destination[0])
        if len(ends[0]) != len(ends[1]):
            raise ValueError(f"addresses of two families: {source[0]}, {destination[0]}")
        self._v4 = len(ends[0]) == 4
        self._addresses = ends[0] + ends[1]
        self._pair = sum(struct.unpack(f">{len(self._addresses) // 2}H", self._addresses))
        self._ports = struct.pack(">HH", source[1], destination[1])

    def tcp(self, seq: int, ack: int, flags: int, payload: bytes = b"", options: bytes = b"") -> bytes:
        offset = (20 + len(options)) // 4 << 4
        head = self._ports + struct.pack(">IIBBH", seq & _MASK, ack & _MASK, offset, flags, _WINDOW)
        size = len(head) + 4 + len(options) + len(payload)
        rest = b"\0\0" + options + payload
        return self._ip(TCP, size) + head + self._checksum(TCP, size, head + rest) + rest

    def udp(self, payload: bytes, wire: int) -> bytes:
        size = 8 + wire
        head = self._ports + struct.pack(">H", size)
        known = self._checksum(UDP, size, head + payload) if wire == len(payload) else b"\0\0"  # none (RFC 768)
        return self._ip(UDP, size) + head + known + payload

    def _ip(self, protocol: int, size: int) -> bytes:
        """The header (RFC 791; RFC 8200) of a packet with so many bytes behind it."""
        if not self._v4:
            return struct.pack(">IHBB", 6 << 28, size, protocol, _HOPS) + self._addresses
        # Never to be fragmented, so it needs no identification (RFC 6864), by which datagrams would look repeated.
        head = struct.pack(">BBHHHBB", 0x45, 0, 20 + size, 0, 0x4000, _HOPS, protocol)
        return head + _complement(sum(struct.unpack(">5H", head)) + self._pair) + self._addresses

    def _checksum(self, protocol: int, size: int, segment: bytes) -> bytes:
        """Of the segment without its checksum, and of the pseudo header (RFC 9293, section 3.1; RFC 8200, section 8.1)."""
        padded = segment + b"\0" if len(segment) % 2 else segment
        return _complement(self._pair + protocol + size + int.from_bytes(padded, "big"))


def _complement(total: int) -> bytes:
    """The sum of 16-bit words in ones' complement (RFC 1071) is their sum, however large, modulo 65535."""
    return (0xFFFF - total % 0xFFFF).to_bytes(2, "big")


def _packed(address: str) -> bytes:
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.packed
    return parsed.packed
