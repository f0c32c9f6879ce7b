"""UDP from the kernel's sockets: each datagram says who sent it, and those between two endpoints are one connection."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from pxcap.core.connection import Connection
from pxcap.core.flows.table import IDLE_UDP, MAX_FLOWS, SWEEP
from pxcap.core.pipeline import Pipeline
from pxcap.core.stream import Chunk
from pxcap.core.vantage import Endpoint, Vantage


@dataclass(slots=True)
class DatagramWindow:
    """Datagrams in the order in which they were sent and received. All lists have one length.

    Attributes:
        buf: Bytes that `start` points into.
        time: ns since the epoch.
        key: Of each datagram, what is the same for all between two endpoints, and for no others.
        direction: SENT or RECEIVED, as the process sees it.
        size: Bytes it had.
        start, end: Where in `buf` its bytes lie; fewer than `size` when it was cut.
    """

    buf: bytes
    time: list[int]
    key: list[bytes]
    direction: list[int]
    size: list[int]
    start: list[int]
    end: list[int]

    def __len__(self) -> int:
        """How many datagrams."""
        return len(self.time)


Introduce = Callable[[int], tuple[tuple[Endpoint, Endpoint], Vantage]]
"""Gives the ends (this side's first) and the process of the datagram at a place in the window."""


class _Flow:
    __slots__ = ("connection", "last", "offsets")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.offsets = [0, 0]
        self.last = 0


class DatagramTable:
    """All UDP exchanges of a live capture; one that is idle for IDLE_UDP is over.

    Attributes:
        evicted: Exchanges given up because there were more than MAX_FLOWS at once.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.evicted = 0
        self.now = 0
        self._swept = 0
        self._pipeline = pipeline
        self._flows: OrderedDict[bytes, _Flow] = OrderedDict()

    def take(self, window: DatagramWindow, introduce: Introduce) -> None:
        """Hand a window's datagrams to their exchanges; one that is new is made with what `introduce` says of it."""
        runs: dict[bytes, list[int]] = {}
        for place, key in enumerate(window.key):
            runs.setdefault(key, []).append(place)
        for key, places in runs.items():
            flow = self._flows.get(key)
            if flow is None:
                ends, seen = introduce(places[0])
                connection = Connection(self._pipeline, "udp", ends, None, False, seen)
                if connection.parser is None:
                    connection.flip = window.direction[places[0]]  # who speaks first asks
                flow = self._flows[key] = _Flow(connection)
            self._flows.move_to_end(key)
            for direction in (flow.connection.flip, 1 - flow.connection.flip):
                one_way = [place for place in places if window.direction[place] == direction]
                if one_way:
                    _hand_on(flow, window, direction, one_way)
            flow.last = window.time[places[-1]]
        if window.time:
            self.now = max(self.now, window.time[-1])
        while len(self._flows) > MAX_FLOWS:
            _, old = self._flows.popitem(last=False)
            old.connection.finish(old.last, closed=False)
            self.evicted += 1

    def sweep(self, now: int) -> None:
        """End what is idle; `now` in ns since the epoch."""
        self.now = max(self.now, now)
        if self.now - self._swept < SWEEP:
            return
        self._swept = self.now
        for key in [key for key, flow in self._flows.items() if self.now - flow.last > IDLE_UDP]:
            flow = self._flows.pop(key)
            flow.connection.finish(flow.last, closed=False)

    def alive(self) -> Iterator[Connection]:
        """The exchanges that go on."""
        return (flow.connection for flow in self._flows.values())

    def finish(self) -> None:
        """The capture is over."""
        for flow in self._flows.values():
            flow.connection.finish(flow.last, closed=False)
        self._flows.clear()


def _hand_on(flow: _Flow, window: DatagramWindow, direction: int, places: list[int]) -> None:
    parts = [window.buf[window.start[place] : window.end[place]] for place in places]
    missing = [window.size[place] - len(part) for place, part in zip(places, parts, strict=True)]
    cut = {at: lack for at, lack in enumerate(missing) if lack > 0} or None
    if cut:
        flow.connection.lost[direction] += sum(cut.values())
    offset = flow.offsets[direction]
    starts = list(accumulate([len(part) for part in parts[:-1]], initial=offset))
    data = b"".join(parts)
    flow.offsets[direction] += len(data)
    flow.connection.data(direction, Chunk(data, offset, starts, [window.time[place] for place in places], cut))
