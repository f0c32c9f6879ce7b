"""UDP written to a capture file.

What a process sends from a socket that is bound to no address does not say where it comes from. The answer does, so such
datagrams wait for it, within HELD_BYTES and IDLE_UDP. Between two processes of this machine each datagram is seen twice,
and written once: from the end that was met first.
"""

from collections import OrderedDict

from pxcap.bpf.saved.ends import End, Interfaces, both, is_loopback
from pxcap.bpf.saved.file import SaveFile
from pxcap.core.capture.synthesise import datagram
from pxcap.core.flows.datagrams import DatagramWindow, Introduce
from pxcap.core.flows.streams import RECEIVED, SENT
from pxcap.core.flows.table import IDLE_UDP, MAX_FLOWS, SWEEP
from pxcap.core.vantage import Endpoint

HELD_BYTES = 4 << 20
_ANYWHERE = ("0.0.0.0", "::")
_LOOPBACK = ("127.0.0.1", "::1")  # what the kernel chooses to send from to any loopback address
_Held = tuple[int, bytes, int]
"""Time, bytes, true size."""


class _Exchange:
    """What one socket exchanges with one peer."""

    __slots__ = ("end", "ends", "held", "interface", "last", "netns", "other")

    def __init__(self, ends: tuple[Endpoint, Endpoint], netns: int, interface: int) -> None:
        self.netns = netns
        self.interface = interface
        self.held: list[_Held] = []
        self.last = 0
        self.learn(ends)

    def learn(self, ends: tuple[Endpoint, Endpoint]) -> None:
        """Take the ends, this side's address perhaps known by now."""
        self.ends = ends
        self.end, self.other = both(ends, self.netns)

    @property
    def somewhere(self) -> bool:
        """Whether this side's address is known."""
        return self.ends[0][0] not in _ANYWHERE


class SavedDatagrams:
    """UDP exchanges on their way into a file."""

    def __init__(self, file: SaveFile, interfaces: Interfaces) -> None:
        self._file = file
        self._interfaces = interfaces
        self._exchanges: OrderedDict[bytes, _Exchange] = OrderedDict()
        self._owners: dict[End, bytes] = {}
        self._held = 0
        self._swept = 0

    def take(self, window: DatagramWindow, introduce: Introduce) -> None:
        """Write a window's datagrams; the arguments are those of `DatagramTable.take`."""
        if window.time and window.time[0] - self._swept >= SWEEP:
            self._sweep(window.time[0])
        for place, key in enumerate(window.key):
            direction = window.direction[place]
            exchange = self._exchanges.get(key)
            if exchange is None:
                exchange = self._meet(key, place, introduce)
            elif direction == RECEIVED and not exchange.somewhere:
                self._owners.pop(exchange.end, None)
                exchange.learn(introduce(place)[0])
            exchange.last = window.time[place]
            self._exchanges.move_to_end(key)
            one = window.time[place], window.buf[window.start[place] : window.end[place]], window.size[place]
            if direction == SENT and not exchange.somewhere and self._held + len(one[1]) <= HELD_BYTES:
                exchange.held.append(one)
                self._held += len(one[1])
            elif self._owns(key, exchange):
                self._release(exchange)
                self._put(exchange, direction, one)
            else:
                self._drop(exchange)

    def finish(self) -> None:
        """Write what still waits."""
        for key in list(self._exchanges):
            self._forget(key)

    def _meet(self, key: bytes, place: int, introduce: Introduce) -> _Exchange:
        ends, seen = introduce(place)
        (address, port), remote = ends
        if address in _ANYWHERE:
            at = ":" in remote[0]
            address = _LOOPBACK[at] if is_loopback(remote[0]) else _ANYWHERE[at]
        exchange = _Exchange(((address, port), remote), seen.netns, self._interfaces.number(seen.netns))
        self._exchanges[key] = exchange
        if len(self._exchanges) > MAX_FLOWS:
            self._forget(next(iter(self._exchanges)))
        return exchange

    def _owns(self, key: bytes, exchange: _Exchange) -> bool:
        """Whether this end is the one to be written: the other is not met, or is over."""
        if exchange.other in self._owners:
            return False
        self._owners[exchange.end] = key
        return True

    def _release(self, exchange: _Exchange) -> None:
        for one in exchange.held:
            self._put(exchange, SENT, one)
        self._drop(exchange)

    def _drop(self, exchange: _Exchange) -> None:
        self._held -= sum(len(payload) for _, payload, _ in exchange.held)
        exchange.held.clear()

    def _put(self, exchange: _Exchange, direction: int, one: _Held) -> None:
        time, payload, size = one
        source, target = exchange.ends[direction], exchange.ends[1 - direction]
        packet = datagram(source, target, payload, size)
        self._file.packet(exchange.interface, time, packet, len(packet) - len(payload) + size)

    def _sweep(self, now: int) -> None:
        self._swept = now
        for key, exchange in list(self._exchanges.items()):
            if now - exchange.last <= IDLE_UDP:
                break
            self._forget(key)

    def _forget(self, key: bytes) -> None:
        exchange = self._exchanges.pop(key)
        if self._owns(key, exchange):
            self._release(exchange)
        else:
            self._drop(exchange)
        if self._owners.get(exchange.end) == key:
            del self._owners[exchange.end]
