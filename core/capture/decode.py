"""From captured packets to `PacketWindow`: link layer, IP and transport, each for a whole stretch of packets at once.

Only fragments and IPv6 extension headers are looked at one by one. What they lead to (another offset; for a datagram put
together, an offset behind the window's own bytes) goes back into the same columns, so capture order is kept.
"""

from collections import Counter

import numpy as np

from pxcap.core.capture import link as links
from pxcap.core.capture.fragments import Fragments
from pxcap.core.capture.ip import AUTHENTICATION, CUT, EXTENSIONS, FRAGMENT, MALFORMED, Columns, HeaderReader, Where
from pxcap.core.capture.records import PAD, Records
from pxcap.core.capture.transport import read_transport
from pxcap.core.packets import PacketWindow

_MAX_EXTENSIONS = 16
_KINDS = {
    links.CUT: CUT,
    0x0806: "arp",
    0x8035: "arp",
    0x8847: "mpls",
    0x8848: "mpls",
    0x888E: "eapol",
    0x88CC: "lldp",
}


class Decoder:
    """Decodes a capture's packets, one stretch after the other; keeps only fragments between them.

    Attributes:
        skipped: Packets that carry neither TCP nor UDP, or not enough of it, by reason.
    """

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self._headers = HeaderReader(self.skipped)
        self._fragments = Fragments()
        self._extra: list[bytes] = []
        self._extra_at = 0

    def decode(self, buf: bytes, packets: Records) -> PacketWindow | None:
        """The TCP and UDP packets among them; None when there are none.

        Args:
            buf: The window, with `PAD` behind it.
            packets: Where its packets are.
        """
        columns = Columns(len(packets.start))
        if packets.tag is not None:
            columns.tag = packets.tag
        if isinstance(packets.link, int):
            slow = self._network(buf, packets, packets.link, columns, slice(None))
        else:
            slow = []
            for link in np.unique(packets.link).tolist():
                where = np.flatnonzero(packets.link == link)
                some = Records(packets.start[where], packets.size[where], packets.wire[where], packets.time, link)
                slow += self._network(buf, some, link, columns, where)
        if slow:
            buf = self._walk_all(buf, sorted(slow), packets, columns)
        window = read_transport(buf, packets.time, columns, self.skipped)
        self._count_lost()
        return window

    def finish(self) -> None:
        """Count the fragments that still wait: there will be no others."""
        self._fragments.finish()
        self._count_lost()

    def _network(
        self, buf: bytes, packets: Records, link: int, columns: Columns, where: Where
    ) -> list[tuple[int, int, int]]:
        """Fill the columns for packets of one link type; returns the rest: index, offset of the header, version."""
        located = links.locate(buf, link, packets)
        if located is None:
            self.skipped[f"link type {link}" if link >= 0 else "interface not described"] += len(packets.start)
            return []
        at, kind, tag = located
        if tag is not None:
            columns.tag[where] = tag
        end, frame = packets.start + packets.size, packets.start + packets.wire
        slow: list[tuple[int, int, int]] = []
        read = 0
        for version, ethertype, reader in ((4, links.IPV4, self._headers.v4), (6, links.IPV6, self._headers.v6)):
            mine = np.flatnonzero(kind == ethertype)
            read += len(mine)
            if len(mine) == len(at):
                aside = reader(buf, at, end, frame, columns, where)
            elif len(mine):
                place = mine if isinstance(where, slice) else where[mine]
                aside = reader(buf, at[mine], end[mine], frame[mine], columns, place)
            else:
                continue
            slow += [(index, offset, version) for index, offset in aside]
        if read < len(at):
            for value in kind[(kind != links.IPV4) & (kind != links.IPV6)].tolist():
                self.skipped[_KINDS.get(value, "not IP")] += 1
        return slow

    def _walk_all(self, buf: bytes, slow: list[tuple[int, int, int]], packets: Records, columns: Columns) -> bytes:
        self._extra = []
        self._extra_at = len(buf)
        for index, at, version in slow:
            reason = self._walk(buf, index, at, version, int(packets.time[index]), columns)
            if reason:
                self.skipped[reason] += 1
        extra, self._extra = self._extra, []
        return b"".join((buf, *extra, PAD)) if extra else buf

    def _walk(self, buf: bytes, index: int, at: int, version: int, time: int, c: Columns) -> str:
        """Follow one packet's fragments and extension headers; returns why that failed, if it did."""
        l4, stop, have, proto = int(c.l4[index]), int(c.stop[index]), int(c.have[index]), int(c.proto[index])
        key = (
            int(c.src_hi[index]),
            int(c.src_lo[index]),
            int(c.dst_hi[index]),
            int(c.dst_lo[index]),
            int(c.tag[index]),
        )
        base = 0  # where, in the window to be, `buf` begins
        fragment: tuple[int, int, int, bool] | None = None  # next protocol, identification, offset, more to come
        if version == 4:
            word = int.from_bytes(buf[at + 6 : at + 8], "big")
            fragment = proto, int(c.ipid[index]) | proto << 16, (word & 0x1FFF) << 3, bool(word & 0x2000)
        for _ in range(_MAX_EXTENSIONS):
            if fragment is None:
                if version == 4 or proto not in EXTENSIONS:
                    break
                if l4 + 8 > have:
                    return CUT if have < stop else MALFORMED
                following, size = buf[l4], (buf[l4 + 1] + 1) * 8
                if proto == AUTHENTICATION:  # RFC 4302, section 2.2: in words of 4 bytes, minus 2
                    size = (buf[l4 + 1] + 2) * 4
                elif proto == FRAGMENT:
                    size = 8
                    word = int.from_bytes(buf[l4 + 2 : l4 + 4], "big")
                    if word & 0xFFF9:
                        ident = int.from_bytes(buf[l4 + 4 : l4 + 8], "big")
                        fragment = following, ident, word & 0xFFF8, bool(word & 1)
                l4 += size
                proto = following
                if l4 > have:
                    return CUT if have < stop else MALFORMED
            else:
                following, ident, offset, more = fragment
                whole = self._fragments.add(
                    (version, ident, key), time, offset, more, stop - l4, buf[l4:have], following
                )
                if whole is None:
                    return ""
                buf, base, fragment = whole.data, self._extra_at, None
                self._extra.append(buf)
                self._extra_at += len(buf)
                l4, stop, have, proto = 0, whole.wire, len(buf), whole.protocol
        else:
            return MALFORMED
        c.l4[index], c.stop[index], c.have[index] = base + l4, base + stop, base + have
        c.proto[index], c.good[index] = proto, True
        return ""

    def _count_lost(self) -> None:
        if self._fragments.lost:
            self.skipped["fragment without the others"] += self._fragments.lost
            self._fragments.lost = 0
