"""Where a live capture's connections are parsed and stored: in this process, or, with `--workers`, in several."""

import time
from functools import partial
from typing import TYPE_CHECKING

from pxcap.bpf.rights import drop
from pxcap.cli.outlet import FOR_FILES, BufferedOutlet
from pxcap.core.columns import Table
from pxcap.core.errors import PxcapError
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import Registry
from pxcap.core.workers.plan import LEAST_SECONDS, Outcome, Plan, Tell

if TYPE_CHECKING:
    from pxcap.cli.interrupt import Stop
    from pxcap.core.workers.pipeline import PooledPipeline
    from pxcap.core.workers.remote import RemoteDatagrams, RemoteFlows, RemoteStreams


class Parsing:
    """A pipeline and what stands behind it: the way into the store, and workers if there are.

    Attributes:
        pipeline: To be fed; its counts are complete after `close`.
    """

    def __init__(
        self,
        registry: Registry,
        options: Options,
        url: str,
        more: tuple[Table, ...],
        buffer: int,
        workers: int,
        stop: "Stop",
        tell: Tell,
    ) -> None:
        """Begin. Workers start while the caller goes on, until `ready`.

        Args:
            registry: The protocols.
            options: What the person chose.
            url: The store, prepared already.
            more: Tables besides those of the registry.
            buffer: Bytes of rows that may wait for the store, over all processes.
            workers: How many processes parse; 1 is this one.
            stop: Asked for when a worker ends too early.
            tell: Told, as (message, hint), what the person should know.
        """
        tables = (*registry.tables(), *more)
        buffer //= workers
        self._stop = stop
        self._outlet = BufferedOutlet(url, tables, buffer, tell)
        self._pooled = None
        if workers > 1:
            plan = Plan(partial(worker_outlet, url, tables, buffer), options, more)
            self._pooled = _start(workers, plan, tell, stop, registry, self._outlet)
        self.pipeline = self._pooled or Pipeline(registry, self._outlet, options, more)

    @property
    def pids(self) -> tuple[int, ...]:
        """The workers."""
        return tuple(self._pooled.pool.pids) if self._pooled else ()

    @property
    def failure(self) -> PxcapError | None:
        """Why a worker ended too early."""
        return self._pooled.pool.failure if self._pooled else None

    def ready(self) -> None:
        """Wait until the workers have started.

        Raises:
            PxcapError: One could not.
        """
        if self._pooled is not None:
            self._pooled.pool.ready()

    def sockets(self) -> "tuple[RemoteStreams, RemoteDatagrams] | None":
        """Where connections of sockets go; None: into tables of this process."""
        if self._pooled is None:
            return None
        from pxcap.core.workers.remote import RemoteDatagrams, RemoteStreams

        return RemoteStreams(self._pooled.pool), RemoteDatagrams(self._pooled.pool)

    def flows(self) -> "RemoteFlows | None":
        """Where packets go; None: into a table of this process."""
        if self._pooled is None:
            return None
        from pxcap.core.workers.remote import RemoteFlows

        return RemoteFlows(self._pooled.pool)

    def losses(self) -> dict[str, int]:
        """What never came to a worker, by name."""
        return self._pooled.pool.losses() if self._pooled else {}

    def close(self, longest: float) -> Outcome:
        """Store everything, within the time there is: the stop's, and so many seconds at most."""
        outcome = Outcome()
        if self._pooled is not None:
            outcome.add(self._pooled.close(time.monotonic() + min(longest, self._stop.remaining())))
        outcome.add(self._outlet.close(max(LEAST_SECONDS, min(longest, self._stop.remaining()))))
        return outcome


def _start(
    workers: int, plan: Plan, tell: Tell, stop: "Stop", registry: Registry, outlet: BufferedOutlet
) -> "PooledPipeline":
    from pxcap.core.workers.pipeline import PooledPipeline
    from pxcap.core.workers.pool import Pool

    return PooledPipeline(Pool(workers, plan, tell, stop.request), registry, outlet, plan.options, plan.more)


def worker_outlet(url: str, tables: tuple[Table, ...], limit: int, tell: Tell) -> BufferedOutlet:
    """A worker's own way into the store, with no rights but those it takes."""
    drop(FOR_FILES)
    return BufferedOutlet(url, tables, limit, tell)
