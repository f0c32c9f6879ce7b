"""System calls that Python has no function for, with the attributes that the kernel's headers lay out."""

import ctypes
import os
import platform

_NUMBERS = {"x86_64": {"bpf": 321, "perf_event_open": 298}, "aarch64": {"bpf": 280, "perf_event_open": 241}}
ARCHITECTURES = frozenset(_NUMBERS)
"""Those whose registers and system calls pxcap's programs know."""

_libc = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> int:
    """Make one call of the system call bpf, with the attributes of union bpf_attr; gives what it returns.

    Raises:
        OSError: The kernel's reason.
    """
    held = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    return _call("bpf", ctypes.c_long(command), ctypes.byref(held), ctypes.c_long(len(held)))


def perf_event_open(attributes: bytes, pid: int, processor: int, group: int, flags: int) -> int:
    """Open a performance event with the attributes of struct perf_event_attr; gives its file descriptor.

    Raises:
        OSError: The kernel's reason.
    """
    held = ctypes.create_string_buffer(attributes, len(attributes))
    numbers = [ctypes.c_long(number) for number in (pid, processor, group, flags)]
    return _call("perf_event_open", ctypes.byref(held), *numbers)


def _call(name: str, *arguments: object) -> int:
    numbers = _NUMBERS.get(platform.machine())
    if numbers is None:
        raise OSError(f"pxcap knows no system call numbers of {platform.machine()}")
    found = int(_libc.syscall(ctypes.c_long(numbers[name]), *arguments))
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found
