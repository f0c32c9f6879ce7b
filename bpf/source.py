"""Live capture from the kernel's sockets: rings in, connections with their processes out.

The order matters. The writer's position of the data ring is noted first, then all control records are taken, then the
data up to that position: so no bytes come before their connection was announced. A connection that was closed is ended
when whatever it moved before has been read.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pxcap.bpf.processes import Process, ProcessTable
from pxcap.bpf.program import Choice, Program, load
from pxcap.bpf.records import (
    COUNTERS,
    DATAGRAM,
    PEER,
    PEER_KEY,
    PLAINTEXT,
    QUIET_TLS,
    RECORD,
    Closed,
    Execed,
    Opened,
    control,
    is_shed,
)
from pxcap.bpf.ring import BLOCK
from pxcap.bpf.roles import Roles
from pxcap.bpf.saved.sockets import SavedSockets
from pxcap.bpf.sockets import tcp_info
from pxcap.bpf.tls import TlsLibraries
from pxcap.core.connection import Connection
from pxcap.core.flows.datagrams import DatagramTable, DatagramWindow
from pxcap.core.flows.streams import Closing, StreamTable, StreamWindow
from pxcap.core.pipeline import Pipeline
from pxcap.core.starved import since_here
from pxcap.core.vantage import Endpoint, Vantage

if TYPE_CHECKING:
    from pxcap.core.workers.remote import RemoteDatagrams, RemoteStreams

_TICKS = os.sysconf("SC_CLK_TCK")
_SECOND = 1_000_000_000
_MEASURED = 2000  # connections that may be open for their round-trip times to be asked for: 0.1 ms each
_SPACES = 16  # network namespaces asked at once
_MET = 65536  # processes known to have been told of
_FINISH = 0.8  # seconds on a processor for what is still in the ring in the end; what is left then is counted as lost
_LAST = 0.02  # seconds for calls that are under way in the end: the peer may have the bytes before the call is told of
_BEAT = 0.005  # seconds between two looks at a record that a processor is in the middle of
_CLOCK_STEP = 1_000_000  # ns: the clocks are compared at each round, and believed when they differ by more


class SocketSource:
    """What processes send and receive, by BPF programs.

    Attributes:
        saved: Written to as well, from when it is set; None for none.

    Args:
        pipeline: Takes the connections.
        choice: What the programs are made for.
        met: Told of each process once, when its first connection is met.
        tell: Told in one line of what cannot be read inside TLS, with what that means.
        tables: Where connections and datagrams go; None: they live here, and feed `pipeline`.

    Raises:
        CaptureError: The programs cannot be loaded.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        choice: Choice,
        met: Callable[[Process], None] = lambda _: None,
        tell: Callable[[str, str], None] = lambda *_: None,
        tables: "tuple[RemoteStreams, RemoteDatagrams] | None" = None,
    ) -> None:
        self.processes = ProcessTable()
        self.tls = TlsLibraries(lambda name: self.program.function(name), tell) if choice.tls else None
        self.program: Program = load(choice)
        here = StreamTable(pipeline), DatagramTable(pipeline)
        self._streams: StreamTable | RemoteStreams = tables[0] if tables else here[0]
        self._datagrams: DatagramTable | RemoteDatagrams = tables[1] if tables else here[1]
        self._roles = Roles()
        self._met = met
        self._known: set[str] = set()
        self._closing: deque[tuple[int, list[Closed]]] = deque()  # with the position that what they moved lies before
        self._shed = 0
        self._leaving: tuple[int, list[int]] = (0, [])  # connections left out once the data ring is read so far
        self._before = 0, 0  # positions of the data ring's writer and reader when the last round began
        self.filled = 0.0
        self._lost: dict[str, int] | None = None  # once it is over
        self._clock = time.time_ns() - time.monotonic_ns()
        self._in_time: Callable[[], bool] = lambda: True  # else nothing more is read
        self._unread = 0
        self.execed: Callable[[Execed], None] = lambda _: None
        self.saved: SavedSockets | None = None

    @property
    def now(self) -> int:
        """The present, ns since the epoch."""
        return time.monotonic_ns() + self._clock

    def poll(self) -> int:
        """Take what has come since the last time, a block of it at most; gives how many records.

        So while much waits, what is to be left out is decided in between, and need not be read to its end.
        """
        return self._poll(self.program.data.consumed + BLOCK)

    def _poll(self, most: float = float("inf")) -> int:
        """The same up to a position of the data ring."""
        clock = time.time_ns() - time.monotonic_ns()
        if abs(clock - self._clock) > _CLOCK_STEP:
            self._clock = clock
        data, announced = self.program.data, self.program.control
        self.filled = max(self._pressure(), announced.filled)
        until, told = int(min(data.produced, most)), announced.produced
        if closing := self._take_control(told):
            self._closing.append((data.produced, closing))
        taken = 0
        # Else a processor is in the middle of a record, and data has to wait for it; or the end is near.
        while announced.consumed >= told and self._in_time():
            block, places = data.read(until)
            if not places:
                break
            taken += len(places)
            self._take(block, np.array(places, np.int64))
        self._leave_out_if_read()
        while self._closing and data.consumed >= self._closing[0][0]:
            for over in self._closing.popleft()[1]:
                self._close(over)
        self._datagrams.sweep(self.now)
        if self.tls is not None:
            self.tls.poll(time.monotonic())
        dull = self._streams.dull()
        if self.saved is not None and not self.saved.file.failed:
            self.saved.file.flush()  # and every connection is of use
        elif dull:
            self.program.ignore([number | PLAINTEXT if self._streams.is_inside(number) else number for number in dull])
        return taken

    def alive(self) -> Iterator[Connection]:
        """The connections that go on, with what TCP knows of them by now."""
        self._measure()
        return chain(self._streams.alive(), self._datagrams.alive())

    def losses(self) -> dict[str, int]:
        """What was lost or could not be seen, by name; only what is not nothing."""
        lost = self._counted() if self._lost is None else dict(self._lost)
        if self._streams.unknown:
            lost["records of connections never announced"] = self._streams.unknown
        if evicted := self._streams.evicted + self._datagrams.evicted:
            lost["connections given up because too many were open"] = evicted
        if self.saved is not None:
            lost |= self.saved.file.losses()
        return lost

    def shed(self, level: int) -> None:
        """Leave out so many of 256 connections: the kernel new ones, and here those that are open already.

        What the ring holds of these is read yet, unless more must be left out before it is.
        """
        self.program.shed(level)
        if level > self._shed:
            self._leave_out()
            chosen = [number for number, *_ in self._streams.watched() if is_shed(number, level)]
            self.program.ignore([*chosen, *(number | PLAINTEXT for number in chosen)])
            self._leaving = self.program.data.produced, chosen
            self._leave_out_if_read()
        self._shed = level

    def finish(self) -> int:
        """Take what is left, end every connection and detach."""
        begun, lacked = time.monotonic(), since_here()
        self._in_time = lambda: time.monotonic() < begun + _FINISH + lacked()
        taken = self._poll()
        time.sleep(_LAST)
        data, announced = self.program.data, self.program.control
        until, told = data.produced, announced.produced
        taken += self._poll()  # what was closed in the first round ends in the second
        while (data.consumed < until or announced.consumed < told) and self._in_time():
            time.sleep(_BEAT)
            taken += self._poll()
        self._unread = max(0, until - data.consumed)
        self._measure()
        self._streams.finish()
        self._datagrams.finish()
        if self.saved is not None:
            self.saved.finish()
        if self.tls is not None:
            self.tls.close()
        self._lost = self._counted()
        self.program.close()
        return taken

    def _pressure(self) -> float:
        """How full the data ring is; while it drains, only what came since the last round: no more need be left out."""
        data = self.program.data
        now = data.produced, data.consumed
        (came, taken), waits = (now[0] - self._before[0], now[1] - self._before[1]), now[0] - now[1]
        self._before = now
        return data.filled * came / waits if came < taken and waits else data.filled

    def _leave_out_if_read(self) -> None:
        if self.program.data.consumed >= self._leaving[0]:
            self._leave_out()

    def _leave_out(self) -> None:
        self._streams.give_up(self._leaving[1])
        self._leaving = 0, []

    def _measure(self) -> None:
        """Ask the kernel for the round-trip times and repetitions of the connections that go on, by namespace."""
        watched = list(self._streams.watched())
        if len(watched) > _MEASURED:
            return
        spaces: dict[int, list[tuple[int, tuple[Endpoint, Endpoint], int]]] = {}
        for number, ends, seen in watched:
            if seen.upid:
                spaces.setdefault(seen.netns, []).append((number, ends, int(seen.upid.split(":")[1])))
        for connections in islice(spaces.values(), _SPACES):
            known = tcp_info(min(pid for *_, pid in connections))
            for number, ends, _ in connections:
                if (info := known.get((*ends[0], *ends[1]))) is not None:
                    self._streams.measure(number, info.retransmits, info.rtt_ns)

    def _counted(self) -> dict[str, int]:
        """What the programs counted of what they could not tell."""
        lost = {name: count for name, count in zip(COUNTERS, self.program.counters(), strict=True) if count}
        lost.pop("records", None)
        if self._unread:
            lost["bytes of the data ring that there was no time to read"] = self._unread
        return lost

    def _take_control(self, until: int) -> list[Closed]:
        ring = self.program.control
        closing: list[Closed] = []
        while True:
            block, places = ring.read(until)
            if not places:
                return closing
            for place in places:
                record = control(block, place)
                if isinstance(record, Opened):
                    self._open(record)
                elif isinstance(record, Closed):
                    closing.append(record)
                elif isinstance(record, Execed):
                    self.execed(record)
                    if self.tls is not None and self.program.wants(record.tgid):
                        self.tls.began(record.tgid, time.monotonic())

    def _take(self, block: bytes, places: npt.NDArray[np.int64]) -> None:
        raw = np.frombuffer(block, np.uint8)
        heads = raw[places[:, None] + np.arange(RECORD.itemsize)].view(RECORD)[:, 0]
        is_datagram = heads["kind"] == DATAGRAM
        if is_datagram.any():
            self._take_datagrams(block, places[is_datagram], heads[is_datagram])
            heads, places = heads[~is_datagram], places[~is_datagram]
        if not len(heads):
            return
        window = StreamWindow(
            block,
            heads["time"].astype(np.int64) + self._clock,
            heads["id"],
            heads["dir"],
            heads["kind"],
            heads["pos"].astype(np.int64),
            heads["size"].astype(np.int64),
            places + RECORD.itemsize,
            heads["len"].astype(np.int64),
        )
        if self.saved is not None:
            self.saved.streams.take(window)
        self._streams.take(window)

    def _take_datagrams(self, block: bytes, places: npt.NDArray[np.int64], heads: npt.NDArray[np.void]) -> None:
        at: list[int] = (places + RECORD.itemsize).tolist()
        start = [place + PEER.size for place in at]
        ids = heads["id"].tobytes()
        keys = [ids[8 * i : 8 * i + 8] + block[place : place + PEER_KEY] for i, place in enumerate(at)]
        tgids: list[int] = heads["tgid"].tolist()

        def introduce(which: int) -> tuple[tuple[Endpoint, Endpoint], Vantage]:
            family, local_port, remote_port, _, netns, _, remote, local = PEER.unpack_from(block, at[which])
            ends = ((_address(family, local), local_port), (_address(family, remote), remote_port))
            return ends, Vantage(self._upid(tgids[which], None), netns)

        window = DatagramWindow(
            block,
            (heads["time"].astype(np.int64) + self._clock).tolist(),
            keys,
            heads["dir"].tolist(),
            heads["size"].tolist(),
            start,
            (np.array(start) + heads["len"]).tolist(),
        )
        if self.saved is not None:
            self.saved.datagrams.take(window, introduce)
        self._datagrams.take(window, introduce)

    def _open(self, record: Opened) -> None:
        upid = self._upid(record.tgid, record.start * _TICKS // _SECOND, record)
        if not record.id:
            return
        ends = (
            (_address(record.family, record.local), record.local_port),
            (_address(record.family, record.remote), record.remote_port),
        )
        opened = record.opened + self._clock if record.opened else 0
        tls = record.quiet == QUIET_TLS
        seen = Vantage(upid, record.netns, tls, opened)
        client = {1: 0, 2: 1}.get(record.role)
        if client is None:
            client = self._roles.client(ends, record.netns, record.tgid)
        if self.tls is not None:
            self.tls.opened(record.tgid, tls, time.monotonic())
        self._streams.open(record.id, ends, client, seen, quiet=bool(record.quiet))
        if self.saved is not None and (self.tls if tls else not record.quiet):
            self.saved.streams.open(record.id, ends, client, seen)

    def _close(self, over: Closed) -> None:
        when, rtt = over.time + self._clock, over.srtt * 1000 or None
        besides = max(over.sent - over.plain_sent, 0), max(over.received - over.plain_received, 0)
        closing = Closing(when, over.plain_sent, over.plain_received, over.retransmits, rtt, besides)
        if self.tls is not None and any(besides) and not self._streams.is_inside(over.id):
            self.tls.opened(over.tgid, True, time.monotonic())  # it turned to TLS after its first bytes
        self._streams.close(over.id, closing)
        if self.saved is not None:
            self.saved.streams.close(over.id, closing)

    def _upid(self, tgid: int, start: int | None, record: Opened | None = None) -> str:
        """The process's upid, telling of it when it is new; one that has ended is known by what the kernel kept."""
        process = self.processes.get(tgid, start)
        if record is not None and (process is None or not process.cmdline):
            process = self.processes.ended(
                record.tgid, record.start, record.uid, record.comm, record.args[: record.args_size]
            )
        if process is None:
            return ""
        if process.upid not in self._known:
            if len(self._known) >= _MET:
                self._known.clear()  # those that go on are told of once more
            self._known.add(process.upid)
            self._met(process)
        return process.upid


def _address(family: int, raw: bytes) -> str:
    if family == 2:
        return f"{raw[0]}.{raw[1]}.{raw[2]}.{raw[3]}"
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)
