"""The classic capture file (draft-ietf-opsawg-pcap): a header of 24 bytes, then packets, each behind 16 bytes of its own."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from pxcap.core.capture.records import MAX_RECORD, Damage, Records, chain, gather
from pxcap.core.packets import I64

HEADER_SIZE = 24
_KINDS = {  # magic: (ns in one unit of a packet's fraction, bytes of a packet's header)
    0xA1B2C3D4: (1000, 16),
    0xA1B23C4D: (1, 16),
    0xA1B2CD34: (1000, 24),  # Kuznetzov's patched libpcap: interface, protocol and packet type follow
}
_DENSE = 600  # bytes a record, on average, below which guessing records in bulk beats walking them


def is_pcap(head: bytes) -> bool:
    """Whether a file that begins so is of this format; wants 4 bytes."""
    return int.from_bytes(head[:4], "big") in _KINDS or int.from_bytes(head[:4], "little") in _KINDS


class Pcap:
    """Reads one file, window after window.

    Attributes:
        packets: Packets found so far.
        pos: Where the first byte not consumed lies, after `records`.
        need: Bytes from there that complete the next record, as far as is known.
    """

    def __init__(self, head: bytes) -> None:
        """Read the file's header.

        Args:
            head: The file's first 24 bytes.

        Raises:
            Damage: When the version is not 2.4, the only one written since 1998.
        """
        self._order = "<" if int.from_bytes(head[:4], "little") in _KINDS else ">"
        magic, major, minor, _, _, _, link = struct.unpack(self._order + "IHHIIII", head[:HEADER_SIZE])
        if (major, minor) != (2, 4):
            raise Damage(f"pcap version is {major}.{minor}, expected 2.4", "convert it: editcap -F pcapng OLD NEW")
        self._unit, self._header = _KINDS[magic]
        self._link = link & 0xFFFF  # above it: length of the frame check sequence
        self._length = struct.Struct(self._order + "I").unpack_from
        u4 = self._order + "u4"
        self._row: np.dtype[Any] = np.dtype([("sec", u4), ("frac", u4), ("cap", u4), ("wire", u4)])
        self._density = 0
        self.packets = 0
        self.pos = HEADER_SIZE
        self.need = self._header

    def records(self, buf: bytes, pos: int, end: int) -> Iterator[Records]:
        """The whole packets in buf[pos:end], at most one `Records`.

        Raises:
            Damage: When the next packet's size is beyond any bound.
        """
        at = self._find(buf, pos, end)
        if len(at):
            rows = gather(buf, at, self._row)
            size = rows["cap"].astype(np.int64)
            time = rows["sec"].astype(np.int64) * 1_000_000_000 + rows["frac"].astype(np.int64) * self._unit
            self.pos = int(at[-1] + size[-1]) + self._header
            self._density = (self.pos - pos) // len(at)
            self.packets += len(at)
            yield Records(at + self._header, size, np.maximum(size, rows["wire"]), time, self._link)
        else:
            self.pos = pos
        self.need = self._header
        if self.pos + self._header <= end:
            size_next = self._length(buf, self.pos + 8)[0]
            if size_next > MAX_RECORD:
                raise Damage(f"packet {self.packets + 1} claims {size_next} bytes, at most {MAX_RECORD} are believed")
            self.need += size_next

    def cut(self, rest: bytes) -> str:
        """What to say of bytes at the end that are no whole packet."""
        number = self.packets + 1
        if len(rest) < self._header:
            return f"packet {number} is cut short in its header ({len(rest)} of {self._header} bytes)"
        return f"packet {number} is cut short ({len(rest) - self._header} of {self.need - self._header} bytes)"

    def _find(self, buf: bytes, pos: int, end: int) -> I64:
        header, length = self._header, self._length

        def walk(at: int, most: int) -> tuple[list[int], int]:
            found: list[int] = []
            add = found.append
            last = end - header
            while at <= last and most:
                after = at + header + length(buf, at + 8)[0]
                if after > end:
                    break
                add(at)
                at = after
                most -= 1
            return found, at

        if not 0 < self._density < _DENSE:
            return np.array(walk(pos, end)[0], np.int64)
        # A record's time begins as its neighbours' do (to 18 hours), and no frame has 64 KiB.
        candidates = pos + self._guess(np.frombuffer(buf, np.uint8, max(end - pos - header + 12, 0), pos))
        following = candidates + gather(buf, candidates, self._row)["cap"] + header
        whole = following <= end
        return chain(pos, candidates[whole], following[whole], walk)

    def _guess(self, data: Any) -> I64:
        high, low, zero, zeroer = (3, 2, 11, 10) if self._order == "<" else (0, 1, 8, 9)
        count = len(data) - 11
        if count <= 0:
            return np.empty(0, np.int64)
        fits = data[high : high + count] == data[high]
        fits &= data[low : low + count] == data[low]
        fits &= data[zero : zero + count] == 0
        fits &= data[zeroer : zeroer + count] == 0
        return np.flatnonzero(fits)
