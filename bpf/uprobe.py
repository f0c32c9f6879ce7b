"""Probes at functions of programs and libraries.

They are events of the kernel's `uprobe` device (perf_event_open(2)): each vanishes with its file descriptor, however the
process that holds it ends, and no file system of the kernel has to be mounted to place it or to take it out.
"""

import ctypes
import fcntl
import os
import platform
import struct
from pathlib import Path

_DEVICE = Path("/sys/bus/event_source/devices/uprobe")
_NUMBERS = {"x86_64": 298, "aarch64": 241}  # of perf_event_open
# include/uapi/linux/perf_event.h
_ATTRIBUTES = struct.Struct("=IIQ40xQQ")  # type, size, config, -, config1 (path), config2 (offset): PERF_ATTR_SIZE_VER1
_CLOEXEC = 8
_SET_BPF, _ENABLE = 0x40042408, 0x2400
_libc = ctypes.CDLL(None, use_errno=True)


def open_probe(path: str, offset: int, at_return: bool = False) -> int:
    """The file descriptor of a probe at a place of a file, for every process that executes it.

    Args:
        path: The file.
        offset: In the file, of a function's first instruction.
        at_return: Where the function returns instead.

    Raises:
        OSError: The kernel refuses; FileNotFoundError when it knows no such probes.
    """
    number = _NUMBERS.get(platform.machine())
    if number is None:
        raise OSError(f"pxcap knows no system call numbers of {platform.machine()}")
    kind = int((_DEVICE / "type").read_text())
    bit = int((_DEVICE / "format/retprobe").read_text().partition(":")[2]) if at_return else 0
    name = ctypes.create_string_buffer(os.fsencode(path))
    config = 1 << bit if at_return else 0
    attributes = _ATTRIBUTES.pack(kind, _ATTRIBUTES.size, config, ctypes.addressof(name), offset)
    held = ctypes.create_string_buffer(attributes, len(attributes))
    # Of all processes, on processor 0: the kernel runs the program wherever the function is called.
    arguments = [ctypes.c_long(argument) for argument in (-1, 0, -1, _CLOEXEC)]
    fd = int(_libc.syscall(ctypes.c_long(number), ctypes.byref(held), *arguments))
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)
    return fd


def attach(program: int, path: str, offset: int, at_return: bool = False) -> int:
    """Let a loaded program run at a place of a file, until the file descriptor that this gives is closed.

    Raises:
        OSError: As for `open_probe`.
    """
    fd = open_probe(path, offset, at_return)
    try:
        fcntl.ioctl(fd, _SET_BPF, program)
        fcntl.ioctl(fd, _ENABLE, 0)
    except OSError:
        os.close(fd)
        raise
    return fd
