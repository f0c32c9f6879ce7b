"""The second opinion: replays captures into memory, asks tshark about them, and pairs what both found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pxcap.cli import explained
from pxcap.cli.explained import Explanation
from pxcap.cli.tshark import messages
from pxcap.core.columns import CONN_STATS
from pxcap.core.comparison import Comparison, Difference, Message, Tally, compare
from pxcap.core.protocol import Settings
from pxcap.core.registry import Registry, load_registry
from pxcap.core.replay import ReplayOptions, replay
from pxcap.core.sink import MemorySink

Endpoint = tuple[str, int]
Ends = tuple[Endpoint, Endpoint]  # of the client and of the server


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference and where it is; `explained` is the reason on a list, empty when there is none."""

    capture: str
    protocol: str
    client: str
    server: str
    difference: Difference
    explained: str


@dataclass(slots=True)
class Verification:
    """What came of a run: differences, counts by protocol, lines for the person, and the explanations there were."""

    findings: list[Finding] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    used: set[Explanation] = field(default_factory=set)


class Verifier:
    """Compares captures one by one."""

    def __init__(self, lists: Iterable[Path] = (), registry: Registry | None = None) -> None:
        """Read the lists of explanations.

        Raises:
            UsageError: One cannot be read.
        """
        self._registry = registry or load_registry()
        self._comparisons, self._faults = self._registry.comparisons()
        self._given = [entry for path in lists for entry in explained.read(path)]

    def verify(self, files: Sequence[str]) -> Verification:
        """Compare every file.

        Raises:
            CaptureError: A file cannot be read.
            PxcapError: tshark is not installed, or cannot read it.
        """
        result = Verification(notes=list(self._faults), explanations=list(self._given))
        for folder in dict.fromkeys(Path(file).parent for file in files):
            if (beside := folder / explained.NAME).exists():
                result.explanations += explained.read(beside)
        for file in files:
            self._verify(file, result)
        result.notes = list(dict.fromkeys(result.notes))
        return result

    def _verify(self, file: str, result: Verification) -> None:
        records, servers = self._own(file)
        compared: list[Comparison] = []
        for protocol in servers:
            comparison = self._comparisons.get(protocol)
            if comparison is None:
                result.notes.append(f"{protocol}: not compared: its plugin has no comparison")
            elif not comparison.layers:
                result.notes.append(f"{protocol}: not compared: {comparison.absent}")
            else:
                compared.append(comparison)
        mine = [entry for entry in result.explanations if entry.about(file)]
        for comparison in compared:
            name = comparison.protocol
            known = records.get(name, {})
            theirs = _theirs(file, comparison, servers[name], known)
            tally = result.tallies.setdefault(name, Tally())
            for ends in dict.fromkeys((*known, *theirs)):
                ours = [one for record in known.get(ends, ()) if (one := comparison.own(record))]
                other = list(comparison.transactions(theirs.get(ends, ())))
                for difference in compare(ours, other, tally):
                    reasons = [entry for entry in mine if entry.fits(difference)]
                    result.used.update(reasons)
                    shown = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in ends]
                    reason = reasons[0].reason if reasons else ""
                    result.findings.append(Finding(file, name, shown[0], shown[1], difference, reason))

    def _own(self, file: str) -> tuple[dict[str, dict[Ends, list[dict[str, Any]]]], dict[str, set[Endpoint]]]:
        """Records by protocol and conversation, in order of time; and the servers of each protocol."""
        sink = MemorySink()
        report = replay([file], self._registry, sink, ReplayOptions(Settings(body_limit=1 << 20)))
        if report.failed:
            raise report.failed[0]
        records: dict[str, dict[Ends, list[dict[str, Any]]]] = {}
        for spec in self._registry.protocols:
            names = [column.name for column in spec.schema().columns]
            for row in sorted(sink.tables.get(spec.table, ()), key=lambda row: row[0]):
                record = dict(zip(names, row, strict=True))
                ends = (record["remote_addr"], record["remote_port"]), (record["local_addr"], record["local_port"])
                records.setdefault(spec.name, {}).setdefault(ends, []).append(record)
        servers: dict[str, set[Endpoint]] = {}
        names = [column.name for column in CONN_STATS.columns]
        for row in sink.tables.get(CONN_STATS.name, ()):
            totals = dict(zip(names, row, strict=True))
            if totals["protocol"]:
                servers.setdefault(totals["protocol"], set()).add((totals["local_addr"], totals["local_port"]))
        return records, servers


def _theirs(
    file: str, comparison: Comparison, servers: set[Endpoint], known: Mapping[Ends, Sequence[object]]
) -> dict[Ends, list[Message]]:
    """What tshark says of one protocol, by conversation; a run of its own, as a port may speak several."""
    rules = [
        f"{transport}.port=={port},{comparison.decode_as}"
        for transport in comparison.transports
        for port in sorted({port for _, port in servers})
        if comparison.decode_as
    ]
    found: dict[Ends, list[Message]] = {}
    for (source, sport, target, dport), message in messages(file, comparison.layers, rules):
        there, back = ((source, sport), (target, dport)), ((target, dport), (source, sport))
        from_server = back in known or (
            there not in known and (source, sport) in servers and (target, dport) not in servers
        )
        ends = back if from_server else there
        found.setdefault(ends, []).append(replace(message, to_server=not from_server))
    return found
