"""A ring as the kernel lays it out, in a file in memory: two pages of positions, then the data, which is mapped twice."""

import mmap
import os
import struct

from pxcap.bpf.ring import PAGE, Ring

BUSY, DISCARDED = 1 << 31, 1 << 30


class FakeRing:
    """The kernel's side. The data stands in the file twice, as one page cannot lie at two places of a file."""

    def __init__(self, pages: int) -> None:
        self.size = pages * PAGE
        self.fd = os.memfd_create("ring", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, 2 * PAGE + 2 * self.size)
        self._file = mmap.mmap(self.fd, 2 * PAGE + 2 * self.size)
        self.produced = 0
        self.ring = Ring(self.fd, pages)

    def put(self, data: bytes, flags: int = 0) -> int:
        """Append a record; gives its position. There must be room."""
        at = self.produced
        record = (struct.pack("<II", len(data) | flags, 0) + data).ljust(8 + len(data) + 7 & ~7, b"\0")
        assert at + len(record) - self.consumed <= self.size, "the ring is full"
        self._write(at, record)
        self.advance(len(record))
        return at

    def commit(self, at: int, length: int) -> None:
        """A record that was busy is so no more."""
        self._write(at, struct.pack("<I", length))

    def advance(self, by: int) -> None:
        """Move the writer's position."""
        self.produced += by
        self._file[PAGE : PAGE + 8] = struct.pack("<Q", self.produced)

    @property
    def consumed(self) -> int:
        """The reader's position, as the kernel sees it."""
        return int(struct.unpack_from("<Q", self._file)[0])

    def close(self) -> None:
        self.ring.close()
        self._file.close()
        os.close(self.fd)

    def _write(self, at: int, data: bytes) -> None:
        for offset, byte in enumerate(data):
            place = 2 * PAGE + (at + offset) % self.size
            self._file[place] = self._file[place + self.size] = byte
