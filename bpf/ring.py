"""A BPF ring buffer read in place, without a wake-up or a callback for each record.

The kernel maps three things: a page with the reader's position, a page with the writer's, and the data, twice in a row so
that no record is ever cut (Documentation/bpf/ringbuf.rst). A record begins with its length and two flags, and is padded to
8 bytes. Waking the reader for each would cost the traced process more than everything else, so the reader looks by itself.
"""

import mmap

PAGE = mmap.PAGESIZE
_BUSY, _DISCARDED = 1 << 31, 1 << 30  # flags of a record: not written yet, given up
_HEADER = 8
BLOCK = 4 << 20  # bytes taken at once; larger than any record


class Ring:
    """The reading end of a ring.

    Args:
        fd: The map's file descriptor.
        pages: Its size in pages, a power of two.
    """

    def __init__(self, fd: int, pages: int) -> None:
        self._size = pages * PAGE
        self._ours = mmap.mmap(fd, PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0)
        self._theirs = mmap.mmap(fd, PAGE + 2 * self._size, mmap.MAP_SHARED, mmap.PROT_READ, offset=PAGE)
        # One aligned store or load of 8 bytes each, as the kernel's side expects.
        self._consumed = memoryview(self._ours)[:8].cast("Q")
        self._produced = memoryview(self._theirs)[:8].cast("Q")
        self._data = memoryview(self._theirs)[PAGE:]

    @property
    def produced(self) -> int:
        """Where the writer is, in bytes since the ring was made."""
        return self._produced[0]

    @property
    def consumed(self) -> int:
        """Where the reader is, in bytes since the ring was made."""
        return self._consumed[0]

    @property
    def filled(self) -> float:
        """How full it is, 0 to 1."""
        return (self._produced[0] - self._consumed[0]) / self._size

    def read(self, until: int) -> tuple[bytes, list[int]]:
        """Take the next block of records.

        Args:
            until: Position of the writer up to which records are wanted.

        Returns:
            The block, and where in it each record's bytes begin; no record when nothing is ready.
        """
        begin = self._consumed[0]
        size = min(until - begin, BLOCK)
        if size <= 0:
            return b"", []
        at = begin & (self._size - 1)
        block = bytes(self._data[at : at + size])
        words = memoryview(block).cast("I")
        places: list[int] = []
        add = places.append
        place = 0
        while place < size:
            head = words[place >> 2]
            if head >= _DISCARDED:
                if head & _BUSY:
                    break
                place += (head & ~_DISCARDED) + _HEADER + 7 & ~7
                continue
            behind = place + (head + _HEADER + 7 & ~7)
            if behind > size:
                break
            add(place + _HEADER)
            place = behind
        words.release()
        if place:
            self._consumed[0] = begin + place
        return block, places

    def close(self) -> None:
        """Let go of the mapped memory."""
        for view in (self._consumed, self._produced, self._data):
            view.release()
        self._ours.close()
        self._theirs.close()
