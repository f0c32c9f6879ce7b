"""Probes at functions of programs and libraries: a program of ours runs where any process calls them, or they return.

One link holds many places where the kernel can do that (Linux 6.6); before, each place is an event of its own
(perf_event_open(2)), which costs it more, most of all to take them out. Either vanishes with its file descriptor, however
the process that holds it ends, and no file system of the kernel has to be mounted for it.
"""

import ctypes
import fcntl
import os
import struct
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pxcap.bpf.syscalls import bpf, perf_event_open

MULTI = 48
"""The kind of attachment (BPF_TRACE_UPROBE_MULTI) that a program must be loaded for to be attached to many places at once."""

_DEVICE = Path("/sys/bus/event_source/devices/uprobe")
# include/uapi/linux/perf_event.h: type, size, config, -, config1 (path), config2 (offset); PERF_ATTR_SIZE_VER1
_EVENT = struct.Struct("=IIQ40xQQ")
_CLOEXEC = 8
_SET_BPF, _ENABLE = 0x40042408, 0x2400
# include/uapi/linux/bpf.h, link_create: program, -, kind, -, path, offsets, -, -, count, flags, pid
_LINK = struct.Struct("=I4xI4xQQ16xIII")
_LINK_CREATE = 28
_THREADS = 16  # that take probes out: the kernel waits a while for each, and for all of them at the same time


def attach(program: int, path: str, offsets: Sequence[int], at_return: bool = False) -> list[int]:
    """Let a loaded program run at these places of a file, until all file descriptors that this gives are closed.

    Raises:
        OSError: The kernel refuses; nothing is left then.
    """
    try:
        return [_link(program, path, offsets, at_return)]
    except OSError:
        pass  # the other way tells why
    opened: list[int] = []
    try:
        for offset in offsets:
            opened.append(open_probe(path, offset, at_return))
            fcntl.ioctl(opened[-1], _SET_BPF, program)
            fcntl.ioctl(opened[-1], _ENABLE, 0)
    except OSError:
        detach(opened)
        raise
    return opened


def detach(probes: Iterable[int]) -> None:
    """Close the file descriptors that `attach` gave."""
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(os.close, probes))


def open_probe(path: str, offset: int, at_return: bool = False) -> int:
    """The file descriptor of an event at one place of a file; nothing runs there yet.

    Raises:
        OSError: The kernel refuses; FileNotFoundError when it knows no such events.
    """
    kind = int((_DEVICE / "type").read_text())
    config = 1 << int((_DEVICE / "format/retprobe").read_text().partition(":")[2]) if at_return else 0
    name = ctypes.create_string_buffer(os.fsencode(path))
    # Of all processes, on processor 0: the kernel runs the program wherever the function is called.
    event = _EVENT.pack(kind, _EVENT.size, config, ctypes.addressof(name), offset)
    return perf_event_open(event, -1, 0, -1, _CLOEXEC)


def _link(program: int, path: str, offsets: Sequence[int], at_return: bool) -> int:
    name = ctypes.create_string_buffer(os.fsencode(path))
    places = (ctypes.c_uint64 * len(offsets))(*offsets)
    where = (ctypes.addressof(name), ctypes.addressof(places), len(offsets))
    return bpf(_LINK_CREATE, _LINK.pack(program, MULTI, *where, int(at_return), 0))
