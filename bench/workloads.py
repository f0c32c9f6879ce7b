"""What is measured: each workload with its server, its load generator and the tshark fields that say as much.

A file in `bench/loads/` holds the workloads of a protocol in `LOADS`; it is found by being there.
"""

import importlib
import importlib.util
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench import loads
from bench.servers import find

ADDRESSES = ("frame.time_epoch", "ip.src", "ip.dst")
TCP = (*ADDRESSES, "tcp.srcport", "tcp.dstport")
UDP = (*ADDRESSES, "udp.srcport", "udp.dstport")


@dataclass(frozen=True, kw_only=True)
class Workload(ABC):
    """One kind of load.

    Attributes:
        name: As on the command line and in the file name of its capture.
        table: Where pxcap puts its records.
        needs: Programs, each with its Debian package.
        modules: Python modules, each with its package.
        megabytes: About how large its capture is unless told otherwise.
        bytes_each: About how many bytes of capture one request takes; from it a size becomes a number of requests.
        tshark: Display filter, and as what tshark is told to decode the server's port; empty: it has no dissector, and
            what is measured is the share of the time that storing the bare rows takes.
        undecoded: tshark gives up within the answers, so the share of the time that storing the bare rows takes is
            printed beside its ratio.
        fields: What tshark prints for each packet that passes the filter.
        transport: "tcp" or "udp".
        mtu: Of the loopback it is recorded on; 0: the usual one.
        counted: SQL condition of the records that are counted; empty: all of the table.
        answered: Column with the rows of a record's answer, where rows are counted, too; see `rows`.
        fixture: Port of the fixture that stands in for a server that is not installed; 0 when none can.
        at_least, aim: The ratio that must be reached, and that is wanted; 0: none is set.
    """

    name: str
    table: str
    needs: Mapping[str, str]
    modules: Mapping[str, str]
    megabytes: int
    bytes_each: int
    tshark: str
    fields: tuple[str, ...]
    transport: str = "tcp"
    mtu: int = 0
    undecoded: bool = False
    counted: str = ""
    answered: str = ""
    fixture: int = 0
    at_least: float = 3.0
    aim: float = 5.0

    @abstractmethod
    def serve(self, work: Path) -> AbstractContextManager[int]:
        """The server, while the block runs; gives its port. Files may be kept in `work`."""

    @abstractmethod
    def put(self, port: int, work: Path, requests: int) -> None:
        """Send about `requests` requests, by the field's usual load generator."""

    def note(self, port: int, work: Path) -> None:  # noqa: B027 most count without it
        """Ask a server that counts while it runs, by a way that is not in the capture."""

    @abstractmethod
    def sent(self, work: Path) -> tuple[int, str]:
        """How many requests were sent, and who says so; called when the load and the server have ended."""

    def rows(self, work: Path) -> int:
        """How many rows the server sent, where `answered` names a column."""
        return 0

    def missing(self) -> dict[str, str]:
        """What this machine has not, programs and modules, each with the command that installs it."""
        programs = {**self.needs, "tcpdump": "tcpdump"} | ({"ip": "iproute2"} if self.mtu else {})
        lacking = {name: f"apt-get install {package}" for name, package in programs.items() if find(name) is None}
        for name, package in self.modules.items():
            if importlib.util.find_spec(name) is None:
                lacking[name] = f"pip install {package}"
        return lacking


def discover() -> dict[str, Workload]:
    """Every workload of the files in `bench/loads/`, by name."""
    found: dict[str, Workload] = {}
    for info in pkgutil.iter_modules(loads.__path__):
        module = importlib.import_module(f"{loads.__name__}.{info.name}")
        found |= {load.name: load for load in module.LOADS}
    return found
