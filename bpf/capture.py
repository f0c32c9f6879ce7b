"""The loop of a live capture: take what came, hand rows on, keep totals, stay within limits, until asked to stop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pxcap.core.connection import Connection
from pxcap.core.pipeline import Pipeline

IDLE = 0.1  # seconds between two rounds, at most: what many have brought costs less than the same in smaller parts
SHARE = 1 / 8  # of the kernel's buffer, to be filled between two rounds, at most
HAND_OVER = 0.5  # seconds a row may wait for its batch
TOTALS = 10.0  # seconds between two rows of conn_stats for the same connections


class Source(Protocol):
    """Where live bytes come from. It feeds the connections it makes; nothing of it blocks.

    Attributes:
        filled: Share of the kernel's buffer that had filled when it was polled last.
    """

    filled: float

    @property
    def now(self) -> int:
        """The present, ns since the epoch, on the clock of its records."""

    def poll(self) -> int:
        """Take what has come since the last time; gives how many events that were."""

    def alive(self) -> Iterator[Connection]:
        """The connections that go on."""

    def losses(self) -> dict[str, int]:
        """What was lost or could not be seen so far, by name."""

    def shed(self, level: int) -> None:
        """Leave out so many of 256 new connections from now on."""

    def finish(self) -> int:
        """Take what is left, end every connection and let go of the kernel; gives how many events were left."""


class Limits(Protocol):
    """Watches what the capture takes of the machine; says how much of the load is to be left out."""

    def level(self, filled: float) -> int:
        """Of 256 connections, how many to leave out now; `filled` is the source's."""


@dataclass(frozen=True, slots=True)
class State:
    """How a capture stands: seconds since its beginning, events and records so far, connections left out of 256."""

    seconds: float
    events: int
    records: int
    shed: int


def capture(
    source: Source,
    pipeline: Pipeline,
    wait: Callable[[float], bool],
    duration: float | None = None,
    limits: Limits | None = None,
    tell: Callable[[State], None] | None = None,
    ending: Callable[[], None] = lambda: None,
) -> State:
    """Capture until asked to stop, or for `duration` seconds.

    Args:
        source: Open already; finished when this returns, or raises.
        pipeline: The one the source feeds.
        wait: Sleeps so many seconds, less when the stop is asked for; gives whether it was.
        duration: Seconds; None for no end.
        limits: None for none.
        tell: Called at each round.
        ending: Called when the stop was asked for, or something is raised, before what is left is taken.

    Returns:
        How it stood at the end.
    """
    begun = time.monotonic()
    handed = totalled = polled = begun
    events = shed = 0
    try:
        while True:
            before, polled = polled, time.monotonic()
            events += source.poll()
            now = time.monotonic()
            if now - handed >= HAND_OVER:
                pipeline.flush()
                handed = now
            if now - totalled >= TOTALS:
                pipeline.write_totals(source.now, source.alive())
                totalled = now
            if limits is not None and (level := limits.level(source.filled)) != shed:
                source.shed(level)
                shed = level
            if tell is not None:
                tell(State(now - begun, events, pipeline.records(), shed))
            left = pause(source.filled, polled - before, now - polled)
            if duration is not None:
                if now >= begun + duration:
                    break
                left = min(left, begun + duration - now)
            if wait(left):
                break
    finally:
        ending()
        events += source.finish()
        pipeline.write_totals(source.now, ())
        pipeline.flush()
    return State(time.monotonic() - begun, events, pipeline.records(), shed)


def pause(filled: float, within: float, spent: float) -> float:
    """Seconds until the next round: while what comes goes on to come as fast, SHARE of the buffer fills meanwhile.

    Args:
        filled: Share of the kernel's buffer that filled between the last round and the one before.
        within: Seconds between these two.
        spent: Seconds since the last round began.
    """
    if filled * IDLE <= SHARE * within:
        return max(0.0, IDLE - spent)
    return max(0.0, SHARE * within / filled - spent)
