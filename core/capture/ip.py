"""IPv4 and IPv6 headers, read in bulk into columns; what needs a closer look is handed back."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from pxcap.core.capture.records import gather
from pxcap.core.packets import I64, TCP, U8, U16, U32, U64, UDP

MAPPED = 0xFFFF << 32
"""Low half of an IPv4 address as an IPv6 address, without it: ::ffff:0:0/96 (RFC 4291, section 2.5.5.2)."""

CUT, MALFORMED = "header cut short", "malformed"
"""Reasons to skip a packet: the snap length took a header's end away, or a header contradicts itself."""

HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60
EXTENSIONS = frozenset({HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, 135, 139, 140})
"""IPv6 extension headers whose length can be told (IANA; with mobility, HIP and shim6)."""

Where = slice | I64
"""Which packets of the columns a header reader fills."""

_V4 = np.dtype(
    {
        "names": ["version", "total", "id", "fragment", "protocol", "src", "dst"],
        "formats": ["u1", ">u2", ">u2", ">u2", "u1", ">u4", ">u4"],
        "offsets": [0, 2, 4, 6, 9, 12, 16],
        "itemsize": 20,
    }
)
_V6 = np.dtype(
    {
        "names": ["version", "length", "next", "src_hi", "src_lo", "dst_hi", "dst_lo"],
        "formats": ["u1", ">u2", "u1", ">u8", ">u8", ">u8", ">u8"],
        "offsets": [0, 4, 6, 8, 16, 24, 32],
        "itemsize": 40,
    }
)


class Columns:
    """What is known of each packet between its IP header and its transport header.

    Attributes:
        good: Whether the packet has come this far; the other columns mean nothing where it has not.
        l4: Index in the window where its IP payload begins.
        stop: Where the payload ended on the wire.
        have: Where what was captured of it ends.
        proto, ipid, src_hi, src_lo, dst_hi, dst_lo, tag: As in `pxcap.core.packets.PacketWindow`.
    """

    __slots__ = ("dst_hi", "dst_lo", "good", "have", "ipid", "l4", "proto", "src_hi", "src_lo", "stop", "tag")

    def __init__(self, count: int) -> None:
        self.good: npt.NDArray[np.bool_] = np.zeros(count, np.bool_)
        self.l4: I64 = np.zeros(count, np.int64)
        self.stop: I64 = np.zeros(count, np.int64)
        self.have: I64 = np.zeros(count, np.int64)
        self.proto: U8 = np.zeros(count, np.uint8)
        self.ipid: U16 = np.zeros(count, np.uint16)
        self.tag: U32 = np.zeros(count, np.uint32)
        self.src_hi: U64 = np.zeros(count, np.uint64)
        self.src_lo: U64 = np.zeros(count, np.uint64)
        self.dst_hi: U64 = np.zeros(count, np.uint64)
        self.dst_lo: U64 = np.zeros(count, np.uint64)


class HeaderReader:
    """Reads the IP headers of packets into columns.

    Args:
        skipped: Where to count, by reason, the packets that end here.
    """

    def __init__(self, skipped: Counter[str]) -> None:
        self._skipped = skipped

    def v4(self, buf: bytes, at: I64, end: I64, frame: I64, columns: Columns, where: Where) -> list[tuple[int, int]]:
        """Read IPv4 headers (RFC 791) with any options.

        Args:
            buf: The window.
            at: Where each header begins.
            end: Where each packet's captured bytes end.
            frame: Where they ended on the wire.
            columns: To be filled.
            where: Which of the columns' packets these are.

        Returns:
            Fragments, not good yet: index in the columns, and where the header begins.
        """
        rows = gather(buf, at, _V4)
        version = rows["version"]
        l4 = at + ((version & 15).astype(np.int64) << 2)
        total = rows["total"]
        stop = at + total
        if not total.all():  # segmentation offload: the length did not fit, or was not known yet
            stop = np.where(total == 0, frame, stop)
        good = (version >= 0x45) & (version < 0x50) & (l4 <= stop)
        good = self._judge(good, np.maximum(at + 20, l4) <= end)
        columns.good[where] = good
        columns.l4[where] = l4
        columns.stop[where] = stop
        columns.have[where] = np.minimum(stop, end)
        columns.proto[where] = rows["protocol"]
        columns.ipid[where] = rows["id"]
        columns.src_lo[where] = rows["src"] | np.uint64(MAPPED)
        columns.dst_lo[where] = rows["dst"] | np.uint64(MAPPED)
        fragment = rows["fragment"] & 0x3FFF  # more fragments, or an offset
        return _set_aside(good & (fragment != 0), at, columns, where) if fragment.any() else []

    def v6(self, buf: bytes, at: I64, end: I64, frame: I64, columns: Columns, where: Where) -> list[tuple[int, int]]:
        """Read IPv6 headers (RFC 8200); returns those with extension headers. Arguments as for `v4`."""
        rows = gather(buf, at, _V6)
        length = rows["length"]
        l4 = at + 40
        stop = l4 + length
        if not length.all():  # segmentation offload, or a jumbogram (RFC 2675)
            stop = np.where(length == 0, frame, stop)
        good = self._judge((rows["version"] >> 4 == 6) & (l4 <= stop), l4 <= end)
        following = rows["next"]
        columns.good[where] = good
        columns.l4[where] = l4
        columns.stop[where] = stop
        columns.have[where] = np.minimum(stop, end)
        columns.proto[where] = following
        for half in ("src_hi", "src_lo", "dst_hi", "dst_lo"):
            getattr(columns, half)[where] = rows[half]
        if ((following == TCP) | (following == UDP)).all():
            return []
        return _set_aside(good & np.isin(following, list(EXTENSIONS)), at, columns, where)

    def _judge(self, good: npt.NDArray[np.bool_], whole: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Count what is not whole, or whole but not good; returns what is both."""
        both = good & whole
        if not both.all():
            self._skipped[CUT] += int(np.count_nonzero(~whole))
            self._skipped[MALFORMED] += int(np.count_nonzero(whole & ~good))
        return both


def _set_aside(chosen: npt.NDArray[np.bool_], at: I64, columns: Columns, where: Where) -> list[tuple[int, int]]:
    slow = np.flatnonzero(chosen)
    index = slow if isinstance(where, slice) else where[slow]
    columns.good[index] = False
    return list(zip(index.tolist(), at[slow].tolist(), strict=True))
