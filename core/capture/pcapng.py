"""The pcapng capture file (draft-ietf-opsawg-pcapng): sections of blocks, each with its type and its length.

Packets are taken in runs. A run ends where what describes the packets changes: at a section, at an interface, at another
kind of packet block. So what a packet means never depends on where a window of the file ended.
"""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from pxcap.core.capture.interfaces import Interface, read_interface
from pxcap.core.capture.records import MAX_RECORD, Chain, Damage, Records, gather
from pxcap.core.packets import I64

MAGIC = b"\x0a\x0d\x0d\x0a"
HEADER_SIZE = 12
"""Bytes that tell a section header's byte order; no block is shorter."""

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_DATA = {_OLD_PACKET: 28, _SIMPLE: 12, _ENHANCED: 28}  # where in its block a packet begins
_TRAILER = 4
_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_MAX_INTERFACES = 65536
_NOT_DESCRIBED = Interface(-1)
_COPY = "copy the file again, or capture again"


class Pcapng:
    """Reads one file, window after window. See `pxcap.core.capture.formats.Format`."""

    def __init__(self) -> None:
        self.packets = 0
        self.pos = 0
        self.need = HEADER_SIZE
        self._order = "<"
        self._row = _row("<")
        self._interfaces: list[Interface] = []
        self._last_time = 0
        self._kind = 0
        self._run: list[I64] = []

    def records(self, buf: bytes, pos: int, end: int) -> Iterator[Records]:
        """The whole packets in buf[pos:end], run by run.

        Raises:
            Damage: When a block's length cannot be, or the version of a section is not known.
        """
        try:
            yield from self._blocks(buf, pos, end)
        except Damage:
            yield from self._flush(buf)
            raise

    def _blocks(self, buf: bytes, pos: int, end: int) -> Iterator[Records]:
        chains: dict[int, Chain] = {}
        while pos + HEADER_SIZE <= end:
            block, length = self._head(buf, pos)
            if pos + length > end:
                break
            if block in _DATA:
                if block != self._kind:
                    yield from self._flush(buf)
                    self._kind = block
                if block not in chains:
                    chains[block] = self._chain(buf, pos, end, block)
                found, after = chains[block].take(pos)
                if after == pos:
                    raise Damage(f"packet {self.packets + 1} does not fit its block of {length} bytes", _COPY)
                self._run.append(found)
                self.packets += len(found)
                pos = after
                continue
            if block in (_SECTION, _INTERFACE):
                yield from self._flush(buf)
                if self._describe(block, buf[pos + 8 : pos + length - _TRAILER]):
                    chains = {}
            pos += length
        yield from self._flush(buf)
        self.pos = pos
        self.need = max(HEADER_SIZE, self._head(buf, pos)[1] if pos + HEADER_SIZE <= end else 0)

    def cut(self, rest: bytes) -> str:
        """What to say of bytes at the end that are no whole block."""
        if len(rest) < HEADER_SIZE:
            return f"the last block is cut short in its header ({len(rest)} of {HEADER_SIZE} bytes)"
        block, length = self._head(rest, 0)
        data = _DATA.get(block, 0)
        if not data:
            return f"the last block is cut short ({len(rest)} of {length} bytes)"
        number = self.packets + 1
        if len(rest) < data:
            return f"packet {number} is cut short in its header ({len(rest)} of {data} bytes)"
        size = self._size(block, rest, length)
        if len(rest) - data >= size:
            return f"packet {number} is cut short behind its data ({len(rest)} of {length} bytes of its block)"
        return f"packet {number} is cut short ({len(rest) - data} of {size} bytes)"

    def _head(self, buf: bytes, pos: int) -> tuple[int, int]:
        """Type and length of a block of which 12 bytes are there."""
        block, length = struct.unpack_from(self._order + "II", buf, pos)
        if block == _SECTION:
            order = _ORDERS.get(buf[pos + 8 : pos + 12])
            if order is None:
                raise Damage(f"a section begins with byte-order magic {buf[pos + 8 : pos + 12].hex()}", _COPY)
            length = struct.unpack_from(order + "I", buf, pos + 4)[0]
        if length < HEADER_SIZE or length % 4 or length > MAX_RECORD:
            where = f"the block after packet {self.packets}" if self.packets else "a block before any packet"
            raise Damage(f"{where} claims {length} bytes, expected a multiple of 4 up to {MAX_RECORD}", _COPY)
        return block, length

    def _describe(self, block: int, body: bytes) -> bool:
        """Take in a section or an interface; whether what was found of the window's packets has to be found anew."""
        if block == _INTERFACE:
            if len(body) < 8 or len(self._interfaces) == _MAX_INTERFACES:
                raise Damage(f"interface {len(self._interfaces)} of a section cannot be", _COPY)
            self._interfaces.append(read_interface(body, self._order))
            return False
        if len(body) < 16:
            raise Damage(f"a section header has {len(body) + HEADER_SIZE} bytes, expected 28 or more", _COPY)
        order = _ORDERS[body[:4]]
        major, minor = struct.unpack_from(order + "HH", body, 4)
        if major != 1:
            raise Damage(f"pcapng version is {major}.{minor}, expected 1.0", "convert it: editcap -F pcapng OLD NEW")
        self._order, self._row = order, _row(order)
        self._interfaces = []
        return True

    def _size(self, block: int, head: bytes, length: int) -> int:
        """Captured bytes of a packet."""
        if block != _SIMPLE:
            size: int = struct.unpack_from(self._order + "I", head, 20)[0]
            return size
        wire: int = struct.unpack_from(self._order + "I", head, 8)[0]
        return min(wire, self._snaplen(), length - HEADER_SIZE - _TRAILER)

    def _snaplen(self) -> int:
        return (self._interfaces[0].snaplen if self._interfaces else 0) or MAX_RECORD

    def _chain(self, buf: bytes, pos: int, end: int, block: int) -> Chain:
        """Find, from a block on, what may be others of its type."""
        words = np.frombuffer(buf, self._order + "u4", (end - pos) // 4, pos)
        candidates = np.flatnonzero(words == block) * 4 + pos
        rows = gather(buf, candidates, self._row)
        length = rows["length"].astype(np.int64)
        room = length - _DATA[block] - _TRAILER
        fits = (candidates + length <= end) & (length % 4 == 0) & (room >= 0)
        if block != _SIMPLE:
            fits &= rows["cap"] <= room
        return Chain(candidates[fits], (candidates + length)[fits])

    def _flush(self, buf: bytes) -> Iterator[Records]:
        """End the run: all its packets mean what was described before them."""
        if not self._run:
            return
        block, at = self._kind, np.concatenate(self._run)
        self._run = []
        rows = gather(buf, at, self._row)
        if block == _SIMPLE:
            packets = self._simple(at, rows)
        else:
            ids = rows["interface" if block == _ENHANCED else "old"]
            units = rows["high"].astype(np.uint64) << np.uint64(32) | rows["low"]
            size = rows["cap"].astype(np.int64)
            time, link = self._seen(ids, units)
            packets = Records(at + _DATA[block], size, np.maximum(size, rows["wire"]), time, link)
        self._last_time = int(packets.time[-1])
        yield packets

    def _simple(self, at: I64, rows: Any) -> Records:
        """Simple packets: of the first interface, and with no time of their own."""
        wire = rows["interface"].astype(np.int64)
        size = np.minimum(np.minimum(wire, self._snaplen()), rows["length"].astype(np.int64) - HEADER_SIZE - _TRAILER)
        link = self._interfaces[0].link if self._interfaces else -1
        return Records(at + _DATA[_SIMPLE], size, wire, np.full(len(at), self._last_time, np.int64), link)

    def _seen(self, ids: Any, units: Any) -> tuple[I64, int | I64]:
        """Time and link type of packets, by their interfaces."""
        first = int(ids[0])
        if (ids == first).all():
            only = self._interfaces[first] if first < len(self._interfaces) else _NOT_DESCRIBED
            return only.time(units), only.link
        time, link = np.empty(len(ids), np.int64), np.empty(len(ids), np.int64)
        for number in np.unique(ids).tolist():
            mine = ids == number
            seen = self._interfaces[number] if number < len(self._interfaces) else _NOT_DESCRIBED
            time[mine], link[mine] = seen.time(units[mine]), seen.link
        return time, int(link[0]) if (link == link[0]).all() else link


def _row(order: str) -> "np.dtype[Any]":
    """The beginning of a packet block; a simple one's length on the wire lies where the others' interface does."""
    u2, u4 = order + "u2", order + "u4"
    names = ["length", "interface", "old", "high", "low", "cap", "wire"]
    offsets = [4, 8, 8, 12, 16, 20, 24]
    return np.dtype({"names": names, "formats": [u4, u4, u2, u4, u4, u4, u4], "offsets": offsets, "itemsize": 28})
