r"""Small captures made by hand: say what a client and a server sent, get a pcap that is the same on every machine.

A `Conversation` is one TCP connection or one pair of UDP endpoints. Its methods append packets in the order they are
called and return the conversation, so that a case reads like the exchange it describes:

    talk = Conversation(server=("192.0.2.2", 6379)).open()
    talk.request(b"PING\r\n").response(b"+PONG\r\n", after=2_000_000).close()
    write_pcap("ping.pcap", [talk])

Everything that could differ between two runs is fixed: initial sequence numbers, ports, times, IP identifications. The
addresses are those set aside for documentation (RFC 5737, RFC 3849). Only what is captured is written: a connection
that was joined in mid-stream is one where `open` is not called, a one-sided capture one where the other side's bytes
are lost with `lose`. Pure acknowledgements are written for the handshake and the end only.
"""

import struct
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pxcap.core.packets import ACK, FIN, RST, SYN, TCP, UDP
from pxcap.core.stream import REQUEST, RESPONSE

__all__ = [
    "ETHERNET",
    "LINUX_SLL",
    "LINUX_SLL2",
    "NULL",
    "RAW_IP",
    "REQUEST",
    "RESPONSE",
    "START",
    "Conversation",
    "write_pcap",
]

START = 1_700_000_000_000_000_000
"""When conversations begin unless told otherwise: 2023-11-14 22:13:20 UTC, ns since the epoch."""

STEP = 1_000_000  # ns between two packets unless told otherwise: 1 ms
SEGMENT_STEP = 1_000  # ns between the segments of one message
MSS = 1460
PUSH = 0x08

NULL, ETHERNET, RAW_IP, LINUX_SLL, LINUX_SLL2 = 0, 1, 101, 113, 276
"""Link types (LINKTYPE_ values of the tcpdump group's registry) that `write_pcap` can write."""

_ETHERTYPE = {4: 0x0800, 6: 0x86DD}
_MACS = (b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02")  # locally administered


class Conversation:
    """One TCP connection, or the datagrams between two UDP endpoints, as a capture would show it.

    Args:
        client: Address (IPv4 or IPv6, as text) and port of the side that asks.
        server: The side that answers; the same IP version.
        start: Time of the first packet, ns since the epoch.
        transport: "tcp" or "udp".
        sequence: TCP sequence number of each side's first byte less one (that of its SYN); near 2**32 to test wrapping.

    Raises:
        ValueError: An address is not one, or the two are of different IP versions.
    """

    def __init__(
        self,
        client: tuple[str, int] = ("192.0.2.1", 40000),
        server: tuple[str, int] = ("192.0.2.2", 80),
        start: int = START,
        transport: Literal["tcp", "udp"] = "tcp",
        sequence: tuple[int, int] = (1000, 5000),
    ) -> None:
        addresses = ip_address(client[0]), ip_address(server[0])
        if addresses[0].version != addresses[1].version:
            raise ValueError(f"{client[0]} and {server[0]} are of different IP versions")
        self.version = addresses[0].version
        self.time = start
        self.packets: list[tuple[int, int, bytes, int]] = []  # time, side, whole IP packet, bytes captured of it
        self._proto = TCP if transport == "tcp" else UDP
        self._address = addresses[0].packed, addresses[1].packed
        self._port = client[1], server[1]
        self._first = [sequence[0] + 1, sequence[1] + 1]  # sequence number of stream offset 0
        self._sent = [0, 0]  # stream offset of each side's next byte
        self._ended = [0, 0]  # 1 once the side's FIN was sent: it takes a sequence number
        self._ipid = [0, 0]
        self._waiting = True  # nothing sent yet: the first packet is at `start` exactly

    def open(self, after: int = STEP, only: int | None = None) -> Self:
        """The TCP handshake: SYN, SYN and ACK, ACK, `after` ns apart; `only` that side's packets are captured."""
        if only != RESPONSE:
            self._segment(REQUEST, SYN, after=after, seq=-1)
        if only != REQUEST:
            self._segment(RESPONSE, SYN | ACK, after=after, seq=-1)
        return self if only == RESPONSE else self._segment(REQUEST, ACK, after=after)

    def request(self, data: bytes, after: int = STEP, mss: int = MSS) -> Self:
        """The client sends `data`, `after` ns later, in segments of at most `mss` bytes (UDP: one datagram)."""
        return self._send(REQUEST, data, after, mss)

    def response(self, data: bytes, after: int = STEP, mss: int = MSS) -> Self:
        """The server sends `data`, `after` ns later, in segments of at most `mss` bytes (UDP: one datagram)."""
        return self._send(RESPONSE, data, after, mss)

    def lose(self, side: int, data: bytes, after: int = STEP) -> Self:
        """A side (REQUEST or RESPONSE) sends `data`, and the capture misses it: only sequence numbers and time go on."""
        self._tick(after)
        self._sent[side] += len(data)
        return self

    def truncate(self, side: int, data: bytes, keep: int, after: int = STEP) -> Self:
        """A side sends `data` in one packet, of which the snap length left `keep` bytes of payload (0..len(data))."""
        if self._proto == UDP:
            return self._datagram(side, data, after, cut=len(data) - keep)
        return self._data(side, data, after, cut=len(data) - keep)

    def retransmit(self, side: int, data: bytes, offset: int, after: int = STEP) -> Self:
        """A side sends `data` (again) at stream offset `offset`: a repetition, an overlap, or a late segment.

        What `request` and `response` send next does not move. A segment out of order is one that was lost first and
        comes by this method later.
        """
        return self._segment(side, ACK | PUSH, data, after, seq=offset)

    def half_close(self, side: int, after: int = STEP) -> Self:
        """A side sends its FIN and the other acknowledges; the other may go on sending."""
        self._segment(side, FIN | ACK, after=after)
        self._ended[side] = 1
        return self._segment(1 - side, ACK, after=SEGMENT_STEP)

    def close(self, after: int = STEP) -> Self:
        """FIN both ways, the client first; a side that has closed before does not do so again."""
        for side in (REQUEST, RESPONSE):
            if not self._ended[side]:
                self.half_close(side, after)
        return self

    def reset(self, side: int = RESPONSE, after: int = STEP) -> Self:
        """A side aborts the connection with RST."""
        return self._segment(side, RST | ACK, after=after)

    def _send(self, side: int, data: bytes, after: int, mss: int) -> Self:
        if self._proto == UDP:
            return self._datagram(side, data, after)
        for at in range(0, len(data), mss):
            self._data(side, data[at : at + mss], SEGMENT_STEP if at else after)
        return self

    def _data(self, side: int, data: bytes, after: int, cut: int = 0) -> Self:
        self._segment(side, ACK | PUSH, data, after, cut=cut)
        self._sent[side] += len(data)
        return self

    def _segment(
        self, side: int, flags: int, data: bytes = b"", after: int = STEP, seq: int | None = None, cut: int = 0
    ) -> Self:
        other = 1 - side
        offset = self._sent[side] + self._ended[side] if seq is None else seq
        number = (self._first[side] + offset) % 2**32
        ack = (self._first[other] + self._sent[other] + self._ended[other]) % 2**32 if flags & ACK else 0
        head = struct.pack(">HHIIBBHHH", self._port[side], self._port[other], number, ack, 5 << 4, flags, 65535, 0, 0)
        return self._packet(side, head, 16, data, after, cut)

    def _datagram(self, side: int, data: bytes, after: int, cut: int = 0) -> Self:
        head = struct.pack(">HHHH", self._port[side], self._port[1 - side], 8 + len(data), 0)
        return self._packet(side, head, 6, data, after, cut)

    def _packet(self, side: int, head: bytes, checksum_at: int, data: bytes, after: int, cut: int) -> Self:
        self._tick(after)
        source, target = self._address[side], self._address[1 - side]
        size = len(head) + len(data)
        pseudo = source + target + struct.pack(">II", size, self._proto)  # RFC 9293, 3.1; RFC 8200, 8.1: sums alike
        total = _checksum(pseudo + head + data) or (0xFFFF if self._proto == UDP else 0)  # RFC 768: 0 means none
        payload = head[:checksum_at] + struct.pack(">H", total) + head[checksum_at + 2 :] + data
        packet = self._ip_header(side, size, source, target) + payload
        self.packets.append((self.time, side, packet, len(packet) - cut))
        return self

    def _ip_header(self, side: int, size: int, source: bytes, target: bytes) -> bytes:
        if self.version == 6:
            return struct.pack(">IHBB", 6 << 28, size, self._proto, 64) + source + target
        self._ipid[side] += 1
        fields = (0x45, 0, 20 + size, self._ipid[side] % 65536, 0x4000, 64, self._proto)
        bare = struct.pack(">BBHHHBBH", *fields, 0) + source + target
        return struct.pack(">BBHHHBBH", *fields, _checksum(bare)) + source + target

    def _tick(self, after: int) -> None:
        if self._waiting:
            self._waiting = False
        else:
            self.time += after


def write_pcap(path: str | Path | None, conversations: Iterable[Conversation], linktype: int = ETHERNET) -> bytes:
    """Merge conversations by time into a pcap file with nanosecond times, little-endian, and return its bytes.

    Args:
        path: Where to write it; None to only return the bytes.
        conversations: Packets of one time keep the order of the conversations.
        linktype: NULL, ETHERNET, RAW_IP, LINUX_SLL or LINUX_SLL2.

    Raises:
        ValueError: The link type is another.
        OSError: The file cannot be written.
    """
    packets = [(*packet, talk.version) for talk in conversations for packet in talk.packets]
    packets.sort(key=lambda packet: packet[0])
    out = bytearray(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, linktype))
    for time, side, packet, captured, version in packets:
        link = _link_header(linktype, side, version)
        seconds, ns = divmod(time, 1_000_000_000)
        out += struct.pack("<IIII", seconds, ns, len(link) + captured, len(link) + len(packet))
        out += link + packet[:captured]
    if path is not None:
        Path(path).write_bytes(out)
    return bytes(out)


def _link_header(linktype: int, side: int, version: int) -> bytes:
    ethertype = _ETHERTYPE[version]
    if linktype == ETHERNET:
        return _MACS[1 - side] + _MACS[side] + struct.pack(">H", ethertype)
    if linktype == RAW_IP:
        return b""
    if linktype == NULL:  # address family of the capturing host, here little-endian Linux
        return struct.pack("<I", 2 if version == 4 else 10)
    packet_type = 4 if side == REQUEST else 0  # 4: sent by this host, 0: to it
    if linktype == LINUX_SLL:
        return struct.pack(">HHH", packet_type, 1, 6) + _MACS[side] + b"\0\0" + struct.pack(">H", ethertype)
    if linktype == LINUX_SLL2:
        return struct.pack(">HHIHBB", ethertype, 0, 1, 1, packet_type, 6) + _MACS[side] + b"\0\0"
    raise ValueError(f"link type {linktype} is not one of {NULL}, {ETHERNET}, {RAW_IP}, {LINUX_SLL}, {LINUX_SLL2}")


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
