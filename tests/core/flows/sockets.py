"""What the kernel's sockets would have told: events of streams, and windows made of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from pxcap.core.flows.streams import DATA, END, SENT, StreamWindow


@dataclass(frozen=True)
class Event:
    """Bytes that a call moved; `size` says how many when not all were carried."""

    stream: int
    direction: int
    pos: int
    data: bytes
    time: int
    size: int
    kind: int = DATA


@dataclass
class Sockets:
    """Writes down what is sent and received, with positions as the kernel counts them."""

    events: list[Event] = field(default_factory=list)
    pos: dict[tuple[int, int], int] = field(default_factory=dict)
    time: int = 0

    def move(self, direction: int, data: bytes, stream: int = 1, carried: int | None = None, seen: bool = True) -> None:
        """A call moves bytes; of a long one only the first are `carried`, and one that found no room is not `seen`."""
        self.time += 1
        pos = self.pos.get((stream, direction), 0)
        self.pos[stream, direction] = pos + len(data)
        if seen:
            self.events.append(Event(stream, direction, pos, data[:carried], self.time, len(data)))

    def end(self, direction: int, stream: int = 1) -> None:
        self.time += 1
        pos = self.pos.get((stream, direction), 0)
        self.events.append(Event(stream, direction, pos, b"", self.time, 0, END))

    def mark(self, kind: int, direction: int = SENT, stream: int = 1) -> None:
        """Say of what follows that it is the plain text inside TLS."""
        pos = self.pos.get((stream, direction), 0)
        self.events.append(Event(stream, direction, pos, b"", self.time, 0, kind))

    def total(self, direction: int, stream: int = 1) -> int:
        return self.pos.get((stream, direction), 0)


def cut(event: Event, sizes: Iterable[int]) -> list[Event]:
    """The same bytes moved by several calls at the same time."""
    parts, at = [], 0
    for size in sizes:
        part = event.data[at : at + size]
        if part:
            parts.append(Event(event.stream, event.direction, event.pos + at, part, event.time, len(part)))
        at += len(part)
    rest = event.data[at:]
    if rest or not parts:
        parts.append(Event(event.stream, event.direction, event.pos + at, rest, event.time, len(rest), event.kind))
    return parts


def window(events: Iterable[Event]) -> StreamWindow:
    """Their bytes lie one behind the other, with something in between, as records have heads."""
    found = list(events)
    buf, starts = b"", []
    for event in found:
        buf += b"head"
        starts.append(len(buf))
        buf += event.data
    return StreamWindow(
        buf,
        np.array([event.time for event in found], np.int64),
        np.array([event.stream for event in found], np.uint64),
        np.array([event.direction for event in found], np.uint8),
        np.array([event.kind for event in found], np.uint8),
        np.array([event.pos for event in found], np.int64),
        np.array([event.size for event in found], np.int64),
        np.array(starts, np.int64),
        np.array([len(event.data) for event in found], np.int64),
    )
