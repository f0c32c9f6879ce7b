"""Requests at a fixed rate over keep-alive connections, whatever the server does meanwhile.

A request is due at its time even while earlier ones wait, and its latency counts from when it was due: a server that
stands still for a moment is charged for all that could not be asked meanwhile. Every answer to the same request has the
same length, so answers are counted by their bytes.
"""

import gc
import select
import socket
import time
from collections import deque
from dataclasses import dataclass

SECOND = 1_000_000_000
_BURST = 64  # requests sent before answers are looked at, when it is behind
_QUIET = 0.1  # seconds after which the first answer is whole
_PATIENCE = 5  # seconds without any answer after which it gives up


@dataclass(frozen=True, slots=True)
class Steady:
    """How it went.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: ns of each request, sorted.
    """

    seconds: float
    latencies: list[int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Latency in seconds that `share` of the requests (0 to 1) stayed within."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))] / SECOND


def steady(port: int, request: bytes, rate: int, seconds: float, connections: int) -> Steady:
    """Send a request `rate` times a second to a server at 127.0.0.1, on the connections in turn.

    Each connection is tried with one more request at first, which is not measured.

    Raises:
        RuntimeError: The server closes a connection, or stops to answer.
    """
    socks = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(connections)]
    try:
        size = _answer_size(socks[0], request)
        for sock in socks[1:]:
            sock.sendall(request)
            left = size
            while left:
                left -= _received(sock)
        enabled = gc.isenabled()
        gc.disable()
        try:
            return _run(socks, request, size, rate, round(rate * seconds))
        finally:
            if enabled:
                gc.enable()
    finally:
        for sock in socks:
            sock.close()


def _answer_size(sock: socket.socket, request: bytes) -> int:
    """Send the request; gives the length of what comes back."""
    sock.sendall(request)
    size = _received(sock)
    while select.select([sock], [], [], _QUIET)[0]:
        size += _received(sock)
    return size


def _received(sock: socket.socket) -> int:
    """How many bytes came; waits for some."""
    if size := len(sock.recv(1 << 16)):
        return size
    raise RuntimeError("the server closed a connection")


def _run(socks: list[socket.socket], request: bytes, size: int, rate: int, total: int) -> Steady:
    waiting: dict[socket.socket, deque[int]] = {sock: deque() for sock in socks}  # when each was due
    part = dict.fromkeys(socks, 0)  # bytes of an answer that is not whole
    latencies: list[int] = []
    sent = 0
    begun = now = latest = time.perf_counter_ns()
    while len(latencies) < total:
        due = min(total, (now - begun) * rate // SECOND + 1, sent + _BURST)
        while sent < due:
            sock = socks[sent % len(socks)]
            sock.sendall(request)
            waiting[sock].append(begun + sent * SECOND // rate)
            sent += 1
        following = begun + sent * SECOND // rate if sent < total else now + _PATIENCE * SECOND
        ready = select.select(socks, [], [], max(0, following - time.perf_counter_ns()) / SECOND)[0]
        now = time.perf_counter_ns()
        for sock in ready:
            whole, part[sock] = divmod(part[sock] + _received(sock), size)
            queue = waiting[sock]
            latencies += [now - queue.popleft() for _ in range(whole)]
            latest = now
        if now - latest > _PATIENCE * SECOND:
            raise RuntimeError(f"no answer for {_PATIENCE} s; {sent - len(latencies)} requests wait")
    latencies.sort()
    return Steady((now - begun) / SECOND, latencies)
