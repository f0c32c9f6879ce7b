"""A loopback of its own, with packets as long as those of a real network.

Loopback carries 64 KiB a packet, and a program that dissects packet by packet has little to do there. In a network
namespace of its own (network_namespaces(7)) its MTU is another, and large sends are cut up before they are captured.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import path_of

ETHERNET = 1500
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_OURS = Path("/proc/thread-self/ns/net")


@contextmanager
def packets_of(mtu: int) -> Iterator[None]:
    """While the block runs, this thread and what it starts have a loopback of that MTU; 0: the usual one.

    Raises:
        PermissionError: Namespaces need root, too.
    """
    if not mtu:
        yield
        return
    before = os.open(_OURS, os.O_RDONLY)
    try:
        _call("unshare", _NEW_NETWORK)
        try:
            segments = ("gso_max_segs", "1", "gso_max_size", str(mtu))
            command = (path_of("ip"), "link", "set", "lo", "mtu", str(mtu), *segments, "up")
            subprocess.run(command, check=True, capture_output=True)
            yield
        finally:
            _call("setns", before, _NEW_NETWORK)
    finally:
        os.close(before)


def _call(name: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
