"""What `/proc` says of one process, read so that a process may end, or give way to another, between any two reads."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pxcap.core.text import to_text

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
"""Clock ticks a second: the unit in which `/proc` counts the start of a process."""
_FILE_LIMIT = 131072  # bytes read of one file: a command line has no bound of its own
_UID = re.compile(rb"^Uid:\s+\d+\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stat:
    """From `/proc/PID/stat`: `start_ticks` counts from the machine's start and tells two users of a pid apart."""

    comm: str
    ppid: int
    start_ticks: int


def parse_stat(content: bytes) -> Stat | None:
    """Read a `/proc/PID/stat`; None when it is not one.

    The name in it may hold spaces and parentheses, so the last parenthesis counts.
    """
    head, _, tail = content.rpartition(b")")
    _, opened, comm = head.partition(b"(")
    fields = tail.split()
    try:
        return Stat(to_text(comm), int(fields[1]), int(fields[19])) if opened else None
    except (IndexError, ValueError):
        return None


def parse_uid(status: bytes) -> int | None:
    """The effective user number in a `/proc/PID/status`."""
    found = _UID.search(status)
    return int(found[1]) if found else None


def start_ticks(boottime_ns: int) -> int:
    """The start of a process as `/proc` counts it, from the kernel's `task_struct.start_boottime`."""
    return boottime_ns // (1_000_000_000 // TICKS)


def pids(root: Path = PROC) -> list[int]:
    """All processes there are now, in order."""
    return sorted(int(name) for name in os.listdir(root) if name.isdecimal())


def read_file(pid: int, name: str, root: Path = PROC) -> bytes:
    """The content of a file of a process; empty when the process has ended or may not be looked at."""
    try:
        with open(root / str(pid) / name, "rb") as file:
            return file.read(_FILE_LIMIT)
    except OSError:
        return b""


def read_link(pid: int, name: str, root: Path = PROC) -> str:
    """Where a link of a process leads; empty when the process has ended or may not be looked at."""
    try:
        return to_text(os.fsencode(os.readlink(root / str(pid) / name)))
    except OSError:
        return ""


def read_stat(pid: int, root: Path = PROC) -> Stat | None:
    """The `Stat` of a process; None when there is no such process."""
    return parse_stat(read_file(pid, "stat", root))


def netns(pid: int, root: Path = PROC) -> int:
    """The inode of the network namespace a process is in; 0 when that is not known."""
    digits = read_link(pid, "ns/net", root).removeprefix("net:[").removesuffix("]")
    return int(digits) if digits.isdecimal() else 0


def fds_of(pid: int, root: Path = PROC) -> dict[int, int]:
    """The sockets a process has open: the inode of each by file descriptor."""
    links = {fd: link[8:-1] for fd, link in _open_files(pid, root) if link.startswith("socket:[")}
    return {fd: int(inode) for fd, inode in links.items() if inode.isdecimal()}


def io_uring_processes(root: Path = PROC) -> list[int]:
    """Processes with an io_uring: what they send and receive through it passes by the system calls unseen."""
    return [pid for pid in pids(root) if any(link == "anon_inode:[io_uring]" for _, link in _open_files(pid, root))]


def _open_files(pid: int, root: Path) -> list[tuple[int, str]]:
    try:
        names = os.listdir(root / str(pid) / "fd")
    except OSError:
        return []
    return [(int(name), read_link(pid, f"fd/{name}", root)) for name in names if name.isdecimal()]
