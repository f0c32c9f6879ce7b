"""A process's own way into the store: that of the only one, or of each parse worker."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pxcap.core.buffered import MEBIBYTE, BufferedSink
from pxcap.core.columns import Table
from pxcap.core.pipeline import Options
from pxcap.core.protocol import Row
from pxcap.core.workers.plan import Outcome, Plan, Tell
from pxcap.store import open_store

if TYPE_CHECKING:
    from pxcap.core.workers.pool import Pool

FOR_FILES = frozenset({"CAP_DAC_OVERRIDE"})  # a store in a folder of the person who called sudo


class BufferedOutlet:
    """A buffer before the store, for what cannot wait.

    Args:
        url: The store, prepared already.
        tables: Those that are written.
        limit: Bytes of rows that may wait.
        tell: Told when the store goes away and comes back.
    """

    def __init__(self, url: str, tables: Sequence[Table], limit: int, tell: Tell) -> None:
        store = open_store(url)
        store.prepare(tables)
        self._writer = store.writer(keep=True, retry_for=0.0)
        self._sink = BufferedSink(self._writer, limit / MEBIBYTE, tell)

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Take rows as far as there is room."""
        self._sink.write(table, rows)

    def close(self, timeout: float | None) -> Outcome:
        """Store what waits, and give up what is not stored in time."""
        missing = self._sink.close(timeout or 0.0)
        for table, count in self._sink.dropped.items():
            missing[table] = max(missing.get(table, 0), count)
        for table, count in self._writer.rejected.items():
            missing[table] = missing.get(table, 0) + count
        return Outcome(missing, dict(self._sink.dropped), dict(self._writer.reasons))


class DirectOutlet:
    """Straight into the store, for what can wait.

    Args:
        url: The store, prepared already.
        tables: Those that are written.
        tell: Nothing is told: what goes wrong is raised.
    """

    def __init__(self, url: str, tables: Sequence[Table], tell: Tell) -> None:
        store = open_store(url)
        store.prepare(tables)
        self._writer = store.writer()

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Store rows, now or with later ones.

        Raises:
            StoreError: They cannot be stored.
        """
        self._writer.write(table, rows)

    def close(self, timeout: float | None) -> Outcome:
        """Store what is held.

        Raises:
            StoreError: It cannot be.
        """
        self._writer.close()
        return Outcome(dict(self._writer.rejected), {}, dict(self._writer.reasons))


def start_workers(workers: int, url: str, tables: Sequence[Table], options: Options) -> "Pool | None":
    """The workers of a replay, ready; None where this process does it all.

    Args:
        workers: How many processes parse; 1 is this one.
        url: The store, prepared already.
        tables: Those that are written.
        options: What the person chose.

    Raises:
        PxcapError: One cannot work.
    """
    if workers == 1:
        return None
    from pxcap.core.workers.pool import Pool

    pool = Pool(workers, Plan(partial(DirectOutlet, url, tables), options), lambda *_: None, patient=True)
    pool.ready()
    return pool
