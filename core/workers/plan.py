"""What a worker is told when it starts, and what it has to say in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pxcap.core.columns import Table
from pxcap.core.pipeline import Options
from pxcap.core.registry import Registry, load_registry
from pxcap.core.sink import Sink

LEAST_SECONDS = 0.4  # to store what is left in, however late it is

Tell = Callable[[str, str], None]


@dataclass(slots=True)
class Outcome:
    """What became of rows that were handed over: those not stored by table, and why, in words with counts."""

    missing: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Outcome") -> None:
        """Take in another's."""
        for mine, its in ((self.missing, other.missing), (self.dropped, other.dropped), (self.reasons, other.reasons)):
            for name, count in its.items():
                mine[name] = mine.get(name, 0) + count


class Outlet(Sink, Protocol):
    """A sink that one worker has for itself."""

    def close(self, timeout: float | None) -> Outcome:
        """Store everything, in so many seconds where that is said; called once, and last."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How workers work. It is pickled, so functions are such that a module has by name, or partial objects of them.

    Attributes:
        outlet: Opens the worker's sink, in the worker; the function it is given tells the person (message, hint).
        options: What the person chose.
        more: Tables besides those of the registry, as for `Pipeline`.
        registry: Finds the protocols, in the worker.
    """

    outlet: Callable[[Tell], Outlet]
    options: Options
    more: tuple[Table, ...] = ()
    registry: Callable[[], Registry] = load_registry


Message = list[Any]
"""What goes through a pipe: a name, then arguments; msgpack can carry it."""
