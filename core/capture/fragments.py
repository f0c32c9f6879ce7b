"""Puts IP fragments together, in bounded memory (RFC 791, section 3.2; RFC 8200, section 4.5).

Where fragments overlap, the byte seen first wins. What never gets complete is counted, not passed on.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

MAX_AGE = 30 * 1_000_000_000
"""How long a datagram may stay incomplete, by the packets' clock, in ns."""
MAX_DATAGRAMS = 1024
MAX_BYTES = 8 << 20
"""Bytes held for all incomplete datagrams together."""
_MAX_DATAGRAM = 65535
_OVERHEAD = 64  # what a piece costs besides its bytes, so that tiny ones count


@dataclass(frozen=True, slots=True)
class Datagram:
    """A datagram put together.

    Attributes:
        data: Its payload, up to the first byte that the snap length cut from a fragment.
        wire: Payload bytes there were on the wire.
        protocol: What the payload is, by the fragment that held its beginning.
    """

    data: bytes
    wire: int
    protocol: int


@dataclass(slots=True)
class _Partial:
    since: int
    pieces: list[tuple[int, int, bytes]] = field(default_factory=list)  # start, end on the wire, bytes; ascending
    covered: int = 0
    total: int = -1
    protocol: int = -1
    fragments: int = 0
    held: int = 0


class Fragments:
    """The incomplete datagrams of a capture.

    Attributes:
        lost: Fragments given up since the caller last set this to 0.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, _Partial] = OrderedDict()
        self._held = 0
        self.lost = 0

    def add(
        self, key: Hashable, time: int, offset: int, more: bool, wire: int, data: bytes, protocol: int
    ) -> Datagram | None:
        """Take one fragment and return the datagram if that completes it.

        Args:
            key: What its siblings share: addresses, identification, and where it was seen.
            time: When it was seen; ns since the epoch.
            offset: Of its first byte in the datagram's payload.
            more: Whether it is not the last.
            wire: Its payload bytes on the wire.
            data: The captured ones of them.
            protocol: What it says the payload is.
        """
        self._expire(time)
        end = offset + wire
        if wire <= 0 or end > _MAX_DATAGRAM or (more and wire % 8):
            self.lost += 1
            return None
        partial = self._waiting.get(key)
        if partial is None:
            partial = self._waiting[key] = _Partial(time)
        partial.fragments += 1
        if not more and partial.total < 0:
            partial.total = end
        last = partial.pieces[-1][1] if partial.pieces else 0
        if 0 <= partial.total < max(end, last):  # it cannot reach beyond its end
            self._drop(key)
            return None
        if offset == 0 and partial.protocol < 0:
            partial.protocol = protocol
        held = _insert(partial, offset, end, data[:wire])
        partial.held += held
        self._held += held
        if partial.covered != partial.total:
            self._shrink()
            return None
        del self._waiting[key]
        self._held -= partial.held
        return Datagram(_joined(partial.pieces), partial.total, partial.protocol)

    def finish(self) -> None:
        """Give up all that is incomplete: the capture has ended."""
        for key in list(self._waiting):
            self._drop(key)

    def _expire(self, now: int) -> None:
        while self._waiting:
            key, oldest = next(iter(self._waiting.items()))
            if now - oldest.since <= MAX_AGE:
                break
            self._drop(key)

    def _shrink(self) -> None:
        while len(self._waiting) > MAX_DATAGRAMS or self._held > MAX_BYTES:
            self._drop(next(iter(self._waiting)))

    def _drop(self, key: Hashable) -> None:
        partial = self._waiting.pop(key)
        self._held -= partial.held
        self.lost += partial.fragments


def _insert(partial: _Partial, start: int, end: int, data: bytes) -> int:
    """Add what of [start, end) is not covered yet; returns what that costs in memory."""
    pieces = partial.pieces
    fresh: list[tuple[int, int, bytes]] = []
    base = start
    at = len(pieces)
    if pieces and start < pieces[-1][1]:
        at = next(i for i, piece in enumerate(pieces) if piece[1] > start)
    index = at
    while start < end:
        until = min(end, pieces[index][0]) if index < len(pieces) else end
        if until > start:
            fresh.append((start, until, data[start - base : until - base]))
        if index >= len(pieces):
            break
        start = max(start, pieces[index][1])
        index += 1
    pieces[at:index] = sorted(pieces[at:index] + fresh)
    partial.covered += sum(piece[1] - piece[0] for piece in fresh)
    return sum(len(piece[2]) + _OVERHEAD for piece in fresh)


def _joined(pieces: list[tuple[int, int, bytes]]) -> bytes:
    parts: list[bytes] = []
    for start, end, data in pieces:
        parts.append(data)
        if len(data) < end - start:
            break
    return b"".join(parts)
