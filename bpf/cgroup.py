"""Programs attached to the root of the control groups (version 2): they run for every process, and only for their event."""

import os
import re
import struct
from pathlib import Path

from pxcap.bpf.syscalls import bpf

UDP4_RECVMSG, UDP6_RECVMSG = 19, 20  # enum bpf_attach_type, include/uapi/linux/bpf.h
_LINK_CREATE = 28
_MOUNTS = Path("/proc/self/mountinfo")


def root(mounts: Path = _MOUNTS) -> Path | None:
    """Where the second version of control groups is mounted; None when it is not."""
    for line in mounts.read_text().splitlines():
        before, _, behind = line.partition(" - ")
        if behind.startswith("cgroup2 "):
            place = before.split()[4]  # proc(5): mount point, with octal escapes
            return Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), place))
    return None


def link(program: int, kind: int) -> int:
    """Attach a loaded program; it stays attached while the file descriptor that is returned is open.

    Args:
        program: Its file descriptor.
        kind: One of the attach types above, with which it was loaded.

    Raises:
        OSError: The kernel's reason; FileNotFoundError where no control groups of version 2 are mounted.
    """
    place = root()
    if place is None:
        raise FileNotFoundError("control groups of version 2 are not mounted")
    group = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return bpf(_LINK_CREATE, struct.pack("=IIII", program, group, kind, 0))
    finally:
        os.close(group)
