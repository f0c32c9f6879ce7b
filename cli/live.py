"""What `pxcap capture` does: choose a source, put a buffer before the store, run the loop, tell how it went."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pxcap.bpf.capture import Source, State, capture
from pxcap.bpf.rights import drop
from pxcap.bpf.saved.file import SaveFile
from pxcap.bpf.saved.sockets import SavedSockets
from pxcap.bpf.usage import read_usage
from pxcap.cli.counts import counted, print_counts, print_notices
from pxcap.cli.errors import FAILED
from pxcap.cli.interrupt import Stop, catch_stop
from pxcap.cli.outlet import FOR_FILES
from pxcap.cli.output import notice
from pxcap.cli.parsing import Parsing
from pxcap.cli.priority import TO_RESTORE, Priority
from pxcap.cli.progress import live_line
from pxcap.core.buffered import MEBIBYTE
from pxcap.core.columns import CONNECTIONS, PROCESSES
from pxcap.core.errors import CaptureError, UsageError
from pxcap.core.pipeline import Options
from pxcap.core.registry import Registry
from pxcap.core.shedding import Governor
from pxcap.store import open_store

if TYPE_CHECKING:
    from pxcap.bpf.processes import Process
    from pxcap.bpf.source import SocketSource
    from pxcap.cli.options import Format

_BPF_ONLY = {"pids": "--pid", "commands": "--command", "containers": "--container", "tls": "--tls"}
_PACKET_ONLY = {"interfaces": "--interface", "expression": "--filter", "netns": "--netns"}
_MORE = (PROCESSES, CONNECTIONS)
_FOR_SOCKETS = FOR_FILES | TO_RESTORE | {"CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_BPF", "CAP_NET_ADMIN"}
_FOR_TLS = _FOR_SOCKETS | {"CAP_PERFMON", "CAP_SYS_ADMIN"}  # new processes bring new libraries to attach to
_STORE_SECONDS = 1.5  # of the two within which a capture ends, how long the store may take


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to capture and how; as the options of `pxcap capture` say."""

    source: str = "auto"
    ports: frozenset[int] = frozenset()
    pids: tuple[int, ...] = ()
    commands: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    expression: str = ""
    netns: str | None = None
    tls: bool = False
    ring_mib: int = 32
    write: Path | None = None
    duration: float | None = None
    buffer: int = 64 * MEBIBYTE
    cpu_limit: float | None = None
    memory_limit: int | None = None
    workers: int = 1


def run(wishes: Wishes, registry: Registry, options: Options, store: str, output: "Format") -> None:
    """Capture until told to stop, and print what came of it.

    Raises:
        UsageError: The wishes do not fit each other.
        CaptureError: This machine or user cannot do it.
        StoreError: The store cannot be made.
    """
    chosen = choose(wishes)
    priority = Priority()
    with catch_stop() as stop, open_store(store) as opened:
        opened.prepare((*registry.tables(), *_MORE))
        parsing = Parsing(registry, options, store, _MORE, wishes.buffer, wishes.workers, stop, _warn)
        pipeline = parsing.pipeline
        try:
            source, by = _open(chosen, wishes, parsing)
            parsing.ready()
            priority.lower(parsing.pids)
            what = f" on port {', '.join(map(str, sorted(wishes.ports)))}" if wishes.ports else ""
            notice(f"pxcap: capturing{what} by {by} into {opened.url}; Ctrl-C stops")
            done = _capture(source, parsing, wishes, stop, lambda: priority.restore(parsing.pids))
        finally:
            outcome = parsing.close(_STORE_SECONDS)
        print_counts(pipeline.tables, outcome.missing, output)
        kinds = {"not parsed": pipeline.errors, "plugin failed": pipeline.plugin_failures}
        print_notices(kinds | {"not stored": outcome.reasons, "not seen": source.losses() | parsing.losses()})
        for table, count in outcome.dropped.items():
            notice(f"pxcap: not stored: {table}: the store was away or too slow ({count})")
        seen = f"{counted(done.events, 'event')} of {counted(pipeline.connections, 'connection')}"
        notice(f"{seen} in {done.seconds:.1f} s captured into {opened.url}")
    if parsing.failure is not None:
        raise parsing.failure
    if any(outcome.missing.values()):
        raise typer.Exit(FAILED)


def choose(wishes: Wishes) -> str:
    """Bpf or packet.

    Raises:
        UsageError: An option is given that the other source has.
    """
    for_bpf = [option for name, option in _BPF_ONLY.items() if getattr(wishes, name)]
    for_packets = [option for name, option in _PACKET_ONLY.items() if getattr(wishes, name)]
    if for_bpf and (for_packets or wishes.source == "packet"):
        other = for_packets[0] if for_packets else "--source packet"
        raise UsageError(f"{for_bpf[0]} knows processes and {other} knows packets only", "leave out one of them")
    if for_packets and wishes.source == "bpf":
        raise UsageError(f"{for_packets[0]} is about packets, --source bpf is about sockets", "leave out one of them")
    if wishes.tls and not (wishes.pids or wishes.commands or wishes.containers):
        raise UsageError("--tls without a process: reading inside TLS slows whoever uses it", "add --pid or --command")
    if wishes.source != "auto":
        return wishes.source
    if for_packets:
        return "packet"
    return "bpf" if for_bpf else "auto"


def _open(chosen: str, wishes: Wishes, parsing: Parsing) -> tuple[Source, str]:
    """The source, capturing already, and which it is. Rights that opening it took are given up."""
    if chosen != "packet":
        try:
            sockets = _open_sockets(wishes, parsing)
        except CaptureError as error:
            if chosen == "bpf":
                raise
            notice(f"pxcap: packets are captured, not sockets: {error} ({error.hint})")
        else:
            _name_invisible()
            if wishes.write:
                sockets.saved = SavedSockets(SaveFile(wishes.write, _warn))
            drop(_FOR_TLS if wishes.tls else _FOR_SOCKETS)
            return sockets, "bpf"
    from pxcap.bpf.packet.live import PacketCapture
    from pxcap.bpf.packet.source import PacketSource

    packets = PacketSource(wishes.interfaces, wishes.expression, wishes.ports, wishes.netns, wishes.ring_mib)
    file = SaveFile(wishes.write, _warn) if wishes.write else None
    source = PacketCapture(parsing.pipeline, packets, file, parsing.flows())
    drop(FOR_FILES | TO_RESTORE)
    return source, "packet"


def _name_invisible() -> None:
    """Tell which processes may move bytes past the calls that are hooked."""
    from pxcap.bpf.procfs import io_uring_processes, read_stat

    pids = io_uring_processes()
    names = sorted({stat.comm for pid in pids if (stat := read_stat(pid)) is not None})
    if names:
        notice(f"pxcap: not visible: what is moved by io_uring, which {', '.join(names[:10])} may use")


def _open_sockets(wishes: Wishes, parsing: Parsing) -> "SocketSource":
    from pxcap.bpf.features import LENGTHS, by_call, features
    from pxcap.bpf.procfs import read_stat
    from pxcap.bpf.program import Choice
    from pxcap.bpf.source import SocketSource
    from pxcap.bpf.wanted import want

    if wishes.ring_mib & (wishes.ring_mib - 1):
        raise UsageError(f"--ring {wishes.ring_mib}: expected a power of two for --source bpf", "such as --ring 32")
    for pid in wishes.pids:
        if read_stat(pid) is None:
            raise UsageError(f"--pid {pid}: there is no such process", "pgrep -l NAME tells the numbers of processes")
    by_process = bool(wishes.pids or wishes.commands or wishes.containers)

    def met(process: "Process") -> None:
        parsing.pipeline.emit(PROCESSES.name, [process.row()])

    old = by_call(features([f"hook {name}" for name in LENGTHS]))
    choice = Choice(wishes.ports, by_process, wishes.tls, ring_mib=wishes.ring_mib, by_call=old, workers=parsing.pids)
    source = SocketSource(parsing.pipeline, choice, met, _warn, parsing.sockets())
    if by_process:
        want(source, wishes.pids, wishes.commands, wishes.containers)
    return source


def _capture(source: Source, parsing: Parsing, wishes: Wishes, stop: Stop, ending: Callable[[], None]) -> State:
    watch = Watch(Governor(wishes.cpu_limit, wishes.memory_limit), parsing)
    with live_line() as show:
        return capture(source, parsing.pipeline, stop.wait, wishes.duration, watch, show, ending)


class Watch:
    """Measures what the capture takes, and tells the person when the governor changes its mind."""

    def __init__(self, governor: Governor, parsing: Parsing) -> None:
        self._governor = governor
        self._parsing = parsing

    def level(self, filled: float) -> int:
        """The governor's level now; `filled` is how much of the kernel's buffer filled since the last round."""
        before, usage = self._governor.level, read_usage(self._parsing.pids)
        after = self._governor.update(time.monotonic(), usage.cpu_seconds, usage.rss, filled)
        if after != before:
            notice(f"pxcap: {self._governor.describe() or 'all connections are looked at again'}")
        return after


def _warn(message: str, hint: str) -> None:
    notice(f"pxcap: warning: {message}" + (f" ({hint})" if hint else ""))
