"""From a link-layer header to the network layer: where it begins, which EtherType it has, and where it was seen.

Link types are numbered as in the registry of the tcpdump group (tcpdump.org/linktypes.html).
"""

from collections.abc import Callable

import numpy as np

from pxcap.core.capture.records import Records, gather
from pxcap.core.packets import I64, U32

IPV4, IPV6 = 0x0800, 0x86DD
CUT, UNKNOWN = -1, -2  # in place of an EtherType: the header was cut short; nothing that carries IP
MAX_TAGS = 4

_ETHERNET = np.dtype({"names": ["type"], "formats": [">u2"], "offsets": [12], "itemsize": 14})
_SLL = np.dtype({"names": ["packet", "type"], "formats": [">u2", ">u2"], "offsets": [0, 14], "itemsize": 16})
_SLL2 = np.dtype(
    {"names": ["type", "index", "packet"], "formats": [">u2", ">u4", "u1"], "offsets": [0, 4, 10], "itemsize": 20}
)
_TAG = np.dtype([("type", ">u2")])
_BYTES4 = np.dtype([("b0", "u1"), ("b1", "u1"), ("b2", "u1"), ("b3", "u1")])
_PPPOE = np.dtype({"names": ["protocol"], "formats": [">u2"], "offsets": [6], "itemsize": 8})

_VLAN = (0x8100, 0x88A8, 0x9100)
_PPPOE_SESSION = 0x8864
_PPP_IPV4, _PPP_IPV6 = 0x0021, 0x0057

Located = tuple[I64, I64, "U32 | None"]
"""Offset of the network layer, EtherType (or CUT, UNKNOWN), and what `PacketWindow.tag` shall hold."""


def locate(buf: bytes, link: int, packets: Records) -> Located | None:
    """Find the network layer of packets that all have one link type; None when the type is not known."""
    reader = _READERS.get(link)
    if reader is None:
        return None
    at, kind, tag = reader(buf, packets.start)
    end = packets.start + packets.size
    _unwrap(buf, at, kind, end)
    over = at >= end
    if over.any():
        kind[over] = CUT
        at[over] = packets.start[over]
    return at, kind, tag


def _unwrap(buf: bytes, at: I64, kind: I64, end: I64) -> None:
    """Step over VLAN tags and PPPoE, in place."""
    for _ in range(MAX_TAGS):
        tagged = np.flatnonzero((kind == _VLAN[0]) | (kind == _VLAN[1]) | (kind == _VLAN[2]))
        tagged = tagged[at[tagged] + 4 <= end[tagged]]
        if not len(tagged):
            break
        kind[tagged] = gather(buf, at[tagged] + 2, _TAG)["type"]
        at[tagged] += 4
    session = np.flatnonzero(kind == _PPPOE_SESSION)
    if len(session):
        kind[session] = _of_ppp(gather(buf, at[session], _PPPOE)["protocol"].astype(np.int64))
        at[session] += 8


def _ethernet(buf: bytes, start: I64) -> Located:
    return start + 14, gather(buf, start, _ETHERNET)["type"].astype(np.int64), None


def _sll(buf: bytes, start: I64) -> Located:
    rows = gather(buf, start, _SLL)
    return start + 16, rows["type"].astype(np.int64), rows["packet"].astype(np.uint32)


def _sll2(buf: bytes, start: I64) -> Located:
    rows = gather(buf, start, _SLL2)
    tag = rows["index"].astype(np.uint32) << np.uint32(8) | rows["packet"]
    return start + 20, rows["type"].astype(np.int64), tag


def _raw(buf: bytes, start: I64) -> Located:
    version = gather(buf, start, _BYTES4)["b0"] >> 4
    return start.copy(), np.where(version == 4, IPV4, np.where(version == 6, IPV6, UNKNOWN)), None


def _null(buf: bytes, start: I64) -> Located:
    """BSD loopback: the address family in the byte order of the machine that captured, which need not be the file's."""
    rows = gather(buf, start, _BYTES4)
    little = (rows["b2"] == 0) & (rows["b3"] == 0)
    family = np.where(little, rows["b0"] + (rows["b1"].astype(np.int64) << 8), rows["b3"])
    family[~little & ((rows["b0"] != 0) | (rows["b1"] != 0))] = 0
    v6 = (family == 24) | (family == 28) | (family == 30) | (family == 10)  # NetBSD, FreeBSD, Darwin, Linux
    return start + 4, np.where(family == 2, IPV4, np.where(v6, IPV6, UNKNOWN)), None


def _ppp(buf: bytes, start: I64) -> Located:
    """PPP (RFC 1661), with or without the address and control bytes of HDLC framing (RFC 1662)."""
    rows = gather(buf, start, _BYTES4)
    framed = (rows["b0"] == 0xFF) & (rows["b1"] == 0x03)
    at = start + np.where(framed, 4, 2)
    return at, _of_ppp(gather(buf, at - 2, _TAG)["type"].astype(np.int64)), None


def _of_ppp(protocol: I64) -> I64:
    return np.where(protocol == _PPP_IPV4, IPV4, np.where(protocol == _PPP_IPV6, IPV6, UNKNOWN))


def _only(kind: int) -> Callable[[bytes, I64], Located]:
    return lambda buf, start: (start.copy(), np.full(len(start), kind, np.int64), None)


_READERS: dict[int, Callable[[bytes, I64], Located]] = {
    0: _null,
    1: _ethernet,
    9: _ppp,
    12: _raw,  # LINKTYPE_RAW as some BSDs number it
    14: _raw,
    50: _ppp,
    101: _raw,
    108: _null,
    113: _sll,
    228: _only(IPV4),
    229: _only(IPV6),
    276: _sll2,
}
