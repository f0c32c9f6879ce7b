"""What each capture is, by its folder or its truth, and the lists of what is not or cannot be told.

A list is `fixtures/PROTOCOL/inference.txt`. Its lines have five columns: capture, connection, start, is, why.

* capture: a pattern of names in the folder, without suffix; `captures/...` is one with ground truth.
* connection: a pattern of the client's port.
* start: a pattern of the ways of starting (`whole`, `after-3`, `client-only`, ...).
* is: a protocol (this connection is that one, whatever the folder says), `none` (nobody may take it for its own), or
  `perhaps` (what is left of it does not tell: unrecognised will do). The first line that says what it is counts.
"""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.inference.traffic import Endpoint
from tests.truth import captures as shared

from pxcap.core.testing.golden import captures

FIXTURES = Path(__file__).parents[2] / "fixtures"
NONE, PERHAPS = "none", "perhaps"
OTHER_FOLDERS = {"http2": "http", "tls": "", "noise": "", "odd": ""}
DEMO = {80: "http", 8000: "http", 6379: "redis", 53: "dns", 5432: "pgsql", 3306: "mysql", 4222: "nats", 9092: "kafka", 9042: "cql"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list."""

    folder: str
    capture: str
    connection: str
    start: str
    verdict: str
    why: str

    def fits_capture(self, capture: str) -> bool:
        """Whether it speaks of this capture."""
        return fnmatchcase(capture, self.name)

    def fits(self, port: int, start: str) -> bool:
        """Whether it speaks of a connection of the capture, by its client's port, begun in this way."""
        return fnmatchcase(str(port), self.connection) and fnmatchcase(start, self.start)

    @property
    def name(self) -> str:
        """The pattern of whole names of captures."""
        return self.capture if self.capture.startswith("captures/") else f"fixtures/{self.folder}/{self.capture}"

    def __str__(self) -> str:
        return f"fixtures/{self.folder}/inference.txt: {self.capture} {self.connection} {self.start} {self.verdict}"


def entries() -> list[Entry]:
    """Every line of every list.

    Raises:
        ValueError: A line has fewer than five columns.
    """
    found = []
    for path in sorted(FIXTURES.glob("*/inference.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                capture, connection, start, verdict, why = line.split(maxsplit=4)
                found.append(Entry(path.parent.name, capture, connection, start, verdict, why))
    return found


def all_captures() -> dict[str, Path]:
    """Every fixture and every capture with ground truth, by name."""
    roots = {"fixtures": FIXTURES, "captures": shared.ROOT}
    return {
        f"{prefix}/{path.relative_to(root).parent}/{path.name[: path.name.index('.pcap')]}": path
        for prefix, root in roots.items()
        for path in captures(root)
    }


def identity(name: str, path: Path, installed: Collection[str]) -> Callable[[Endpoint, Endpoint], str]:
    """What a connection of the capture is, "" for none of the `installed`; before the lists are asked."""
    folder = name.split("/")[1]
    if folder in ("demo", "mixed"):
        ports = DEMO if folder == "demo" else _ports_of_truth(path)
        return lambda client, server: _if_installed(ports[server[1]], installed)
    protocol = _if_installed(OTHER_FOLDERS.get(folder, folder), installed)
    return lambda client, server: protocol


def _if_installed(protocol: str, installed: Collection[str]) -> str:
    return protocol if protocol in installed else ""


def _ports_of_truth(path: Path) -> dict[int, str]:
    return {int(port): str(part["proto"]) for part in _meta(path)["parts"] for port in part["server_ports"]}


def server_ports(path: Path, usual: Iterable[int]) -> set[int]:
    """Ports of servers in a capture: the truth's where there is one, else the usual ones."""
    meta = _meta(path)
    if "server_ports" not in meta:
        return set(usual)
    changed = meta.get("transform_info", {}).get("ports", {})
    return {int(changed.get(str(port), port)) for port in meta["server_ports"]}


def _meta(path: Path) -> dict[str, Any]:
    """First line of a capture's truth; empty where there is none."""
    truth = path.with_name(f"{path.name[: path.name.index('.pcap')]}.truth.jsonl")
    if not truth.exists():
        return {}
    first: dict[str, Any] = json.loads(truth.read_text(encoding="utf-8").splitlines()[0])
    return first
