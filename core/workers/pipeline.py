"""A pipeline whose connections live in workers. Rows of its own (totals, processes) it stores itself."""

from collections.abc import Iterable, Sequence

from pxcap.core.columns import Table
from pxcap.core.connection import Connection
from pxcap.core.pipeline import Options, Pipeline, TableCount
from pxcap.core.registry import Registry
from pxcap.core.sink import Sink
from pxcap.core.workers.plan import Outcome
from pxcap.core.workers.pool import Pool


class PooledPipeline(Pipeline):
    """The pipeline of a run with workers: its counts are complete after `close`.

    Args:
        pool: The workers.
        registry: The protocols.
        sink: Takes the rows made here.
        options: What the person chose; the workers' plan has the same.
        more: Tables besides those of the registry.

    Raises:
        UsageError: `options` names a protocol that is not installed.
    """

    def __init__(
        self, pool: Pool, registry: Registry, sink: Sink, options: Options, more: Sequence[Table] = ()
    ) -> None:
        super().__init__(registry, sink, options, more)
        self.pool = pool
        self._asked_at = 0

    def records(self) -> int:
        """Records made so far, as far as the workers said."""
        return super().records() + self.pool.records

    def flush(self) -> None:
        """Hand everything collected to the sink; workers see to theirs by themselves."""
        self.pool.receive()
        if (totals := self.pool.totals(wait=False)) is not None:
            self.write_sums(self._asked_at, totals, last=False)
        super().flush()

    def write_totals(self, time: int, alive: Iterable[Connection] | None = None) -> None:
        """Have a conn_stats row for every group written: with `alive`, which is known better by the workers, when they have told."""
        self.pool.ask_totals(last=alive is None)
        self._asked_at = time
        if alive is None and (totals := self.pool.totals(wait=True)) is not None:
            self.write_sums(time, totals, last=True)

    def close(self, deadline: float | None) -> Outcome:
        """End the workers and take over what they came to; as `Pool.close`."""
        sums, totals = self.pool.close(deadline)
        if totals:
            self.write_sums(self._asked_at, totals, last=True)
        super().flush()
        for name, count in sums.tables.items():
            mine = self.tables.setdefault(name, TableCount())
            mine.records += count.records
            mine.errors += count.errors
            mine.bytes_lost += count.bytes_lost
        self.errors |= sums.errors
        self.plugin_failures |= sums.plugin_failures
        self.connections += sums.connections
        self.unrecognised += sums.unrecognised
        return sums.outcome
