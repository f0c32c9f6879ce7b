"""Runs a function inside another network namespace.

A thread's namespace can be changed, but a socket stays for good where it was made. So a thread of its own enters the
namespace, makes what is wanted there, and ends; the rest of the program never leaves its namespace.
"""

import ctypes
import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pxcap.core.errors import CaptureError

CLONE_NEWNET = 0x40000000
NAMED = Path("/var/run/netns")
"""Where `ip netns` keeps the namespaces it has given names."""

Made = TypeVar("Made")


def path_of(netns: str) -> Path:
    """The file that stands for a namespace: of a name as `ip netns` knows it, or a path such as /proc/PID/ns/net."""
    return Path(netns) if "/" in netns else NAMED / netns


def inside(netns: str | None, make: Callable[[], Made]) -> Made:
    """Call `make` in a network namespace and return what it returns.

    Args:
        netns: As for `path_of`; None is the namespace of the caller.
        make: Called in another thread when a namespace is given; what it raises is raised here.

    Raises:
        CaptureError: When there is no such namespace, or it may not be entered.
    """
    if netns is None:
        return make()

    def run() -> Made:
        _enter(netns)
        return make()

    with ThreadPoolExecutor(1, "netns") as thread:
        return thread.submit(run).result()


def _enter(netns: str) -> None:
    path = path_of(netns)
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as err:
        known = ", ".join(sorted(found.name for found in NAMED.glob("*"))) or "none has a name"
        hint = f"namespaces with a name: {known}; of a process: /proc/PID/ns/net"
        raise CaptureError(f"{path}: no such network namespace", hint) from err
    except OSError as err:
        raise CaptureError(f"{path}: cannot be opened ({_reason(err.errno)})", "run as root: sudo pxcap ...") from err
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(number, CLONE_NEWNET) != 0:
            raise _refused(path, ctypes.get_errno())
    finally:
        os.close(number)


def _refused(path: Path, code: int) -> CaptureError:
    if code == errno.EPERM:
        return CaptureError(f"{path}: entering a network namespace needs CAP_SYS_ADMIN", "run as root: sudo pxcap ...")
    if code == errno.EINVAL:
        return CaptureError(f"{path}: found something else, expected a network namespace", "list them: ip netns list")
    return CaptureError(f"{path}: cannot be entered ({_reason(code)})")


def _reason(code: int | None) -> str:
    return os.strerror(code or 0).lower()
