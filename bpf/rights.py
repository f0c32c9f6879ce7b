"""Which capabilities (capabilities(7)) this process holds, and giving up those it no longer needs.

Loading programs into the kernel takes rights that reading their results does not. They belong to a thread: `drop` is
for the main thread before it starts others, which then begin without them.
"""

import ctypes
import os
from pathlib import Path

from pxcap.core.errors import CaptureError

# In the order of their numbers, from include/uapi/linux/capability.h.
_ORDER = """
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""
NAMES = tuple(f"CAP_{name}" for name in _ORDER.split())

_STATUS = Path("/proc/thread-self/status")
_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3: two words of 32 bits each
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def held(status: Path = _STATUS) -> frozenset[str]:
    """The effective capabilities of this thread by name, such as "CAP_BPF"; none where they cannot be read."""
    return _read(status, "CapEff")


def drop(keep: frozenset[str]) -> frozenset[str]:
    """Give up every capability but these, for good: neither this thread nor what it starts can have them again.

    The user stays the same, so files of its own stay open to it.

    Args:
        keep: Names from `NAMES`. Those that are not held stay so.

    Returns:
        What is left.

    Raises:
        CaptureError: The kernel refused.
    """
    if unknown := keep - set(NAMES):
        raise ValueError(f"no such capability: {', '.join(sorted(unknown))}")
    left = keep & _read(_STATUS, "CapPrm")
    bits = sum(1 << number for number, name in enumerate(NAMES) if name in left)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if "CAP_SETPCAP" in held():
        # Without it the bounding set stays; with no_new_privs it gives nothing back to a program that is started.
        for number in range(_last() + 1):
            if not bits >> number & 1:
                _prctl(_PR_CAPBSET_DROP, number)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    words = [bits & 0xFFFFFFFF, bits >> 32]
    sets = (_Sets * 2)(*(_Sets(word, word, 0) for word in words))
    if _libc.capset(ctypes.byref(_Header(_VERSION, 0)), sets):
        raise _refused("capset")
    return left


def _read(status: Path, field: str) -> frozenset[str]:
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return frozenset()
    bits = next((int(line.split()[1], 16) for line in lines if line.startswith(f"{field}:")), 0)
    return frozenset(name for number, name in enumerate(NAMES) if bits >> number & 1)


def _last() -> int:
    """The highest capability this kernel knows; newer kernels know some that have no name here."""
    try:
        return int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    except (OSError, ValueError):
        return len(NAMES) - 1


def _prctl(option: int, argument: int) -> None:
    # It takes five words, and refuses where one that it does not use is not zero.
    words = [ctypes.c_ulong(word) for word in (argument, 0, 0, 0)]
    if _libc.prctl(ctypes.c_int(option), *words):
        raise _refused(f"prctl {option}")


def _refused(call: str) -> CaptureError:
    return CaptureError(f"rights cannot be given up: {call}: {os.strerror(ctypes.get_errno())}")
