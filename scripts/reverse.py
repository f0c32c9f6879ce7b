"""Reverse DNS: names of addresses that nothing else knows, asked for only when the person wants it."""

import socket
import time
from collections.abc import Callable

SECONDS = 10.0  # for all addresses of a run: a resolver may take as long for one that it cannot reach


class ReverseDns:
    """Asks the resolver of this machine; what it said once stands for all runs, such as those of `pxcap live`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._known: dict[str, str] = {}

    def begin(self) -> Callable[[str], str]:
        """What gives the name of an address during a run, "" where there is none or the time for asking is over."""
        until = time.monotonic() + self._seconds

        def name(address: str) -> str:
            if address not in self._known and time.monotonic() < until:
                self._known[address] = reverse_dns(address)
            return self._known.get(address, "")

        return name


def reverse_dns(address: str) -> str:
    """What the resolver calls an address, "" when it does not know it."""
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return ""
