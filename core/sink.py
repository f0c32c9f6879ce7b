"""Where records go. The core knows this shape only: a database provides one, and so does a list in memory."""

from collections.abc import Sequence
from typing import Protocol

from pxcap.core.protocol import Row


class Sink(Protocol):
    """Takes rows in column order of the named table."""

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Accept rows; may block (that is the back-pressure) and may batch.

        Raises:
            StoreError: They cannot be written, now or on retry.
        """


class KeepingSink(Sink, Protocol):
    """A sink that never gives rows up by itself: when a call raises StoreAway, what it was given is held all the same."""

    def flush(self) -> None:
        """Store everything held, and return when other processes can see it.

        Raises:
            StoreAway: Not now; a later call tries again.
        """

    def held(self) -> dict[str, int]:
        """Rows accepted and not yet stored, by table; empty when there are none."""

    def close(self) -> None:
        """Try once more to store what is held, and let go of the database.

        Raises:
            StoreError: What was held could not be stored, and is given up.
        """


class MemorySink:
    """Keeps rows in lists by table name; for tests, conformance and small replays."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = {}

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Append the rows."""
        self.tables.setdefault(table, []).extend(rows)
