"""`pxcap capture` beside a load: started before it, given time to take what is left, stopped, and asked what it took."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PXCAP = Path(sys.executable).with_name("pxcap")
READY = "pxcap: capturing"
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_CALM = 0.25  # seconds over which a capture that took less than `_CALM_CPU` of CPU time has nothing left to do
_CALM_CPU = 2 * _TICK
_DRAIN_SECONDS = 60.0
_STOP_SECONDS = 60.0  # a capture that had no processor has all of it to do yet


@dataclass(slots=True)
class Watched:
    """A running capture, and what came of it once it has ended.

    Attributes:
        pid: Its process.
        database: Its store, an SQLite file.
        events: That it took from the kernel.
        cpu: Seconds of user and system time, all threads, from `begin` until it had no more to do.
        complaints: What it said was lost, not seen or not stored.
    """

    pid: int
    database: Path
    events: int = 0
    cpu: float = 0.0
    complaints: list[str] = field(default_factory=list)
    _before: float = 0.0

    def begin(self) -> None:
        """Count CPU time from now on; until it is called, from when the capture was ready."""
        self._before = cpu_seconds(self.pid)

    def end(self) -> None:
        """Wait until the capture has nothing left to do, and count no more."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        calm, before = 0, cpu_seconds(self.pid)
        while calm < 4 and time.monotonic() < deadline:  # rows wait for their batch, and batches for their commit
            time.sleep(_CALM)
            now = cpu_seconds(self.pid)
            calm = calm + 1 if now - before <= _CALM_CPU and not runnable(self.pid) else 0
            before = now
        self.cpu = before - self._before

    def records(self, table: str, port: int) -> tuple[int, int]:
        """Records of a server's port: those seen by the server, and those seen by its clients."""
        sides = "coalesce(sum(local_port = ?), 0), coalesce(sum(remote_port = ?), 0)"
        with closing(sqlite3.connect(self.database)) as connection:
            server, clients = connection.execute(f"SELECT {sides} FROM {table}", (port, port)).fetchone()
        return int(server), int(clients)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, with its threads, in steps of a hundredth (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def runnable(pid: int) -> bool:
    """Whether a thread of a process runs, or would if it had a processor (proc(5), field 3)."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has just ended
            if (task / "stat").read_text().rpartition(")")[2].split()[0] == "R":
                return True
    return False


@contextmanager
def watching(arguments: Sequence[str], work: Path) -> Iterator[Watched]:
    """Run `pxcap capture` with these arguments while the block runs, from when it is ready.

    It is stopped once it has taken what the block left behind; only then has the object its figures.

    Raises:
        RuntimeError: It cannot capture here, or fails; with what it said.
    """
    database = work / "watched.db"
    command = [str(PXCAP), "capture", *arguments, "--store", f"sqlite:///{database}", "-o", "json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _await_ready(process)
        watched = Watched(process.pid, database)
        watched.begin()
        yield watched
        watched.end()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=_STOP_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
    found = re.search(r"^(\d+) events? of ", said, re.MULTILINE)
    if process.returncode not in (0, 1) or found is None:
        raise RuntimeError(_last(said))
    watched.events = int(found[1])
    watched.complaints = [line.removeprefix("pxcap: ") for line in said.splitlines() if line.startswith("pxcap: ")]


def _await_ready(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        if line.startswith(READY):
            return
        said.append(line)
    raise RuntimeError(_last("".join(said)))


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[-1] if lines else "pxcap capture said nothing")
