"""The flows of a run: one per connection, found by the hash of its endpoints, and forgotten when idle."""

from collections import OrderedDict
from collections.abc import Iterator

from pxcap.core.connection import Connection
from pxcap.core.flows.tcp import Budget, TcpFlow
from pxcap.core.flows.udp import UdpFlow
from pxcap.core.pipeline import Pipeline
from pxcap.core.shedding import shed
from pxcap.core.vantage import Endpoint

SECOND = 1_000_000_000
IDLE_TCP = 600 * SECOND
IDLE_UDP = 60 * SECOND
IDLE_OVER = 5 * SECOND  # how long repetitions of a closed connection's last packets are expected
SWEEP = 10 * SECOND
MAX_FLOWS = 16384


class FlowTable:
    """All flows of a run.

    Attributes:
        evicted: Connections forgotten early because there were more than MAX_FLOWS at once.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.evicted = 0
        self._pipeline = pipeline
        self._flows: OrderedDict[int, TcpFlow | UdpFlow] = OrderedDict()
        self._budget = Budget()
        self._now = 0
        self._swept = 0
        self._level = 0

    def alive(self) -> Iterator[Connection]:
        """The connections that go on."""
        return (flow.connection for flow in self._flows.values() if not flow.over)

    def shed(self, level: int) -> None:
        """Leave out so many of 256 connections: they are counted, and not looked at; one that was left out stays so."""
        if level > self._level:
            for key, flow in self._flows.items():
                if not flow.over and shed(key, level):
                    flow.connection.give_up(flow.last)
        self._level = level

    def forget(self, now: int) -> None:
        """End idle flows, and the least recently used when there are too many; `now` is the newest packet's time in ns."""
        self._now = max(self._now, now)
        if self._now - self._swept > SWEEP:
            self._sweep()
        while len(self._flows) > MAX_FLOWS:
            _, flow = self._flows.popitem(last=False)
            if not flow.over:
                self.evicted += 1
                flow.finish(flow.last)

    def finish(self) -> None:
        """End every flow still open: the capture is over."""
        for flow in self._flows.values():
            if not flow.over:
                flow.finish(flow.last)
        self._flows.clear()

    @property
    def now(self) -> int:
        """Time of the newest packet, ns since the epoch."""
        return self._now

    def find(self, key: int) -> TcpFlow | UdpFlow | None:
        """The flow of that hash, marked as recently used."""
        flow = self._flows.get(key)
        if flow is not None:
            self._flows.move_to_end(key)
        return flow

    def open_tcp(self, key: int, ends: tuple[Endpoint, Endpoint], client: int | None, midstream: bool) -> TcpFlow:
        """Start a TCP flow in place of whatever had that hash."""
        old = self._flows.get(key)
        if old is not None and not old.over:
            old.finish(old.last)
        connection = Connection(self._pipeline, "tcp", ends, client, midstream)
        if shed(key, self._level):
            connection.give_up(self._now)
        flow = TcpFlow(connection, self._budget)
        self._flows[key] = flow
        self._flows.move_to_end(key)
        return flow

    def open_udp(self, key: int, ends: tuple[Endpoint, Endpoint], first: int) -> UdpFlow:
        """Start a UDP flow whose first datagram was sent in direction `first`."""
        connection = Connection(self._pipeline, "udp", ends, None, False)
        if shed(key, self._level):
            connection.give_up(self._now)
        connection.flip = first if connection.parser is None else connection.flip
        flow = UdpFlow(connection)
        self._flows[key] = flow
        return flow

    def _sweep(self) -> None:
        self._swept = self._now
        idle: list[int] = []
        for key, flow in self._flows.items():
            limit = IDLE_OVER if flow.over else IDLE_TCP if isinstance(flow, TcpFlow) else IDLE_UDP
            if self._now - flow.last > limit:
                idle.append(key)
        for key in idle:
            flow = self._flows.pop(key)
            if not flow.over:
                flow.finish(flow.last)
