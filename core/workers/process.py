"""The process of a worker: a copy of this one where that is safe, for loading takes half a second; else a new one."""

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn, Protocol

Late = subprocess.TimeoutExpired
_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from pxcap.core.collection import rare_collection
with rare_collection():
    from pxcap.core.workers.worker import main
    status = main(int(sys.argv[2]), int(sys.argv[3]))
sys.exit(status)
"""
_TASKS = Path("/proc/self/task")
_BEAT = 0.01  # seconds between two looks at whether it has ended


class Process(Protocol):
    """As `subprocess.Popen`."""

    pid: int

    def kill(self) -> None:
        """End it now."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; gives its exit status, below zero a signal's number.

        Raises:
            Late: It has not ended in so many seconds.
        """


class Copy:
    """A copy of this process, by fork(2)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def kill(self) -> None:
        """See `Process`."""
        if self._status is None:
            os.kill(self.pid, 9)

    def wait(self, timeout: float | None = None) -> int:
        """See `Process`."""
        end = None if timeout is None else time.monotonic() + timeout
        while self._status is None:
            pid, status = os.waitpid(self.pid, 0 if end is None else os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            elif end is not None and time.monotonic() > end:
                raise Late("worker", timeout or 0.0)
            else:
                time.sleep(_BEAT)
        return self._status


def begin(incoming: int, outgoing: int, held: Iterable[int]) -> Process:
    """Start a worker; signals must be blocked.

    Args:
        incoming: The pipe it reads.
        outgoing: The pipe it writes to.
        held: Pipes of this process and of other workers, of which it may hold none: they end when their holders do.

    Raises:
        OSError: This machine has no room for another process.
    """
    # A copy has one thread only: what others held at that moment would be held for ever.
    if len(list(_TASKS.iterdir())) > 1:
        command = [sys.executable, "-P", "-c", _BOOT, json.dumps(sys.path), str(incoming), str(outgoing)]
        return subprocess.Popen(command, pass_fds=(incoming, outgoing), stdin=subprocess.DEVNULL)
    if pid := os.fork():
        return Copy(pid)
    _work(incoming, outgoing, held)


def _work(incoming: int, outgoing: int, held: Iterable[int]) -> NoReturn:
    """Be the worker. Nothing of this process is ended in order: it all belongs to the one this is a copy of."""
    status = 1
    try:
        for pipe in held:
            os.close(pipe)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        from pxcap.core.workers.worker import main

        status = main(incoming, outgoing)
    except BaseException:  # noqa: BLE001 - whatever it is, it goes no further
        traceback.print_exc()
    finally:
        os._exit(status)
