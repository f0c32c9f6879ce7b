"""TCP connections written to a capture file as the packets that would have carried them.

A connection gets a handshake when its beginning was seen, bytes at their positions, so that what was not carried is a gap
in the sequence numbers, and an end. One that is held at both ends by processes of this machine is seen twice, and written
once: from the end that was met first. Plain text from inside TLS stands as if it had never been encrypted, under an
interface whose name says so.
"""

from collections import OrderedDict

from pxcap.bpf.saved.ends import End, Interfaces, both
from pxcap.bpf.saved.file import SaveFile
from pxcap.core.capture.synthesise import TcpPackets
from pxcap.core.flows.streams import END, MAX_STREAMS, RECEIVED, SENT, Closing, StreamWindow
from pxcap.core.vantage import Endpoint, Vantage

_SPREAD = 0x9E3779B97F4A7C15  # multiplier that spreads neighbouring numbers (Knuth, TAOCP 6.4)


class _Stream:
    """A connection of which packets are written."""

    __slots__ = ("client", "end", "ended", "interface", "packets")

    def __init__(self, end: End, client: int, interface: int, packets: TcpPackets) -> None:
        self.end = end
        self.client = client
        self.interface = interface
        self.packets = packets
        self.ended = [False, False]


class SavedStreams:
    """TCP connections on their way into a file. Those it was not told of are left out."""

    def __init__(self, file: SaveFile, interfaces: Interfaces) -> None:
        self._file = file
        self._interfaces = interfaces
        self._streams: OrderedDict[int, _Stream] = OrderedDict()
        self._owners: dict[End, int] = {}

    def open(self, stream: int, ends: tuple[Endpoint, Endpoint], client: int | None, seen: Vantage) -> None:
        """Begin a connection; the arguments are those of `StreamTable.open`."""
        here, there = both(ends, seen.netns)
        if there in self._owners:
            return
        if (before := self._owners.get(here)) is not None:  # word of its end was lost
            self._forget(before)
        self._owners[here] = stream
        first = client or 0
        mixed = stream * _SPREAD  # a port that is used again must not look like the same connection
        packets = TcpPackets(ends[first], ends[1 - first], (mixed >> 32 & 0xFFFFFFFF, mixed & 0xFFFFFFFF))
        known = _Stream(here, first, self._interfaces.number(seen.netns, seen.encrypted), packets)
        self._streams[stream] = known
        if seen.opened:
            self._put(known, seen.opened, packets.open())
        if len(self._streams) > MAX_STREAMS:
            self._forget(next(iter(self._streams)))

    def take(self, window: StreamWindow) -> None:
        """Write a window's bytes."""
        buf, streams = window.buf, self._streams
        for stream, time, direction, kind, pos, size, start, length in zip(
            window.stream.tolist(),
            window.time.tolist(),
            window.direction.tolist(),
            window.kind.tolist(),
            window.pos.tolist(),
            window.size.tolist(),
            window.start.tolist(),
            window.length.tolist(),
            strict=True,
        ):
            known = streams.get(stream)
            if known is None:
                continue
            way = direction ^ known.client
            if length:
                self._put(known, time, known.packets.data(way, pos, buf[start : start + length]))
            if kind == END and not known.ended[direction]:
                known.ended[direction] = True
                self._put(known, time, known.packets.close(way, pos + size))

    def close(self, stream: int, closing: Closing) -> None:
        """End a connection: each direction that goes on yet, or, where ours never ended, all of it by a reset."""
        known = self._streams.get(stream)
        if known is None:
            return
        self._forget(stream)
        if not known.ended[SENT]:
            self._put(known, closing.time, known.packets.reset(SENT ^ known.client))
            return
        for direction, pos in ((SENT, closing.sent), (RECEIVED, closing.received)):
            if not known.ended[direction]:
                self._put(known, closing.time, known.packets.close(direction ^ known.client, pos))

    def _put(self, stream: _Stream, time: int, packets: list[bytes]) -> None:
        for packet in packets:
            self._file.packet(stream.interface, time, packet)

    def _forget(self, stream: int) -> None:
        del self._owners[self._streams.pop(stream).end]
