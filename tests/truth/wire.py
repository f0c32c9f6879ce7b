"""A second, simple reader of captures: what was on the wire of the plain ones, to know what a variant lost.

It knows Ethernet, IPv4, IPv6 without extension headers, TCP and UDP, and reads a file at once. It shares no code with
pxcap: two readers with one bug would agree.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLIENT, SERVER = 0, 1
FIN, SYN = 1, 2


@dataclass(frozen=True, slots=True)
class Packet:
    """A TCP segment or UDP datagram of a plain capture; `head` is how many bytes stand in front of its payload."""

    index: int
    proto: int
    sport: int
    dport: int
    seq: int
    flags: int
    payload: bytes
    head: int


@dataclass(slots=True)
class Stream:
    """One TCP connection, both sides put in order, or a UDP exchange (one after the other).

    Attributes:
        data: Bytes by side.
        spans: For each packet with payload: side, start and end in that side's bytes, in capture order.
        lost: By side, the ranges that a variant does not hold.
    """

    data: list[bytes]
    spans: list[tuple[int, int, int]]
    lost: tuple[list[tuple[int, int]], list[tuple[int, int]]] = field(default_factory=lambda: ([], []))

    def state(self, side: int, start: int, end: int) -> str:
        """What a variant left of a range: "whole", "cut" or "gone"."""
        missing = sum(max(0, min(end, b) - max(start, a)) for a, b in self.lost[side])
        return "whole" if not missing else "gone" if missing >= end - start else "cut"

    def turns(self) -> list[tuple[int, int, int, int]]:
        """Ranges of the exchanges of a connection where the client waits: (start, end) of the client, then the server."""
        found: list[list[int]] = []
        last = SERVER
        for side, start, end in self.spans:
            if side == CLIENT and last == SERVER:
                found.append([start, end, -1, -1])
            if side == CLIENT:
                found[-1][1] = end
            elif found:
                found[-1][2] = start if found[-1][2] < 0 else found[-1][2]
                found[-1][3] = end
            last = side
        return [(a, b, max(c, 0), max(d, 0)) for a, b, c, d in found]


def packets(path: Path) -> list[Packet]:
    """TCP and UDP packets of an Ethernet pcap file of full packets."""
    data = path.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    found, at, index = [], 24, 0
    while at + 16 <= len(data):
        size = struct.unpack_from(f"{order}I", data, at + 8)[0]
        packet = _packet(index, data[at + 16 : at + 16 + size])
        found += [packet] if packet else []
        at += 16 + size
        index += 1
    return found


def _packet(index: int, frame: bytes) -> Packet | None:
    kind = struct.unpack_from(">H", frame, 12)[0]
    if kind == 0x0800:
        proto, head = frame[23], 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack_from(">H", frame, 16)[0]
    elif kind == 0x86DD:
        proto, head = frame[20], 54
        end = 54 + struct.unpack_from(">H", frame, 18)[0]
    else:
        return None
    if proto not in (6, 17):
        return None
    sport, dport, seq = struct.unpack_from(">HHI", frame, head)
    flags = frame[head + 13] if proto == 6 else 0
    head += (frame[head + 12] >> 4) * 4 if proto == 6 else 8
    return Packet(index, proto, sport, dport, seq if proto == 6 else 0, flags, frame[head:end], head)


def streams(path: Path, server_ports: Iterable[int]) -> dict[int, Stream]:
    """Streams of a capture that lost nothing, by client port (each is used once in these captures)."""
    return _build(packets(path), set(server_ports), lambda packet: False, 0)


def variant(path: Path, meta: dict[str, Any], server_ports: Iterable[int]) -> dict[int, Stream]:
    """Streams of the plain capture `path` with what the variant described by `meta` lost of them."""
    info, kind = meta.get("transform_info", {}), meta.get("transform", "")
    ports = set(server_ports)
    found = packets(path)
    if kind == "drop5":
        removed = {(gone["sport"], gone["dport"], gone["seq"] or 0, gone["payload"]) for gone in info["removed"]}
        return _build(found, ports, lambda p: (p.sport, p.dport, p.seq, len(p.payload)) in removed, 0)
    if kind == "midconn":
        return _build(found, ports, lambda p: p.index < info["removed_first"], 0)
    if kind == "to_server_only":
        return _build(found, ports, lambda p: p.sport in ports, 0)
    if kind == "to_client_only":
        return _build(found, ports, lambda p: p.dport in ports, 0)
    return _build(found, ports, lambda p: False, 96 if kind == "snap96" else 0)


def _build(found: list[Packet], server_ports: set[int], removed: Any, snap: int) -> dict[int, Stream]:
    result: dict[int, Stream] = {}
    first: dict[tuple[int, int], int] = {}
    for packet in found:
        side = SERVER if packet.sport in server_ports else CLIENT
        port = packet.dport if side == SERVER else packet.sport
        stream = result.setdefault(port, Stream([b"", b""], []))
        key = (port, side)
        if packet.proto == 6 and packet.flags & SYN:
            first[key] = packet.seq + 1
            continue
        if not packet.payload:
            continue
        start = (
            (packet.seq - first.setdefault(key, packet.seq)) % 2**32 if packet.proto == 6 else len(stream.data[side])
        )
        if start != len(stream.data[side]):
            continue  # seen before: none of the plain captures lacks a byte
        stream.data[side] += packet.payload
        end = start + len(packet.payload)
        stream.spans.append((side, start, end))
        if removed(packet):
            stream.lost[side].append((start, end))
        elif snap and packet.head + len(packet.payload) > snap:
            stream.lost[side].append((start + max(0, snap - packet.head), end))
    return result


def bytes_cut(path: Path) -> int:
    """Bytes that the snap length took from the packets of a pcap file."""
    data = path.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, total = 24, 0
    while at + 16 <= len(data):
        size, there = struct.unpack_from(f"{order}II", data, at + 8)
        total += there - size
        at += 16 + size
    return total


def resp_commands(data: bytes) -> list[tuple[list[bytes], int, int]]:
    """Commands of a whole Redis client stream, arrays and inline: words, start, end. Stops at what is neither."""
    found, at = [], 0
    while at < len(data):
        start, end = at, data.find(b"\n", at)
        if end < 0:
            break
        line, at = data[start:end].rstrip(b"\r"), end + 1
        words = line.split()
        if line[:1] == b"*":
            words = []
            for _ in range(int(line[1:])):
                end = data.index(b"\r\n", at)
                if data[at : at + 1] != b"$" or not data[at + 1 : end].isdigit():
                    return found
                size = int(data[at + 1 : end])
                words.append(data[end + 2 : end + 2 + size])
                at = end + 2 + size + 2
        if words:
            found.append((words, start, at))
    return found


def resp_replies(data: bytes) -> list[tuple[int, int]]:
    """Ranges of the replies of a whole Redis server stream without streamed types."""
    found, at = [], 0
    while at < len(data):
        start = at
        at = _reply_end(data, at)
        found.append((start, at))
    return found


def _reply_end(data: bytes, at: int) -> int:
    end = data.index(b"\r\n", at)
    kind, rest = data[at : at + 1], data[at + 1 : end]
    at = end + 2
    if kind in b"$=!":
        return at if int(rest) < 0 else at + int(rest) + 2
    if kind in b"*~>%|":
        for _ in range(max(0, int(rest)) * (2 if kind in b"%|" else 1)):
            at = _reply_end(data, at)
    return _reply_end(data, at) if kind == b"|" else at
