"""Windows of events cut up by worker, and how they travel: columns as bytes, payload gathered.

All events of a connection go to one worker, in their order. So which worker that is follows from what names the
connection, and from nothing else.
"""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import numpy as np

from pxcap.core.flows.datagrams import DatagramWindow
from pxcap.core.flows.grouping import keys_of
from pxcap.core.flows.streams import StreamWindow
from pxcap.core.packets import FIN, I64, RST, SYN, PacketWindow
from pxcap.core.workers.shares import BUCKETS, Shares

Packed = list[Any]
"""The payload and the columns; msgpack can carry it."""

_SPREAD = 0x9E3779B97F4A7C15  # multiplier that spreads neighbouring numbers (Knuth, TAOCP 6.4)
_MASK = (1 << 64) - 1
_TOP = 64 - (BUCKETS - 1).bit_length()  # bits below those that tell the bucket
_STREAMS = {
    "time": "<i8",
    "stream": "<u8",
    "direction": "u1",
    "kind": "u1",
    "pos": "<i8",
    "size": "<i8",
    "length": "<i8",
}
_PACKETS = {
    "time": "<i8",
    "src_hi": "<u8",
    "src_lo": "<u8",
    "dst_hi": "<u8",
    "dst_lo": "<u8",
    "sport": "<u2",
    "dport": "<u2",
    "proto": "u1",
    "flags": "u1",
    "seq": "<u4",
    "ack": "<u4",
    "size": "<i8",
    "wire": "<i8",
    "ipid": "<u2",
    "tag": "<u4",
}


def bucket_of_stream(stream: int) -> int:
    """Into which bucket a stream of that number falls."""
    return (stream * _SPREAD & _MASK) >> _TOP


def split_streams(window: StreamWindow, shares: Shares) -> Iterator[tuple[int, int, Packed]]:
    """Give (worker, events, their window packed) for each worker that has a part in it."""
    buckets = (window.stream * np.uint64(_SPREAD)) >> np.uint64(_TOP)
    owners = shares.owners(buckets.astype(np.int64))
    for worker in range(shares.workers):
        places = np.flatnonzero(owners == worker)
        if len(places):
            yield worker, len(places), _pack(window, _STREAMS, places, window.length)


def split_packets(window: PacketWindow, shares: Shares) -> Iterator[tuple[int, int, Packed]]:
    """The same of packets, without those that only acknowledge: `distribute` makes nothing of them."""
    counts = np.flatnonzero((window.wire > 0) | ((window.flags & (SYN | FIN | RST)) != 0))
    buckets = (keys_of(window)[counts] >> np.uint64(1)) % np.uint64(BUCKETS)
    owners = shares.owners(buckets.astype(np.int64))
    for worker in range(shares.workers):
        places = counts[owners == worker]
        if len(places):
            yield worker, len(places), _pack(window, _PACKETS, places, window.size)


def split_datagrams(window: DatagramWindow, shares: Shares) -> Iterator[tuple[int, list[int], Packed]]:
    """The same of datagrams, with their places in the window instead of their number."""
    places: list[list[int]] = [[] for _ in range(shares.workers)]
    for place, key in enumerate(window.key):
        places[shares.owner(crc32(key) % BUCKETS)].append(place)
    for worker, chosen in enumerate(places):
        if chosen:
            parts = [window.buf[window.start[place] : window.end[place]] for place in chosen]
            columns = (window.time, window.key, window.direction, window.size)
            picked = [[column[place] for place in chosen] for column in columns]
            yield worker, chosen, [b"".join(parts), *picked, [len(part) for part in parts]]


def stream_window(packed: Packed) -> StreamWindow:
    """The window that `split_streams` packed; its payload lies in the order of its events."""
    columns = _columns(packed, _STREAMS)
    return StreamWindow(buf=packed[0], start=_starts(columns["length"]), **columns)


def packet_window(packed: Packed) -> PacketWindow:
    """The same of packets."""
    columns = _columns(packed, _PACKETS)
    return PacketWindow(buf=packed[0], start=_starts(columns["size"]), **columns)


def datagram_window(packed: Packed) -> DatagramWindow:
    """The same of datagrams."""
    payload, time, key, direction, size, length = packed
    start = _starts(np.array(length, np.int64))
    return DatagramWindow(payload, time, key, direction, size, start.tolist(), (start + length).tolist())


def _pack(window: StreamWindow | PacketWindow, layout: dict[str, str], places: I64, length: I64) -> Packed:
    buf, start = window.buf, window.start[places]
    ends = start + length[places]
    payload = b"".join([buf[a:b] for a, b in zip(start.tolist(), ends.tolist(), strict=True)])
    return [payload, *(getattr(window, name)[places].astype(kind).tobytes() for name, kind in layout.items())]


def _columns(packed: Packed, layout: dict[str, str]) -> dict[str, Any]:
    return {name: np.frombuffer(raw, kind) for raw, (name, kind) in zip(packed[1:], layout.items(), strict=True)}


def _starts(length: I64) -> I64:
    return np.cumsum(length) - length
