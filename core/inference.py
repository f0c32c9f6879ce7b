"""Which protocol is it, and which side is the server? Decided by content; ports only break ties.

Every protocol scores the first bytes of both directions. One that is SURE ends the search; otherwise more bytes are
awaited, within bounds, and then the best score wins if it is good enough. Where the handshake was not seen, both
orientations are scored, and the better one also says who the server is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pxcap.core.protocol import NO, SURE, ProtocolSpec, Sample

SAMPLE = 4096  # bytes of each direction shown to a protocol
GOOD_ENOUGH = 40  # lowest score that wins when no more bytes come
PORT_BONUS = 5  # breaks ties, decides nothing alone


@dataclass(frozen=True, slots=True)
class Verdict:
    """A protocol, whether the first side is the server (`flip`), and how sure that is (NO to SURE)."""

    spec: ProtocolSpec | None
    flip: int
    score: int


NOTHING = Verdict(None, 0, NO)


class Recogniser:
    """Scores samples with every protocol, the one last seen at the same server first.

    Args:
        specs: The protocols.
        failed: Told of each exception that a protocol's `recognise` raised; it counts as NO.
    """

    def __init__(self, specs: Sequence[ProtocolSpec], failed: Callable[[ProtocolSpec, Exception], None]) -> None:
        self._failed = failed
        self._by_transport = {name: tuple(spec for spec in specs if name in spec.transports) for name in ("tcp", "udp")}
        self._seen: dict[tuple[str, int], ProtocolSpec] = {}

    def judge(
        self,
        first: bytes,
        second: bytes,
        transport: str,
        ends: tuple[tuple[str, int], tuple[str, int]],
        role_known: bool,
        midstream: bool,
    ) -> Verdict:
        """The best verdict on the first bytes of both sides; `ends` are their (address, port), the first side's first.

        With `role_known` the first side is the client; else both orientations are tried.
        """
        best = NOTHING
        for flip in (0,) if role_known else (0, 1):
            request, response = (second, first) if flip else (first, second)
            sample = Sample(request[:SAMPLE], response[:SAMPLE], transport, midstream)
            server = ends[1 - flip]
            usual = self._seen.get(server)
            if usual is not None and transport in usual.transports and self._score(usual, sample) >= SURE:
                return Verdict(usual, flip, SURE)
            for spec in self._by_transport[transport]:
                score = self._score(spec, sample)
                if score <= NO:
                    continue
                if score < SURE and (spec is usual or server[1] in spec.ports):
                    score = min(score + PORT_BONUS, SURE - 1)
                if score > best.score:
                    best = Verdict(spec, flip, score)
        return best

    def _score(self, spec: ProtocolSpec, sample: Sample) -> int:
        try:
            return int(spec.recognise(sample))
        except Exception as err:  # noqa: BLE001 - a plugin may raise anything
            self._failed(spec, err)
            return NO

    def remember(self, server: tuple[str, int], spec: ProtocolSpec) -> None:
        """Note what a server speaks, to ask that protocol first next time. Bounded: forgets everything when full."""
        if len(self._seen) > 4096:
            self._seen.clear()
        self._seen[server] = spec

    def likely_server(self, ends: tuple[tuple[str, int], tuple[str, int]]) -> int:
        """Index of the end that is the server, by ports alone: a usual port of some protocol, else the lower one."""
        ports = {port for specs in self._by_transport.values() for spec in specs for port in spec.ports}
        usual = [end[1] in ports for end in ends]
        if usual[0] != usual[1]:
            return 0 if usual[0] else 1
        return 0 if ends[0][1] < ends[1][1] else 1
