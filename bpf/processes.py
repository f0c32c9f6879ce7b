"""Who it was: processes by pid, remembered after they have ended, and found by name, container or descent."""

import os
import pwd
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from pxcap.bpf import procfs
from pxcap.bpf.cmdline import command_line
from pxcap.bpf.containers import Container, cgroup_path, container_of
from pxcap.core.text import to_text

CAPACITY = 8192  # processes remembered, each about 1 KiB and at most some more than its command line
_NODE_LIMIT = 64  # characters; Linux allows a host name no more
_COMM = 15  # bytes of a name that the kernel keeps


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it was when it was looked at; what could not be read is empty.

    Attributes:
        start_ticks: When it started, in ticks since the machine did: with the pid, what makes it one of its kind.
        start_ns: The same in ns since the epoch, exact to a tick (10 ms).
        uid: Effective user; None when not known. `user` is its name on this machine (containers have their own), else
            the number.
        cmdline: Without secrets, bounded.
        netns: Inode of its network namespace; 0 when not known.
        node: Host name of the machine.
    """

    pid: int
    start_ticks: int
    start_ns: int
    ppid: int
    uid: int | None
    user: str
    comm: str
    cmdline: str
    exe: str
    cgroup: str
    container: Container | None
    netns: int
    node: str

    @property
    def upid(self) -> str:
        """`NODE:PID:START`, the same in every table."""
        return f"{self.node}:{self.pid}:{self.start_ticks}"

    def row(self) -> tuple[object, ...]:
        """The row for the table `PROCESSES`."""
        inside = self.container or Container("", "")
        who = (self.pid, self.ppid, self.comm, self.cmdline, self.exe, self.uid, self.user)
        return (self.start_ns, self.upid, *who, inside.id, inside.runtime, inside.pod_uid, self.node)


class ProcessTable:
    """Processes by pid, the least recently asked for forgotten beyond `capacity`.

    Args:
        root: Where procfs is mounted.
        capacity: Processes remembered.
        node: Name of the machine; the host name when empty.
        boot_ns: When the machine started, ns since the epoch; taken from the clocks when None.
    """

    def __init__(
        self, root: Path | str = procfs.PROC, capacity: int = CAPACITY, node: str = "", boot_ns: int | None = None
    ) -> None:
        self._root = Path(root)
        self._capacity = capacity
        self._node = (node or socket.gethostname())[:_NODE_LIMIT].replace(":", "_")
        now = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self._boot_ns = now if boot_ns is None else boot_ns
        self._known: OrderedDict[tuple[int, int], Process] = OrderedDict()
        self._latest: dict[int, int] = {}

    def get(self, pid: int, start: int | None = None) -> Process | None:
        """The process of that pid (of the whole process, not of a thread); None when there is and was none.

        With `start`, in ticks, only the process that began then, and one that is remembered is not looked at again.
        Without, the process that has the pid now, looked at again when its name has changed, or the last that had it.
        """
        if start is not None and (known := self._recall(pid, start)):
            return known
        stat = procfs.read_stat(pid, self._root)
        if stat is None:
            last = self._latest.get(pid) if start is None else None
            return None if last is None else self._recall(pid, last)
        if start is not None and stat.start_ticks != start:
            return None
        known = self._recall(pid, stat.start_ticks)
        return known if known and known.comm == stat.comm else self._look(pid, stat)

    def ended(self, pid: int, start_boot_ns: int, uid: int, comm: bytes, args: bytes) -> Process:
        """Remember a process that has ended before it could be looked at, by what the kernel told of it.

        One that waits for its parent to take note has no command line any more: of it, that alone is new.

        Args:
            pid: Its number.
            start_boot_ns: When it started, in ns since the machine did.
            uid: Its user.
            comm: Its name, as the kernel keeps it.
            args: Its arguments, as they lay in its memory.
        """
        ticks = start_boot_ns * procfs.TICKS // 1_000_000_000
        cmdline = command_line(args)
        if known := self._recall(pid, ticks):
            process = replace(known, cmdline=cmdline)
        else:
            process = Process(
                pid=pid,
                start_ticks=ticks,
                start_ns=self._boot_ns + ticks * (1_000_000_000 // procfs.TICKS),
                ppid=0,
                uid=uid,
                user=_user(uid),
                comm=to_text(comm.split(b"\0")[0]),
                cmdline=cmdline,
                exe="",
                cgroup="",
                container=None,
                netns=0,
                node=self._node,
            )
        self._keep(process)
        return process

    def refresh(self, pid: int) -> Process | None:
        """Look at the process again, as it has begun another program; None when it has ended."""
        stat = procfs.read_stat(pid, self._root)
        return None if stat is None else self._look(pid, stat)

    def named(self, pattern: str) -> set[int]:
        """Processes whose name, or whose program's file name, is or matches the pattern (`nginx`, `postgres*`)."""
        return self._where(lambda pid: self._is_named(pid, pattern))

    def in_container(self, which: str) -> set[int]:
        """Processes in the container whose id begins so, in the pod of that UID, or in all of a runtime (`docker`)."""
        return self._where(lambda pid: self._is_in(pid, which)) if which else set()

    def is_in_container(self, pid: int, containers: Iterable[str]) -> bool:
        """Whether a process is in one of the containers, given as for `in_container`."""
        return any(self._is_in(pid, which) for which in containers if which)

    def descendants(self, pid: int) -> set[int]:
        """The processes it started, those they started, and so on; without itself."""
        children: dict[int, list[int]] = {}
        for child in procfs.pids(self._root):
            if stat := procfs.read_stat(child, self._root):
                children.setdefault(stat.ppid, []).append(child)
        found: set[int] = set()
        left = [pid]
        while left:
            new = set(children.get(left.pop(), ())) - found - {pid}
            found |= new
            left += new
        return found

    def _where(self, holds: Callable[[int], bool]) -> set[int]:
        return {pid for pid in procfs.pids(self._root) if holds(pid)}

    def _is_named(self, pid: int, pattern: str) -> bool:
        stat = procfs.read_stat(pid, self._root)
        if stat is None:
            return False
        cut = len(stat.comm.encode()) == _COMM and pattern.startswith(stat.comm)
        return cut or fnmatchcase(stat.comm, pattern) or fnmatchcase(os.path.basename(self._exe(pid)), pattern)

    def _is_in(self, pid: int, which: str) -> bool:
        container = container_of(to_text(procfs.read_file(pid, "cgroup", self._root)))
        return container is not None and (
            container.id.startswith(which) or which in (container.runtime, container.pod_uid)
        )

    def _exe(self, pid: int) -> str:
        return procfs.read_link(pid, "exe", self._root).removesuffix(" (deleted)")

    def _recall(self, pid: int, start: int) -> Process | None:
        known = self._known.get((pid, start))
        if known:
            self._known.move_to_end((pid, start))
        return known

    def _look(self, pid: int, stat: procfs.Stat) -> Process:
        process = self._read(pid, stat)
        again = procfs.read_stat(pid, self._root)
        while again and again.start_ticks != process.start_ticks:  # another took the pid while this one was read
            process = self._read(pid, again)
            again = procfs.read_stat(pid, self._root)
        self._keep(process)
        return process

    def _keep(self, process: Process) -> None:
        key = (process.pid, process.start_ticks)
        self._known[key] = process
        self._known.move_to_end(key)
        self._latest[process.pid] = process.start_ticks
        if len(self._known) > self._capacity:
            (pid, start), _ = self._known.popitem(last=False)
            if self._latest[pid] == start:
                del self._latest[pid]

    def _read(self, pid: int, stat: procfs.Stat) -> Process:
        cgroup = to_text(procfs.read_file(pid, "cgroup", self._root))
        uid = procfs.parse_uid(procfs.read_file(pid, "status", self._root))
        return Process(
            pid=pid,
            start_ticks=stat.start_ticks,
            start_ns=self._boot_ns + stat.start_ticks * (1_000_000_000 // procfs.TICKS),
            ppid=stat.ppid,
            uid=uid,
            user="" if uid is None else _user(uid),
            comm=stat.comm,
            cmdline=command_line(procfs.read_file(pid, "cmdline", self._root)),
            exe=self._exe(pid),
            cgroup=cgroup_path(cgroup),
            container=container_of(cgroup),
            netns=procfs.netns(pid, self._root),
            node=self._node,
        )


@lru_cache(4096)
def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid)
