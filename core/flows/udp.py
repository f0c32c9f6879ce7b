"""UDP: datagrams keep their edges, and one that a capture shows twice counts once."""

from itertools import accumulate

from pxcap.core.connection import Connection
from pxcap.core.packets import PacketWindow
from pxcap.core.stream import Chunk

_TWICE = 10_000_000  # ns within which an equal datagram with the same IP identification is the same packet
_TWICE_ANY = 100_000_000  # the same, when the second was seen at another place of a capture on all interfaces
_REMEMBERED = 64  # recent datagrams of a flow compared


class UdpFlow:
    """Datagrams between two endpoints.

    Attributes:
        compare: Datagrams may be there twice: compare each with the recent ones.
        last: Time of the newest, ns since the epoch.
        over: The flow was finished.
    """

    __slots__ = ("_offsets", "_recent", "compare", "connection", "last", "over")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.compare = False
        self.over = False
        self.last = 0
        self._offsets = [0, 0]
        self._recent: dict[tuple[int, int, bytes], tuple[int, set[int]]] = {}

    def take(
        self,
        direction: int,
        window: PacketWindow,
        indices: list[int],
        starts: list[int],
        sizes: list[int],
        wires: list[int],
        times: list[int],
    ) -> None:
        """Hand on datagrams of one direction; the lists are their columns, `indices` their places in the window."""
        buf = window.buf
        parts = [buf[start : start + size] for start, size in zip(starts, sizes, strict=True)]
        if self.compare:
            fresh = self._fresh(direction, window, indices, parts, times)
            parts = [parts[i] for i in fresh]
            sizes, wires, times = ([column[i] for i in fresh] for column in (sizes, wires, times))
            if not parts:
                return
        self.last = max(self.last, times[-1])
        offset = self._offsets[direction]
        total = sum(sizes)
        self._offsets[direction] += total
        cut = None
        if sizes != wires:
            cut = {i: wire - size for i, (size, wire) in enumerate(zip(sizes, wires, strict=True)) if wire > size}
            self.connection.lost[direction] += sum(cut.values())
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self.connection.data(direction, Chunk(data, offset, list(accumulate(sizes[:-1], initial=offset)), times, cut))

    def finish(self, time: int) -> None:
        """End the flow: nothing came for long, or the capture is over."""
        self.over = True
        self.connection.finish(time, closed=False)

    def _fresh(
        self, direction: int, window: PacketWindow, indices: list[int], parts: list[bytes], times: list[int]
    ) -> list[int]:
        """Places of the datagrams not seen before."""
        recent = self._recent
        ids = window.ipid[indices].tolist()
        tags = window.tag[indices].tolist()
        fresh: list[int] = []
        for at, part in enumerate(parts):
            tag = tags[at]
            key = (direction, ids[at], part)
            known = recent.get(key)
            if known is not None:
                elapsed = times[at] - known[0]
                if tag not in known[1]:
                    if elapsed <= _TWICE_ANY:
                        known[1].add(tag)
                        continue
                elif ids[at] and elapsed <= _TWICE and not tag:
                    continue
            if len(recent) >= _REMEMBERED:
                del recent[next(iter(recent))]
            recent[key] = (times[at], {tag})
            fresh.append(at)
        return fresh
