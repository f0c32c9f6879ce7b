"""The records of the rings as numpy and struct read them; their twins are in programs/socket.h."""

import struct
from typing import NamedTuple

import numpy as np

DATA, END, DATAGRAM, INSIDE, JOINED = 0, 1, 2, 3, 4  # kinds in the data ring
OPENED, CLOSED, EXECED, PROCESS = 1, 2, 3, 4  # kinds in the control ring
QUIET_TLS, QUIET_IGNORED = 1, 2
PLAINTEXT = 1 << 63  # set in the id of a connection of which the plain text inside TLS is ignored

COUNTERS = (
    "records the data ring had no room for",
    "bytes the data ring had no room for",
    "records the control ring had no room for",
    "buffers that could not be read",
    "datagrams without a sender",
    "records",
    "calls whose bytes are not visible (io_uring, sendfile, 32-bit programs)",
    "TLS calls whose connection could not be told",
)
RECORDS_LOST, BYTES_LOST, CONTROL_LOST, UNREADABLE, NO_PEER, EVENTS, INVISIBLE, NO_CARRIER = range(len(COUNTERS))

RECORD = np.dtype(
    [
        *(("time", "<u8"), ("id", "<u8"), ("pos", "<u8"), ("size", "<u4"), ("len", "<u4"), ("tgid", "<u4")),
        *(("kind", "u1"), ("dir", "u1"), ("pad", "<u2")),
    ]
)
PEER = struct.Struct("<HHHHII16s16s")  # family, local port, remote port, -, network namespace, -, remote, local
PEER_KEY = 32  # bytes of it that are the same for all datagrams between two endpoints


class Opened(NamedTuple):
    """A connection is announced, at the first bytes that its process moves; or, with id 0, a process that uses UDP."""

    tgid: int
    time: int
    id: int
    start: int
    opened: int
    cgroup: int
    uid: int
    netns: int
    family: int
    local_port: int
    remote_port: int
    role: int
    quiet: int
    args_size: int
    local: bytes
    remote: bytes
    comm: bytes
    args: bytes


class Closed(NamedTuple):
    """A connection is over."""

    tgid: int
    time: int
    id: int
    sent: int
    received: int
    plain_sent: int
    plain_received: int
    retransmits: int
    srtt: int


class Execed(NamedTuple):
    """A process became another program."""

    tgid: int
    time: int
    comm: bytes


Control = Opened | Closed | Execed
_KIND = struct.Struct("<I")
_OPENED = struct.Struct("<4xIQQQQQIIHHHBB4xI16s16s16s256s")
_CLOSED = struct.Struct("<4xIQQQQQQII")
_EXECED = struct.Struct("<4xIQ16s")


def is_shed(number: int, level: int) -> bool:
    """Whether a connection is left out at that level, as the kernel decides it."""
    return (number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) >> 56 < level


def control(block: bytes, at: int) -> Control | None:
    """The record of the control ring that lies at `at`; None for a kind that is not known."""
    (kind,) = _KIND.unpack_from(block, at)
    if kind == OPENED:
        return Opened._make(_OPENED.unpack_from(block, at))
    if kind == PROCESS:
        return Opened._make(_OPENED.unpack_from(block, at))._replace(id=0)
    if kind == CLOSED:
        return Closed._make(_CLOSED.unpack_from(block, at))
    if kind == EXECED:
        return Execed._make(_EXECED.unpack_from(block, at))
    return None
