"""The second opinion: replays captures into memory, asks tshark about them, and pairs what both found."""

from collections.abc import Iterable, Sequence
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
        if not compared:
            return
        theirs = _theirs(file, compared, servers, records)
        mine = [entry for entry in result.explanations if entry.about(file)]
        for comparison in compared:
            name = comparison.protocol
            tally = result.tallies.setdefault(name, Tally())
            for ends in dict.fromkeys((*records.get(name, ()), *theirs.get(name, ()))):
                ours = [one for record in records.get(name, {}).get(ends, ()) if (one := comparison.own(record))]
                other = list(comparison.transactions(theirs.get(name, {}).get(ends, ())))
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
    file: str,
    comparisons: Sequence[Comparison],
    servers: dict[str, set[Endpoint]],
    records: dict[str, dict[Ends, list[dict[str, Any]]]],
) -> dict[str, dict[Ends, list[Message]]]:
    """What tshark says, as messages by protocol and conversation."""
    layers = {layer: one.protocol for one in comparisons for layer in one.layers}
    rules = [
        f"{transport}.port=={port},{one.decode_as}"
        for one in comparisons
        if one.decode_as
        for transport in ("tcp", "udp")
        if transport in one.transports
        for port in sorted({port for _, port in servers[one.protocol]})
    ]
    found: dict[str, dict[Ends, list[Message]]] = {}
    for (source, sport, target, dport), message in messages(file, list(layers), rules):
        protocol = layers[message.layer]
        there, back = ((source, sport), (target, dport)), ((target, dport), (source, sport))
        mine = records.get(protocol, {})
        from_server = back in mine or (
            there not in mine and (source, sport) in servers[protocol] and (target, dport) not in servers[protocol]
        )
        ends = back if from_server else there
        known = found.setdefault(protocol, {})
        known.setdefault(ends, []).append(replace(message, to_server=not from_server))
    return found
