"""Which processes are taken in: by number, by name, by container, with their children, and never the capture itself."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from pxcap.bpf.processes import ProcessTable
from pxcap.bpf.procfs import read_stat
from pxcap.bpf.records import Execed
from pxcap.bpf.source import SocketSource
from pxcap.bpf.wanted import want

CONTAINER = "c0ffee" + "0" * 58
CHILD = (
    "import subprocess; child = subprocess.Popen(['sleep', '60']); told = child.pid\ngo()\nchild.kill(); child.wait()"
)


@dataclass
class Program:
    """What the kernel would be told."""

    pids: set[int] = field(default_factory=set)
    commands: tuple[str, ...] = ()

    def want(self, pids: list[int]) -> None:
        self.pids |= set(pids)

    def want_commands(self, names: tuple[str, ...]) -> None:
        self.commands = names


@dataclass
class Source:
    processes: ProcessTable = field(default_factory=ProcessTable)
    program: Program = field(default_factory=Program)
    tls: None = None
    execed: Callable[[Execed], None] | None = None

    def want(self, *pids: int, commands: tuple[str, ...] = (), containers: tuple[str, ...] = ()) -> set[int]:
        count = want(cast(SocketSource, self), pids, commands, containers)
        assert count == len(self.program.pids)
        return self.program.pids


def proc(root: Path, pid: int, ppid: int, cgroup: str = "0::/\n") -> None:
    """A process as procfs shows it."""
    folder = root / str(pid)
    folder.mkdir(parents=True)
    (folder / "stat").write_text(f"{pid} (web) S {ppid} {' '.join(['0'] * 17)} 77 {' '.join(['0'] * 30)}\n")
    (folder / "cgroup").write_text(cgroup)


def test_a_process_is_taken_in_with_its_children(tmp_path: Path) -> None:
    for pid, ppid in ((10, 1), (11, 10), (12, 11), (13, 1)):
        proc(tmp_path, pid, ppid)
    assert Source(ProcessTable(tmp_path)).want(10) == {10, 11, 12}


def test_the_capture_and_what_it_started_is_not(tmp_path: Path) -> None:
    me = os.getpid()
    for pid, ppid in ((10, 1), (me, 10), (me + 1, me), (me + 2, 10)):
        proc(tmp_path, pid, ppid)
    assert Source(ProcessTable(tmp_path)).want(10, me) == {10, me + 2}


@pytest.mark.skipif(shutil.which("sleep") is None, reason="not installed: sleep")
def test_by_name_now_and_later(tmp_path: Path) -> None:
    name = "pxcap-a-long-name"  # the kernel keeps 15 bytes of it
    shutil.copy(str(shutil.which("sleep")), tmp_path / name)
    # Not a child of this process, for these are never taken in.
    told = subprocess.run(
        ["sh", "-c", f'setsid "$0"/{name} 60 </dev/null >/dev/null 2>&1 & echo $!', str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    pid = int(told.stdout)
    try:
        for _ in range(6000):
            if (stat := read_stat(pid)) is not None and stat.comm == name[:15]:
                break
            time.sleep(0.01)  # it has not become the program yet
        source = Source()
        assert pid in source.want(commands=(name, "nothing-else"))
        assert source.program.commands == (name, "nothing-else")
        assert source.execed is None
    finally:
        os.kill(pid, 9)


def test_by_container_now_and_later(tmp_path: Path) -> None:
    inside = f"0::/system.slice/docker-{CONTAINER}.scope\n"
    proc(tmp_path, 10, 1, inside)
    proc(tmp_path, 11, 10, inside)
    proc(tmp_path, 12, 1, "0::/user.slice\n")
    source = Source(ProcessTable(tmp_path))
    assert source.want(containers=("c0ffee",)) == {10, 11}
    proc(tmp_path, 20, 1, inside)
    assert source.execed is not None
    for pid in (12, 20):
        source.execed(Execed(pid, 1, b"web"))
    assert source.program.pids == {10, 11, 20}


def test_a_child_that_begins_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    born: list[set[int]] = [set(), {8}]
    monkeypatch.setattr(source.processes, "descendants", lambda pid: born.pop(0) if pid == 7 else set())
    assert source.want(7) == {7, 8}
