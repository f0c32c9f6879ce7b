"""How long threads wanted a processor and had none, as the kernel counts it: a bounded wait need not count those seconds."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LONGEST = 10.0  # seconds a wait becomes longer by, at most

_DELAY = 1  # field of schedstat: ns on a run queue (Documentation/scheduler/sched-stats.rst)


def starved(pid: int, thread: int | None = None) -> float:
    """Seconds so far for which a process's threads, or one of them, were ready to run and others ran.

    The kernel adds a wait when it is over. Nothing where it does not count (CONFIG_SCHED_INFO), or nobody is there.
    """
    tasks = Path(f"/proc/{pid}/task")
    delay = 0
    with suppress(OSError):
        for name in [str(thread)] if thread else os.listdir(tasks):
            with suppress(OSError, IndexError, ValueError):  # one that ended just now, or a kernel that does not count
                delay += int((tasks / name / "schedstat").read_text().split()[_DELAY])
    return delay / 1e9


def since(pid: int, thread: int | None = None) -> Callable[[], float]:
    """Begin to count; gives a function that tells the seconds from here on, LONGEST at most.

    Args:
        pid: The process.
        thread: One of its threads; None for all.
    """
    before = starved(pid, thread)
    return lambda: min(LONGEST, max(0.0, starved(pid, thread) - before))


def since_here() -> Callable[[], float]:
    """`since` for the thread that calls."""
    return since(os.getpid(), threading.get_native_id())
