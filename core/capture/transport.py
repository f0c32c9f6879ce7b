"""TCP and UDP headers, read in bulk: the last step from captured packets to a `PacketWindow`."""

from collections import Counter

import numpy as np

from pxcap.core.capture.ip import CUT, MALFORMED, Columns
from pxcap.core.capture.records import gather
from pxcap.core.packets import I64, TCP, UDP, PacketWindow

_HEADER = np.dtype(
    {
        "names": ["sport", "dport", "length", "seq", "ack", "offset", "flags"],
        "formats": [">u2", ">u2", ">u2", ">u4", ">u4", "u1", "u1"],
        "offsets": [0, 2, 4, 4, 8, 12, 13],  # UDP's length lies where TCP's sequence number begins
        "itemsize": 20,
    }
)
_TCP_SIZE, _UDP_SIZE = 20, 8
_NAMES = {
    1: "icmp",
    2: "igmp",
    4: "ip in ip",
    41: "ip in ip",
    47: "gre",
    50: "esp",
    58: "icmp6",
    59: "no payload",
    89: "ospf",
    103: "pim",
    112: "vrrp",
    132: "sctp",
}


def read_transport(buf: bytes, time: I64, columns: Columns, skipped: Counter[str]) -> PacketWindow | None:
    """Read the headers that the columns point to (RFC 9293, section 3.1; RFC 768); None when no packet is left.

    A TCP header whose options were cut short is still one: the packet's place in the stream is known.
    """
    l4, stop, have = columns.l4, columns.stop, columns.have
    tcp = columns.proto == TCP
    shortest = np.where(tcp, _TCP_SIZE, _UDP_SIZE)
    ours = tcp | (columns.proto == UDP)
    long_enough = stop - l4 >= shortest
    wanted = columns.good & ours & long_enough & (have - l4 >= shortest)
    if not wanted.all():
        good = columns.good
        for protocol in columns.proto[good & ~ours].tolist():
            skipped[_NAMES.get(protocol, f"ip protocol {protocol}")] += 1
        skipped[MALFORMED] += int(np.count_nonzero(good & ours & ~long_enough))
        skipped[CUT] += int(np.count_nonzero(good & ours & long_enough & ~wanted))
    pick: slice | I64 = slice(None) if wanted.all() else np.flatnonzero(wanted)
    l4, stop, have, tcp, proto = l4[pick], stop[pick], have[pick], tcp[pick], columns.proto[pick]
    rows = gather(buf, l4, _HEADER)
    header = (rows["offset"] >> 4).astype(np.int64) << 2
    seq, ack, flags = rows["seq"].astype(np.uint32), rows["ack"].astype(np.uint32), rows["flags"].astype(np.uint8)
    if not tcp.all():
        udp = ~tcp
        header[udp] = _UDP_SIZE
        seq[udp] = ack[udp] = flags[udp] = 0
        length = rows["length"].astype(np.int64)
        # 0 is a jumbogram or segmentation offload: the IP header's length counts.
        stop = np.where(udp & (length > 0), np.minimum(stop, l4 + length), stop)
    start = l4 + header
    sane = (header >= np.where(tcp, _TCP_SIZE, _UDP_SIZE)) & (start <= stop)
    have = np.minimum(have, stop)
    window = PacketWindow(
        buf=buf,
        time=time[pick],
        src_hi=columns.src_hi[pick],
        src_lo=columns.src_lo[pick],
        dst_hi=columns.dst_hi[pick],
        dst_lo=columns.dst_lo[pick],
        sport=rows["sport"].astype(np.uint16),
        dport=rows["dport"].astype(np.uint16),
        proto=proto,
        flags=flags,
        seq=seq,
        ack=ack,
        start=np.minimum(start, have),
        size=np.maximum(have - start, 0),
        wire=stop - start,
        ipid=columns.ipid[pick],
        tag=columns.tag[pick],
    )
    if not sane.all():
        skipped[MALFORMED] += len(sane) - int(np.count_nonzero(sane))
        window = PacketWindow(buf, *(getattr(window, name)[sane] for name in PacketWindow.__slots__[1:]))
    return window if len(window) else None
