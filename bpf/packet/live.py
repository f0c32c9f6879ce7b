"""Packets as a source of a live capture: from the ring to the flows."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pxcap.bpf.packet.source import Frames, PacketSource
from pxcap.core.capture.write import PcapngWriter
from pxcap.core.connection import Connection
from pxcap.core.flows.distribute import distribute
from pxcap.core.flows.table import FlowTable
from pxcap.core.pipeline import Pipeline


class PacketCapture:
    """What passes the interfaces of a `PacketSource`, which is closed in the end.

    Args:
        pipeline: Takes the connections.
        packets: Open, and read by nobody else.
        write: A pcapng file to write them to as well; None for none.

    Raises:
        CaptureError: The file cannot be written.
    """

    def __init__(self, pipeline: Pipeline, packets: PacketSource, write: Path | None = None) -> None:
        self._packets = packets
        self._flows = FlowTable(pipeline)
        self._file = PcapngWriter(write) if write else None
        self._numbers: dict[int, int] = {}  # of interfaces in the file
        self._lost: dict[str, int] = {}

    @property
    def now(self) -> int:
        """The present, ns since the epoch."""
        return time.time_ns()

    def poll(self) -> int:
        """Take the packets that are ready."""
        taken = 0
        while (frames := self._packets.frames(0)) is not None:
            taken += len(frames.interface)
            if self._file is not None:
                self._write(self._file, frames)
            window = self._packets.decode(frames)
            if window is not None:
                distribute(self._flows, window)
        self._flows.forget(self.now)
        return taken

    def alive(self) -> Iterator[Connection]:
        """The connections that go on."""
        return self._flows.alive()

    def losses(self) -> dict[str, int]:
        """Packets the kernel dropped, and packets of other kinds."""
        lost = dict(self._lost) if self._lost else self._counted()
        if self._flows.evicted:
            lost["connections given up because too many were open"] = self._flows.evicted
        return lost

    def shed(self, level: int) -> None:
        """Leave out so many of 256 new connections."""
        self._flows.shed(level)

    def finish(self) -> None:
        """Take what is left and end every connection."""
        self.poll()
        self._flows.finish()
        self._lost = self._counted()
        if self._file is not None:
            counts = self._packets.counts()
            for number in self._numbers.values():
                self._file.statistics(number, self.now, counts.received, counts.dropped)
            self._file.close()
        self._packets.close()

    def _write(self, file: PcapngWriter, frames: Frames) -> None:
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
