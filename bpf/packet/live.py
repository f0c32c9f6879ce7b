"""Packets as a source of a live capture: from the ring to the flows."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from pxcap.bpf.packet.ring import RETIRE_MS
from pxcap.bpf.packet.source import Frames, PacketSource
from pxcap.bpf.saved.file import SaveFile
from pxcap.core.connection import Connection
from pxcap.core.errors import CaptureError
from pxcap.core.flows.distribute import distribute
from pxcap.core.flows.table import FlowTable
from pxcap.core.pipeline import Pipeline

if TYPE_CHECKING:
    from pxcap.core.workers.remote import RemoteFlows

_WINDOWS = 16  # taken in one round; where packets come faster than they are taken, the loop must go on all the same
_LAST = 3 * RETIRE_MS / 1000  # seconds after which the kernel has given away what passed before the end


class PacketCapture:
    """What passes the interfaces of a `PacketSource`, which is closed in the end.

    Args:
        pipeline: Takes the connections.
        packets: Open, and read by nobody else.
        file: A capture file to write them to as well; None for none.
        flows: Where they go; None: connections live here, and feed `pipeline`.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        packets: PacketSource,
        file: SaveFile | None = None,
        flows: "RemoteFlows | None" = None,
    ) -> None:
        self._packets = packets
        self._flows = flows or FlowTable(pipeline)
        self._file = file
        self._numbers: dict[int, int] = {}  # of interfaces in the file
        self._lost: dict[str, int] | None = None  # once it is over
        self.filled = 0.0

    @property
    def now(self) -> int:
        """The present, ns since the epoch."""
        return time.time_ns()

    def poll(self) -> int:
        """Take the packets that are ready."""
        taken = 0
        turns = self._packets.turns
        for _ in range(_WINDOWS):
            frames = self._packets.frames(0)
            if frames is None:
                break
            taken += self._take(frames)
        self.filled = self._packets.turns - turns
        if self._file is not None:
            self._file.flush()
        self._flows.forget(self.now)
        return taken

    def alive(self) -> Iterator[Connection]:
        """The connections that go on."""
        return self._flows.alive()

    def losses(self) -> dict[str, int]:
        """Packets the kernel dropped, and packets of other kinds."""
        lost = self._counted() if self._lost is None else dict(self._lost)
        if self._flows.evicted:
            lost["connections given up because too many were open"] = self._flows.evicted
        if self._file is not None:
            lost |= self._file.losses()
        return lost

    def shed(self, level: int) -> None:
        """Leave out so many of 256 new connections."""
        self._flows.shed(level)

    def finish(self) -> int:
        """Take what is left and end every connection."""
        taken = 0
        end = time.monotonic() + _LAST
        with suppress(CaptureError):  # the interface is gone; what came before is kept
            while (left := end - time.monotonic()) > 0:
                frames = self._packets.frames(left)
                if frames is not None:
                    taken += self._take(frames)
            taken += self.poll()  # what the kernel let go of while the last ones were taken
        self._flows.finish()
        self._lost = self._counted()
        if self._file is not None:
            counts = self._packets.counts()
            for number in self._numbers.values():
                self._file.statistics(number, self.now, counts.received, counts.dropped)
            self._file.close()
        self._packets.close()
        return taken

    def _take(self, frames: Frames) -> int:
        """Hand packets on; gives how many they were."""
        if self._file is not None:
            self._write(self._file, frames)
        window = self._packets.decode(frames)
        if window is not None:
            if isinstance(self._flows, FlowTable):
                distribute(self._flows, window)
            else:
                self._flows.take(window)
        return len(frames.interface)

    def _write(self, file: SaveFile, frames: Frames) -> None:
        for index in np.unique(frames.interface).tolist():
            if index not in self._numbers:
                self._numbers[index] = file.interface(self._packets.name(index), self._packets.link)
        numbers = np.array([self._numbers[index] for index in frames.interface.tolist()], np.int64)
        file.packets(frames.buf, frames.packets, numbers)

    def _counted(self) -> dict[str, int]:
        counts = self._packets.counts()
        lost = {f"packets skipped: {reason}": count for reason, count in self._packets.skipped.items()}
        if counts.dropped:
            lost["packets the kernel dropped"] = counts.dropped
        return lost
