"""What the file formats hand to the packet decoder, and how either reads many headers at once.

A capture's records have no index: each only says where the next begins. Walking them in Python costs more than decoding
the packets, so `Chain` takes the places where a header could begin, found in bulk, and proves them: if every candidate
ends where the next one begins, and the first is known to be a record, then all of them are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pxcap.core.packets import I64, U32

PAD = bytes(192)
"""Zeros behind the bytes of a window, so that gathering headers near its end stays inside the buffer."""

MAX_RECORD = 16 << 20
"""Longest record or block accepted, in bytes; no capture tool's snap length is larger."""


class Damage(Exception):
    """The file makes no sense from here on.

    Args:
        message: What was found and what was expected.
        hint: What the person can do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class Records:
    """Packets of one stretch of a file, not looked into yet. All arrays have one length.

    Attributes:
        start: Index in the window of the packet's first byte.
        size: Captured bytes.
        wire: Bytes there were on the wire; never less than `size`.
        time: ns since the epoch.
        link: Link type (registry of the tcpdump group), of all packets or of each; -1 is an interface never described.
        tag: What `PacketWindow.tag` shall hold; None leaves it to what the link layer says.
    """

    start: I64
    size: I64
    wire: I64
    time: I64
    link: int | I64
    tag: U32 | None = None


def gather(buf: bytes, at: I64, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Copy the `dtype.itemsize` bytes at each offset, as structured rows.

    Offsets must be at most `len(buf) - dtype.itemsize`.
    """
    width = dtype.itemsize
    rows: npt.NDArray[Any] = np.ndarray((len(buf) - width + 1,), f"V{width}", buf, strides=(1,))
    return rows[at].view(dtype)


class Chain:
    """Proven runs of records among the places where one could begin.

    Args:
        candidates: Ascending offsets. They may lack records and hold what only looks like one.
        following: For each, where the record after it would begin.
    """

    def __init__(self, candidates: I64, following: I64) -> None:
        self._candidates = candidates
        self._following = following
        self._breaks = np.append(np.flatnonzero(following[:-1] != candidates[1:]), len(candidates) - 1)

    def take(self, at: int) -> tuple[I64, int]:
        """The records that follow each other without a break from `at`, where one is known to begin, and their end."""
        here = int(self._candidates.searchsorted(at))
        if here == len(self._candidates) or self._candidates[here] != at:
            return self._candidates[:0], at
        last = int(self._breaks[self._breaks.searchsorted(here)])
        return self._candidates[here : last + 1], int(self._following[last])
