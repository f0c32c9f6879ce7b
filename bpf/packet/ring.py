"""A TPACKET_V3 ring: memory shared with the kernel, which fills it with packets, block by block.

A block goes to the reader when it is full, or `RETIRE_MS` after its first packet. So a reader that falls behind under
light load loses packets once it is late by that time for every block: blocks are as small as the largest packet allows.
See linux/if_packet.h and Documentation/networking/packet_mmap.rst.
"""

import errno
import mmap
import select
import socket
import struct
from itertools import repeat

import numpy as np

from pxcap.core.capture.records import PAD
from pxcap.core.errors import CaptureError
from pxcap.core.packets import I64

BLOCK = 512 << 10
"""Bytes of a block. No packet can be longer: offloaded ones have up to 64 KiB, with IPv6's jumbo option up to 256 KiB."""
RETIRE_MS = 50

HEADER = np.dtype(
    {
        "names": ["sec", "nsec", "size", "wire", "mac", "interface", "packet"],
        "formats": ["u4", "u4", "u4", "u4", "u2", "i4", "u1"],
        "offsets": [4, 8, 12, 16, 24, 52, 58],
        "itemsize": 64,
    }
)
"""What the kernel puts before a packet: struct tpacket3_hdr, and from 48 on struct sockaddr_ll."""

_SOL_PACKET = 263
_RX_RING, _STATISTICS, _VERSION = 5, 6, 10
_TPACKET_V3 = 2
_FRAME = 2048  # the kernel wants one to be named; packets of a block follow each other without regard to it
_STATUS, _PACKETS, _FIRST, _USED = 2, 3, 4, 5  # 32-bit words of a block's header
_USER = 1


class Ring:
    """The ring of one packet socket.

    Attributes:
        received: Packets that passed the socket's filter and were put in the ring, as of the last `count`.
        dropped: Those that found it full.
        turns: How many times all of its blocks have been taken.
    """

    def __init__(self, packets: socket.socket, mib: int) -> None:
        """Make it; the socket must have its filter, for what comes from now on is kept.

        Args:
            packets: An AF_PACKET socket; it stays the caller's.
            mib: Size in MiB.

        Raises:
            CaptureError: The kernel refuses, most likely for want of memory.
        """
        self._socket = packets
        blocks = (mib << 20) // BLOCK
        request = struct.pack("7I", BLOCK, blocks, _FRAME, blocks * (BLOCK // _FRAME), RETIRE_MS, 0, 0)
        try:
            packets.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
            packets.setsockopt(_SOL_PACKET, _RX_RING, request)
            self._map = mmap.mmap(packets.fileno(), blocks * BLOCK)
        except OSError as err:
            raise _refused(err, mib) from err
        self._bytes = memoryview(self._map)
        self._words = self._bytes.cast("I")
        self._blocks = blocks
        self._next = 0
        self.turns = 0.0
        self._poll = select.poll()
        self._poll.register(packets, select.POLLIN)
        self.received = self.dropped = 0
        self.count()
        self.received = self.dropped = 0  # what came before the ring went to the socket's queue, unfiltered

    def wait(self, timeout: float) -> None:
        """Wait until a block is ready, or so many seconds."""
        if not self._words[self._next * BLOCK // 4 + _STATUS] & _USER:
            self._poll.poll(max(0.0, timeout) * 1000)

    def take(self, most: int) -> tuple[bytes, I64]:
        """Copy the blocks that are ready and give them back to the kernel; never waits.

        Args:
            most: Bytes after which no further block is taken.

        Returns:
            The bytes, with `PAD` behind them, and where each packet's `HEADER` begins; the packet lies `mac` bytes on.
        """
        words = self._words
        parts: list[memoryview] = []
        starts: list[tuple[int, int]] = []  # of each block: where in the bytes its first header is, and its packets
        taken: list[int] = []
        size = 0
        while size < most and len(taken) < self._blocks:
            word = self._next * BLOCK // 4
            if not words[word + _STATUS] & _USER:
                break
            used = words[word + _USED]
            parts.append(self._bytes[word * 4 : word * 4 + used])
            starts.append((size + words[word + _FIRST], words[word + _PACKETS]))
            size += used
            taken.append(word + _STATUS)
            self._next = (self._next + 1) % self._blocks
        buf = b"".join((*parts, PAD))
        for part in parts:
            part.release()
        for status in taken:
            words[status] = 0
        self.turns += len(taken) / self._blocks
        return buf, _walk(buf, starts)

    def count(self) -> None:
        """Bring `received` and `dropped` up to date."""
        packets, dropped, _ = struct.unpack("3I", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 12))
        self.received += packets - dropped
        self.dropped += dropped

    def close(self) -> None:
        """Give the memory back; what was not taken is lost."""
        self._words.release()
        self._bytes.release()
        self._map.close()


def _walk(buf: bytes, starts: list[tuple[int, int]]) -> I64:
    """Follow the headers of each block: they begin with the distance to the next one."""
    following = struct.Struct("I").unpack_from
    found: list[int] = []
    add = found.append
    for at, packets in starts:
        for _ in repeat(None, packets):
            add(at)
            at += following(buf, at)[0]
    return np.array(found, np.int64)


def _refused(err: OSError, mib: int) -> CaptureError:
    if err.errno in (errno.ENOMEM, errno.ENOBUFS):
        return CaptureError(f"the kernel has no memory for a ring of {mib} MiB", "ask for a smaller one")
    return CaptureError(f"the kernel refused a ring of {mib} MiB ({(err.strerror or str(err)).lower()})")
