"""Tables of connections that live in workers: the calls are those of the tables themselves, and go through pipes."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import astuple

from pxcap.core.connection import Connection
from pxcap.core.flows.datagrams import DatagramWindow, Introduce
from pxcap.core.flows.streams import INSIDE, MAX_STREAMS, Closing, StreamWindow
from pxcap.core.flows.table import SWEEP
from pxcap.core.packets import PacketWindow
from pxcap.core.vantage import Endpoint, Vantage
from pxcap.core.workers.pool import Pool
from pxcap.core.workers.shares import Shares
from pxcap.core.workers.windows import bucket_of_stream, split_datagrams, split_packets, split_streams

Ends = tuple[Endpoint, Endpoint]


class RemoteStreams:
    """As `StreamTable`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._shares = Shares(pool.load)
        self._open: OrderedDict[int, tuple[Ends, Vantage]] = OrderedDict()
        self._inside: set[int] = set()

    @property
    def unknown(self) -> int:
        """Events of connections that were never announced."""
        return self._pool.unknown

    @property
    def evicted(self) -> int:
        """Connections and exchanges given up because there were too many at once."""
        return self._pool.evicted

    def open(self, stream: int, ends: Ends, client: int | None, seen: Vantage, quiet: bool = False) -> None:
        """Begin a connection."""
        self._open[stream] = ends, seen
        if len(self._open) > self._pool.size * MAX_STREAMS:
            self._inside.discard(self._open.popitem(last=False)[0])
        self._post(stream, ["open", stream, ends, client, astuple(seen), quiet], 1)

    def take(self, window: StreamWindow) -> None:
        """Hand a window's bytes to their connections."""
        if (entered := window.kind >= INSIDE).any():
            self._inside.update(window.stream[entered].tolist())
        for worker, events, packed in split_streams(window, self._shares):
            self._pool.post(worker, ["streams", packed], events)
        self._pool.flush()

    def close(self, stream: int, closing: Closing) -> None:
        """End a connection."""
        self._inside.discard(stream)
        if self._open.pop(stream, None) is not None:
            self._post(stream, ["close", stream, astuple(closing)], -1)

    def give_up(self, streams: Iterable[int]) -> None:
        """Look at no more bytes of these connections."""
        for stream in streams:
            self._post(stream, ["give up", [stream]])

    def measure(self, stream: int, retransmits: int, rtt: int | None) -> None:
        """Note what TCP knows of a connection."""
        self._post(stream, ["measure", stream, retransmits, rtt])

    def is_inside(self, stream: int) -> bool:
        """Whether what is read of a connection is the plain text inside TLS."""
        return stream in self._inside

    def dull(self) -> list[int]:
        """Connections of which no more bytes are needed."""
        self._pool.flush()
        self._pool.receive()
        return self._pool.dull()

    def watched(self) -> Iterator[tuple[int, Ends, Vantage]]:
        """The connections that go on: number, ends, process."""
        return ((stream, *about) for stream, about in self._open.items())

    def alive(self) -> Iterator[Connection]:
        """None are here."""
        return iter(())

    def finish(self) -> None:
        """The capture is over, for exchanges and flows as well."""
        self._open.clear()
        self._pool.post_all(["finish"])
        self._pool.flush()

    def _post(self, stream: int, message: list[object], opened: int = 0) -> None:
        self._pool.post(self._shares.owner(bucket_of_stream(stream)), message, opened=opened)


class RemoteDatagrams:
    """As `DatagramTable`, beside `RemoteStreams`, which ends and counts for both."""

    evicted = 0

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._shares = Shares(pool.load)
        self._swept = 0

    def take(self, window: DatagramWindow, introduce: Introduce) -> None:
        """Hand a window's datagrams to their exchanges."""
        for worker, places, packed in split_datagrams(window, self._shares):
            about: dict[bytes, tuple[Ends, tuple[object, ...]]] = {}
            for place in places:
                if (key := window.key[place]) not in about:
                    ends, seen = introduce(place)
                    about[key] = ends, astuple(seen)
            self._pool.post(worker, ["datagrams", packed, about], len(places))
        self._pool.flush()

    def sweep(self, now: int) -> None:
        """End what is idle."""
        if now - self._swept >= SWEEP:
            self._swept = now
            self._pool.post_all(["sweep", now])

    def alive(self) -> Iterator[Connection]:
        """None are here."""
        return iter(())

    def finish(self) -> None:
        """`RemoteStreams.finish` ends these, too."""


class RemoteFlows:
    """As `FlowTable`, with `distribute` as a method."""

    def __init__(self, pool: Pool) -> None:
        self.now = 0
        self._pool = pool
        self._shares = Shares(pool.load)
        self._evicted = pool.evicted
        self._swept = 0

    @property
    def evicted(self) -> int:
        """Connections forgotten early because there were too many at once."""
        return self._pool.evicted - self._evicted

    def take(self, window: PacketWindow) -> None:
        """Hand a window's packets to their flows."""
        if len(window):
            self.now = max(self.now, int(window.time.max()))
            for worker, events, packed in split_packets(window, self._shares):
                self._pool.post(worker, ["packets", packed], events)
            self._pool.flush()
        self._pool.receive()

    def forget(self, now: int) -> None:
        """End what is idle; `now` in ns since the epoch."""
        self.now = max(self.now, now)
        if self.now - self._swept >= SWEEP:
            self._swept = self.now
            self._pool.post_all(["forget", self.now])
            self._pool.flush()
        self._pool.receive()

    def shed(self, level: int) -> None:
        """Leave out so many of 256 connections."""
        self._pool.post_all(["shed", level])

    def alive(self) -> Iterator[Connection]:
        """None are here."""
        return iter(())

    def finish(self) -> None:
        """End every flow: the capture, or this file, is over."""
        self._pool.post_all(["finish"])
        self._pool.flush()
