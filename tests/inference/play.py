"""Plays traffic through the recogniser alone, in every way of starting, and notes what it was taken for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tests.inference.traffic import Conversation, Traffic

from pxcap.core.connection import Connection
from pxcap.core.flows.distribute import distribute
from pxcap.core.flows.table import FlowTable
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.protocol import ProtocolSpec, Sample
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink

OWN = "own"
CUTS = (0, 1, 2, 3, 4, 6, 9, 14, 23, 40)
ONE_SIDE = ("client-only", "server-only")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one connection was taken for.

    Attributes:
        talk: The connection.
        start: How it began: whole, after-N (packets with data left out), client-only, server-only.
        port: Whose port the server was on: "own", or a protocol's name.
        said: Protocol it was taken for, "" when unrecognised.
        turned: Client and server were mistaken for each other.
        since: When the first packet that was left of it was captured, ns since the epoch.
        rest: A few bytes that came after the connection was over, such as a late repetition.
    """

    talk: Conversation
    start: str
    port: str
    said: str
    turned: bool
    since: int
    rest: bool


class Spotter(Pipeline):
    """A run that recognises and records nothing."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry, MemorySink(), Options())
        self.seen: list[tuple[Connection, str]] = []

    def wanted(self, spec: ProtocolSpec) -> bool:
        return False

    def connection_over(self, connection: Connection, time: int, closed: bool) -> None:
        if sum(connection.sent):
            self.seen.append((connection, connection.spec.name if connection.spec else ""))


def remembering(registry: Registry) -> Registry:
    """The same protocols, which score what they have scored before from memory: a port changes no sample."""
    copy = Registry()
    for spec in registry.protocols:
        copy.add(replace(spec, recognise=_remembered(spec)), spec.name)
    return copy


def _remembered(spec: ProtocolSpec):
    @lru_cache(maxsize=4096)
    def score(request: bytes, response: bytes, transport: str, midstream: bool) -> int:
        return spec.recognise(Sample(request, response, transport, midstream))

    return lambda sample: score(sample.request, sample.response, sample.transport, sample.midstream)


def starts(traffic: Traffic) -> Iterator[tuple[str, Traffic]]:
    """The traffic in every way of starting, by its name."""
    yield "whole", traffic
    longest = traffic.longest()
    for count in CUTS:
        if count < longest:
            yield f"after-{count}", traffic.without_beginning(count)
    yield ONE_SIDE[0], traffic.one_side(True)
    yield ONE_SIDE[1], traffic.one_side(False)


def findings(traffic: Traffic, registry: Registry) -> Iterator[Finding]:
    """Everything found in the traffic, on its own port and on every neighbour's."""
    ports = {spec.name: min(spec.ports) for spec in registry.protocols if spec.ports}
    names = sorted(ports)
    for start, begun in starts(traffic):
        yield from _spotted(begun, registry, start, [OWN] * len(traffic.conversations))
        for turn in range(1, len(names)):
            lodgers = [
                names[(names.index(talk.protocol if talk.protocol in names else names[0]) + turn) % len(names)]
                for talk in traffic.conversations
            ]
            landlord = dict(zip(traffic.conversations, lodgers, strict=True))
            moved = begun.moved(lambda talk, landlord=landlord: ports[landlord[talk]])
            yield from _spotted(moved, registry, start, lodgers)


def _spotted(traffic: Traffic, registry: Registry, start: str, ports: Sequence[str]) -> Iterator[Finding]:
    pipeline = Spotter(registry)
    flows = FlowTable(pipeline)
    distribute(flows, traffic.window)
    flows.finish()
    assert not pipeline.plugin_failures, pipeline.plugin_failures
    known: set[int] = set()
    for connection, said in sorted(pipeline.seen, key=lambda seen: -sum(seen[0].sent)):
        number, direction = _number(connection.ends, traffic)
        turned = bool(said) and connection.flip != direction
        talk, since = traffic.conversations[number], traffic.since(number)
        yield Finding(talk, start, ports[number], said, turned, since, number in known)
        known.add(number)


def _number(ends: Iterable[tuple[str, int]], traffic: Traffic) -> tuple[int, int]:
    """Number of the conversation, and which of the ends is its client."""
    found = []
    for at, (address, port) in enumerate(ends):
        number = port - traffic.first_port
        if 0 <= number < len(traffic.conversations) and traffic.conversations[number].client[0] == address:
            found.append((number, at))
    assert len(found) == 1, f"{ends}: which is the client?"
    return found[0]
