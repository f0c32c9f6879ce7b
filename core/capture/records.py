"""What the file formats hand to the packet decoder, and how either reads many headers at once.

A capture's records have no index: each only says where the next begins. Walking them in Python costs more than decoding
the packets, so `chain` takes the places where a header could begin, found in bulk, and proves them: if every candidate
ends where the next one begins, and the first is known to be a record, then all of them are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pxcap.core.packets import I64

PAD = bytes(192)
"""Zeros behind the bytes of a window, so that gathering headers near its end stays inside the buffer."""

MAX_RECORD = 16 << 20
"""Longest record or block accepted, in bytes; no capture tool's snap length is larger."""

_WALK = 64


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
    """

    start: I64
    size: I64
    wire: I64
    time: I64
    link: int | I64


def gather(buf: bytes, at: I64, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Copy the `dtype.itemsize` bytes at each offset, as structured rows.

    Offsets must be at most `len(buf) - dtype.itemsize`.
    """
    width = dtype.itemsize
    rows: npt.NDArray[Any] = np.ndarray((len(buf) - width + 1,), f"V{width}", buf, strides=(1,))
    return rows[at].view(dtype)


def chain(first: int, candidates: I64, following: I64, walk: Callable[[int, int], tuple[list[int], int]]) -> I64:
    """Offsets of the records from `first` on, as far as they are whole.

    Args:
        first: Where a record is known to begin.
        candidates: Ascending offsets where a record may begin. They may lack records and hold others' bytes.
        following: For each candidate, where the record after it would begin.
        walk: Reads records one by one: from an offset, at most so many; returns their offsets and where it stopped.
            It stops early at the end of what is whole.
    """
    parts: list[I64] = []
    breaks = np.append(np.flatnonzero(following[:-1] != candidates[1:]), len(candidates) - 1)
    at = first
    while True:
        here = int(candidates.searchsorted(at))
        if here < len(candidates) and candidates[here] == at:
            last = int(breaks[breaks.searchsorted(here)])
            parts.append(candidates[here : last + 1])
            at = int(following[last])
        walked, after = walk(at, _WALK)
        if not walked:
            break
        parts.append(np.array(walked, np.int64))
        at = after
        if len(walked) < _WALK:
            break
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
