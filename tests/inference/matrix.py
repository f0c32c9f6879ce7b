"""Judges what connections were taken for, and adds it up to the confusion matrix."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.inference import expect
from tests.inference.expect import NONE, PERHAPS, Entry
from tests.inference.play import OWN, Finding, findings, remembering
from tests.inference.traffic import read

from pxcap.core.registry import Registry, load_registry
from pxcap.core.replay import ReplayOptions, replay
from pxcap.core.sink import MemorySink

MATRICES = {
    ("whole", True): "from the beginning, on its own port",
    ("whole", False): "from the beginning, on a neighbour's port",
    ("after", True): "in mid-connection, on its own port",
    ("after", False): "in mid-connection, on a neighbour's port",
    ("side", True): "one side only, on its own port",
    ("side", False): "one side only, on a neighbour's port",
}
"""How a connection was played, by kind of start and whether the port is its own."""


@dataclass(slots=True)
class Card:
    """What came of many captures.

    Attributes:
        counts: Connections by kind of start, what they are and what they were taken for ("" unrecognised).
        turned: Of those recognised rightly, how many with client and server mistaken for each other.
        confused: A line for each connection that was taken for another protocol.
        unrecognised: A line for each that was not recognised with no reason in a list.
        nothing_left: How many were not recognised of which no request is left that was answered.
        excused: How many were not recognised for a reason on a list.
        used: Entries of the lists that were needed.
        seen: Names of the captures.
    """

    counts: Counter[tuple[tuple[str, bool], str, str]] = field(default_factory=Counter)
    turned: Counter[tuple[str, bool]] = field(default_factory=Counter)
    confused: list[str] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    nothing_left: int = 0
    excused: int = 0
    used: set[Entry] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def add(self, other: "Card") -> None:
        """Take in another card."""
        self.counts.update(other.counts)
        self.turned.update(other.turned)
        self.confused += other.confused
        self.unrecognised += other.unrecognised
        self.excused += other.excused
        self.nothing_left += other.nothing_left
        self.used |= other.used
        self.seen |= other.seen


class Judge:
    """Plays captures and judges; keeps the protocols and the lists."""

    def __init__(self, registry: Registry | None = None) -> None:
        plain = registry or load_registry()
        self.names = {spec.name for spec in plain.protocols}
        self.usual = {port for spec in plain.protocols for port in spec.ports} | set(expect.DEMO)
        self.entries = expect.entries()
        self._plain = plain
        self._registry = remembering(plain)

    def card(self, name: str, path: Path) -> Card:
        """What came of one capture."""
        card = Card(seen={name})
        identity = expect.identity(name, path, self.names)
        traffic = read(path, expect.server_ports(path, self.usual), identity)
        if traffic is not None:
            entries = [entry for entry in self.entries if entry.fits_capture(name)]
            whole = _exchanges(path, self._plain)
            for finding in findings(traffic, self._registry):
                left = any(time >= finding.since for time in whole.get(finding.talk.client, ()))
                self._judge(card, name, finding, entries, left)
        return card

    def _judge(self, card: Card, name: str, finding: Finding, entries: list[Entry], left: bool) -> None:
        talk, said = finding.talk, finding.said
        fitting = [entry for entry in entries if entry.fits(talk.client[1], finding.start)]
        wanted = talk.protocol
        said_to_be = next((entry for entry in fitting if entry.verdict != PERHAPS), None)
        if said_to_be is not None:
            wanted = said_to_be.verdict if said_to_be.verdict in self.names else ""
            card.used.add(said_to_be)
        kind = ("side" if finding.start.endswith("-only") else finding.start.split("-")[0], finding.port == OWN)
        card.counts[kind, wanted, said] += 1
        card.turned[kind] += finding.turned
        where = f"{name} client port {talk.client[1]}, {finding.start}, on {finding.port} port"
        if said and said != wanted:
            card.confused.append(f"{where}: {wanted or 'none of ours'} taken for {said}")
        elif wanted and not said and not left:
            card.nothing_left += 1
        elif wanted and not said and not finding.rest:
            reasons = [entry for entry in fitting if entry.verdict == PERHAPS]
            card.used.update(reasons)
            card.excused += bool(reasons)
            if not reasons:
                card.unrecognised.append(f"{where}: {wanted} not recognised")

    def stale(self, card: Card) -> list[str]:
        """Entries that were not needed, of captures that are in the card."""
        return [
            str(entry)
            for entry in self.entries
            if entry not in card.used and (entry.verdict in (NONE, PERHAPS) or entry.verdict in self.names)
            and any(entry.fits_capture(name) for name in card.seen)
        ]  # fmt: skip


def _exchanges(path: Path, registry: Registry) -> dict[tuple[str, int], list[int]]:
    """When requests that were answered began, ns since the epoch, by the client's address and port."""
    sink = MemorySink()
    replay([str(path)], registry, sink, ReplayOptions())
    found: dict[tuple[str, int], list[int]] = {}
    for table in registry.tables():
        names = [column.name for column in table.columns]
        if "latency" in names:
            latency = names.index("latency")
            for row in sink.tables.get(table.name, ()):
                if row[latency] is not None:
                    found.setdefault((row[2], row[3]), []).append(row[0])
    return found
