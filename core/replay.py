"""Replay captures: file to packets to connections to records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pxcap.core.capture import CaptureReader
from pxcap.core.errors import CaptureError, StoreError
from pxcap.core.flows.distribute import distribute
from pxcap.core.flows.table import FlowTable
from pxcap.core.packets import PacketWindow
from pxcap.core.pipeline import Options, Pipeline, TableCount
from pxcap.core.registry import Registry
from pxcap.core.sink import Sink

if TYPE_CHECKING:
    from pxcap.core.workers.pool import Pool
    from pxcap.core.workers.remote import RemoteFlows

ReplayOptions = Options


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay came: bytes of all files read and in all (None when a stream is among them)."""

    done_bytes: int
    total_bytes: int | None
    packets: int
    records: int


@dataclass(slots=True)
class ReplayReport:
    """What a replay did.

    Attributes:
        tables: Per table: records, places that could not be parsed, payload bytes the capture did not hold.
        packets, bytes: TCP and UDP packets and payload taken from the files.
        connections: TCP connections and UDP flows.
        unrecognised: Those of them whose protocol no plugin knew.
        skipped: Packets that are not TCP or UDP over IP, by reason.
        warnings: What the person should know, a line each.
        errors: Malformed input by protocol and name.
        plugin_failures: Exceptions plugins raised, each having cost its connection the rest of its records.
        failed: Files that could not be read, with the error; the other files were replayed.
        missing: Records that workers could not store, by table.
        reasons: Why, in words with counts.
    """

    tables: dict[str, TableCount] = field(default_factory=dict)
    packets: int = 0
    bytes: int = 0
    connections: int = 0
    unrecognised: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    plugin_failures: dict[str, int] = field(default_factory=dict)
    failed: list[CaptureError] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


def replay(
    sources: Sequence[str],
    registry: Registry,
    sink: Sink,
    options: ReplayOptions,
    progress: Callable[[Progress], None] | None = None,
    pool: "Pool | None" = None,
) -> ReplayReport:
    """Replay files (`-` is standard input) one after the other, each with connections of its own.

    Args:
        sources: File names.
        registry: The protocols.
        sink: Takes the rows; prepared for `registry.tables()`.
        options: What the person chose.
        progress: Called after every window of a capture.
        pool: Workers that connections are parsed and stored by, closed in the end; None: it is done here.

    Returns:
        The report; a file that cannot be read is in `failed`, the others are replayed all the same.

    Raises:
        UsageError: `options` names an unknown protocol.
        StoreError: The sink cannot take rows.
        WorkerError: A worker ended too early; what the others had is stored.
    """
    if pool is None:
        return _replay(sources, Pipeline(registry, sink, options), progress)
    from pxcap.core.workers.pipeline import PooledPipeline
    from pxcap.core.workers.remote import RemoteFlows

    shared = PooledPipeline(pool, registry, sink, options)
    try:
        report = _replay(sources, shared, progress, lambda: RemoteFlows(pool))
    finally:
        outcome = shared.close(None)
    if pool.failure is not None:  # of one that ended when all was read already
        raise pool.failure
    report.missing, report.reasons = outcome.missing, outcome.reasons
    report.connections, report.unrecognised = shared.connections, shared.unrecognised
    return report


def _replay(
    sources: Sequence[str],
    pipeline: Pipeline,
    progress: Callable[[Progress], None] | None,
    remote: "Callable[[], RemoteFlows] | None" = None,
) -> ReplayReport:
    report = ReplayReport(pipeline.tables, errors=pipeline.errors, plugin_failures=pipeline.plugin_failures)
    total = _total(sources)
    done = 0
    for source in sources:
        flows = remote() if remote else FlowTable(pipeline)
        try:
            with CaptureReader(source) as reader:

                def tell(reader: CaptureReader = reader, done: int = done) -> None:
                    if progress is not None:
                        progress(Progress(done + reader.position, total, report.packets, pipeline.records()))

                try:
                    _play(reader, flows, pipeline, report, tell)
                finally:
                    done += reader.position
                    for reason, count in reader.skipped.items():
                        report.skipped[reason] = report.skipped.get(reason, 0) + count
                    report.warnings += [f"{source}: {warning}" for warning in reader.warnings]
        except CaptureError as err:
            report.failed.append(err)
        if flows.evicted:
            report.warnings.append(
                f"{source}: {flows.evicted} connections were open at once beyond the limit and were cut short"
            )
    report.connections = pipeline.connections
    report.unrecognised = pipeline.unrecognised
    return report


def _play(
    reader: CaptureReader,
    flows: "FlowTable | RemoteFlows",
    pipeline: Pipeline,
    report: ReplayReport,
    tell: Callable[[], None],
) -> None:
    """Take all windows of a capture; what was read before an error or Ctrl-C is written, unless writing is the error."""
    take: Callable[[PacketWindow], None] = partial(distribute, flows) if isinstance(flows, FlowTable) else flows.take
    writable = True
    try:
        for window in reader.windows():
            take(window)
            report.packets += len(window)
            report.bytes += int(window.size.sum())
            tell()
    except StoreError:
        writable = False  # it was tried for as long as it may be
        raise
    finally:
        if writable:
            flows.finish()
            pipeline.write_totals(flows.now)
            pipeline.flush()


def _total(sources: Sequence[str]) -> int | None:
    """Bytes of all files, None when a stream is among them; a file that is not there counts nothing."""
    total = 0
    for source in sources:
        path = Path(source)
        if source == "-" or path.is_fifo():
            return None
        total += path.stat().st_size if path.is_file() else 0
    return total
