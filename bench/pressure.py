"""What a live capture is measured under: as many requests as a server takes, or so many a second."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from bench.servers import output, path_of
from bench.workloads import Workload, discover

_PATH = "/api/items/17?page=3"
_TRIAL = 10_000  # commands of each kind after which redis-benchmark's rate is known


@dataclass(frozen=True, slots=True)
class Pressure(ABC):
    """A server of the loads in `bench/loads/`, and who presses it.

    Attributes:
        load: The server.
        request: What is asked at a fixed rate; every answer to it has the same length.
        connections: At a fixed rate of 1,000 a second, and at all others.
    """

    load: Workload
    request: bytes
    connections: tuple[int, int] = (8, 32)

    @abstractmethod
    def saturate(self, port: int, work: Path, seconds: float) -> float:
        """Ask as fast as the field's usual generator can, for about so long; gives requests a second, as it says."""


class Redis(Pressure):
    """SET and GET, no pipeline."""

    def saturate(self, port: int, work: Path, seconds: float) -> float:
        """See `Pressure`."""
        rate = _redis_benchmark(port, _TRIAL)
        return _redis_benchmark(port, max(_TRIAL, round(rate * seconds / 2)))


class Http(Pressure):
    """One small JSON answer."""

    def saturate(self, port: int, work: Path, seconds: float) -> float:
        """See `Pressure`."""
        command = [path_of("wrk"), "-t", "1", "-c", "16", "-d", f"{max(1, round(seconds))}s"]
        text = output([*command, f"http://127.0.0.1:{port}{_PATH}"])
        found = re.search(r"Requests/sec:\s*([\d.]+)", text)
        if found is None:
            raise RuntimeError(f"wrk gave no rate: {text[-300:]}")
        return float(found[1])


def _redis_benchmark(port: int, requests: int) -> float:
    """Rate over `requests` SETs and then as many GETs."""
    command = [path_of("redis-benchmark"), "-p", str(port), "-n", str(requests), "-r", "100000", "-d", "64"]
    rates = re.findall(r'^"(?:SET|GET)","([\d.]+)"', output([*command, "-t", "set,get", "--csv"]), re.MULTILINE)
    if len(rates) != 2:
        raise RuntimeError("redis-benchmark gave no rates")
    return 2 / sum(1 / float(rate) for rate in rates)


def pressures() -> dict[str, Pressure]:
    """All of them, by name of the load."""
    loads = discover()
    item = b"x" * 64
    get = f"GET {_PATH} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: steady\r\nAccept: */*\r\n\r\n"
    return {
        "redis": Redis(loads["redis"], b"*3\r\n$3\r\nSET\r\n$4\r\nitem\r\n$64\r\n%b\r\n" % item),
        "http": Http(loads["http"], get.encode()),
    }
