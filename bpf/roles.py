"""Who is the server on a connection that is older than the capture: the side whose port somebody listens on."""

import time

from pxcap.bpf.sockets import listening
from pxcap.core.vantage import Endpoint

_FRESH = 2.0  # seconds for which a namespace's list of listening ports is believed


class Roles:
    """Listening ports of every network namespace that was met."""

    def __init__(self) -> None:
        self._ports: dict[int, tuple[float, set[int]]] = {}

    def client(self, ends: tuple[Endpoint, Endpoint], netns: int, pid: int) -> int | None:
        """Direction in which the client sends (0: this side is the client), None when nobody listens on either port.

        Args:
            ends: This side's (address, port), and the other's.
            netns: The network namespace.
            pid: A process in it.
        """
        ports = self._listening(netns, pid)
        ours, theirs = ends[0][1] in ports, ends[1][1] in ports
        if ours != theirs:
            return 1 if ours else 0
        return None

    def _listening(self, netns: int, pid: int) -> set[int]:
        known = self._ports.get(netns)
        now = time.monotonic()
        if known is None or now - known[0] > _FRESH:
            ports = {port for proto, port, _ in listening(pid) if proto == "tcp"}
            known = self._ports[netns] = (now, ports)
        return known[1]
