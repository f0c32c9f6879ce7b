"""What the capture itself takes: CPU time and memory of its processes, from /proc."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_UTIME, _STIME, _RSS = 11, 12, 21  # fields of /proc/PID/stat behind the name (proc(5): 14, 15 and 24)


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU time so far in seconds (in steps of a hundredth), and resident memory in bytes.

    Memory that processes share, such as a ring of the kernel's, counts in each of them. The time probes take inside the
    traced processes is theirs, and not in it.
    """

    cpu_seconds: float
    rss: int


def read_usage(workers: Iterable[int] = ()) -> Usage:
    """The sum over this process and its workers, given by pid; one that has ended counts nothing."""
    seconds, rss = 0.0, 0
    for pid in (os.getpid(), *workers):
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = stat.rpartition(b")")[2].split()  # the name before may hold blanks and parentheses
        seconds += (int(fields[_UTIME]) + int(fields[_STIME])) * _TICK
        rss += int(fields[_RSS]) * _PAGE
    return Usage(seconds, rss)
