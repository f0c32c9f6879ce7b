"""The classic capture file (draft-ietf-opsawg-pcap): a header of 24 bytes, then packets, each behind 16 bytes of its own."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from pxcap.core.capture.records import MAX_RECORD, Chain, Damage, Records, gather
from pxcap.core.packets import I64

HEADER_SIZE = 24
_KINDS = {  # magic: (ns in one unit of a packet's fraction, bytes of a packet's header)
    0xA1B2C3D4: (1000, 16),
    0xA1B23C4D: (1, 16),
    0xA1B2CD34: (1000, 24),  # Kuznetzov's patched libpcap: interface, protocol and packet type follow
}
_STRIDE = 1 << 17  # bytes looked at in one go; fresh memory for a whole window costs more than the looking
_WALK = 64  # records read one by one where a guess failed
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
        self._scratch = np.empty((2, _STRIDE), np.bool_)
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
        """Where the whole records of buf[pos:end] begin."""
        if not 0 < self._density < _DENSE:
            return np.array(self._walk(buf, pos, end, end)[0], np.int64)
        candidates = self._guess(buf, pos, end)
        following = candidates + self._header + gather(buf, candidates, self._row)["cap"]
        whole = following <= end
        chain = Chain(candidates[whole], following[whole])
        parts: list[I64] = []
        walked: list[int] = []
        while True:
            run, pos = chain.take(pos)
            parts.append(run)
            walked, pos = self._walk(buf, pos, end, _WALK)
            parts.append(np.array(walked, np.int64))
            if len(walked) < _WALK:
                return np.concatenate(parts)

    def _walk(self, buf: bytes, at: int, end: int, most: int) -> tuple[list[int], int]:
        """Offsets of at most so many whole records, one after the other, and where the next would begin."""
        header, length = self._header, self._length
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

    def _guess(self, buf: bytes, pos: int, end: int) -> I64:
        """Where a record may begin: its time as its neighbours' (to 18 hours), and no packet of 64 KiB or more."""
        count = end - pos - self._header + 1
        if count <= 0:
            return np.empty(0, np.int64)
        data = np.frombuffer(buf, np.uint8, count + 11, pos)
        high, low, zero, zeroer = (3, 2, 11, 10) if self._order == "<" else (0, 1, 8, 9)
        parts: list[I64] = []
        for at in range(0, count, _STRIDE):
            size = min(_STRIDE, count - at)
            fits, also = self._scratch[0, :size], self._scratch[1, :size]
            np.equal(data[at + high : at + high + size], data[high], out=fits)
            np.equal(data[at + low : at + low + size], data[low], out=also)
            np.logical_and(fits, also, out=fits)
            parts.append(np.flatnonzero(fits) + at)
        found: I64 = np.concatenate(parts)
        found = found[(data[found + zero] == 0) & (data[found + zeroer] == 0)]
        return found + pos
