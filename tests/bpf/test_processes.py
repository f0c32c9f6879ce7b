"""Processes made up in a procfs of the test's own, and real ones that fork, become another program, and end."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pxcap.bpf import procfs
from pxcap.bpf.containers import Container
from pxcap.bpf.processes import Process, ProcessTable
from pxcap.core.columns import PROCESSES, ColumnType

ID = "4f1c" * 16
POD = "1b9f4a3c-52d0-4e1f-8a77-0c2d9be6f513"
IN_DOCKER = f"0::/docker/{ID}\n"
TICK_NS = 1_000_000_000 // procfs.TICKS


def add(
    root: Path,
    pid: int,
    comm: bytes = b"app",
    *,
    start: int = 1000,
    ppid: int = 1,
    cgroup: str = "0::/\n",
    exe: str = "/usr/bin/app",
) -> Path:
    """Put a process into the made-up procfs, in the place of one there may be."""
    folder = root / str(pid)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "ns").mkdir(parents=True)
    (folder / "stat").write_bytes(b"%d (%b) S %d%b %d 0 0\n" % (pid, comm, ppid, b" 0" * 17, start))
    (folder / "status").write_text("Name:\tapp\nUid:\t0\t4000000001\t0\t0\n")
    (folder / "cmdline").write_bytes(comm + b"\0--password=hunter2\0")
    (folder / "cgroup").write_text(cgroup)
    (folder / "exe").symlink_to(exe)
    (folder / "ns" / "net").symlink_to("net:[4026531840]")
    return folder


@pytest.fixture
def table(tmp_path: Path) -> ProcessTable:
    return ProcessTable(tmp_path, node="host:1", boot_ns=5)


def test_everything_of_a_process(table: ProcessTable, tmp_path: Path) -> None:
    add(tmp_path, 7, ppid=3, cgroup=f"0::/kubepods/burstable/pod{POD}/crio-{ID}\n")
    process = table.get(7)
    assert process == Process(
        pid=7,
        start_ticks=1000,
        start_ns=5 + 1000 * TICK_NS,
        ppid=3,
        uid=4000000001,
        user="4000000001",
        comm="app",
        cmdline="app --password=[redacted]",
        exe="/usr/bin/app",
        cgroup=f"/kubepods/burstable/pod{POD}/crio-{ID}",
        container=Container("cri-o", ID, POD, "burstable"),
        netns=4026531840,
        node="host_1",
    )
    assert process.upid == "host_1:7:1000"
    values = dict(zip((column.name for column in PROCESSES.columns), process.row(), strict=True))
    assert values == {
        "time_": 5 + 1000 * TICK_NS,
        "upid": "host_1:7:1000",
        "pid": 7,
        "ppid": 3,
        "comm": "app",
        "cmdline": "app --password=[redacted]",
        "exe": "/usr/bin/app",
        "uid": 4000000001,
        "user": "4000000001",
        "container_id": ID,
        "container_runtime": "cri-o",
        "pod_uid": POD,
        "node": "host_1",
    }


def test_rows_have_the_types_of_their_columns() -> None:
    process = ProcessTable().get(os.getpid())
    assert process is not None
    types = {ColumnType.TEXT: str, ColumnType.INT: int, ColumnType.INT64: int}
    for column, value in zip(PROCESSES.columns, process.row(), strict=True):
        assert isinstance(value, types[column.type]), column.name


@pytest.mark.parametrize("name", ["status", "cmdline", "cgroup", "exe", "ns/net"])
def test_what_may_not_be_read_is_empty(table: ProcessTable, tmp_path: Path, name: str) -> None:
    (add(tmp_path, 7, cgroup=IN_DOCKER) / name).unlink()
    process = table.get(7)
    assert process is not None
    empty = {
        "status": (process.uid, process.user) == (None, ""),
        "cmdline": process.cmdline == "",
        "cgroup": (process.cgroup, process.container) == ("", None),
        "exe": process.exe == "",
        "ns/net": process.netns == 0,
    }
    assert [field for field, is_empty in empty.items() if is_empty] == [name]


def test_a_process_that_has_ended_is_remembered(table: ProcessTable, tmp_path: Path) -> None:
    folder = add(tmp_path, 7)
    before = table.get(7)
    shutil.rmtree(folder)
    assert before is not None
    assert table.get(7) is before
    assert table.get(7, 1000) is before
    assert table.get(7, 1001) is None
    assert table.refresh(7) is None
    assert table.get(8) is None


def test_one_that_has_ended_is_known_by_what_the_kernel_told(table: ProcessTable, tmp_path: Path) -> None:
    told = table.ended(8, 10_000_000_000, 65534, b"dig\0\0", b"dig\0example.test\0")
    assert (told.pid, told.start_ticks, told.comm, told.cmdline) == (8, 1000, "dig", "dig example.test")
    assert table.get(8, 1000) is told
    (add(tmp_path, 7) / "cmdline").write_bytes(b"")  # as of one whose parent has not taken note of its end
    found = table.get(7, 1000)
    assert found is not None
    told = table.ended(7, 10_000_000_000, 65534, b"told", b"told\0by it\0")
    assert told == replace(found, cmdline="told 'by it'")
    assert table.get(7, 1000) is told


def test_one_that_is_known_is_not_looked_at_again(table: ProcessTable, tmp_path: Path) -> None:
    folder = add(tmp_path, 7)
    before = table.get(7)
    (folder / "cmdline").write_bytes(b"another\0")
    assert table.get(7) is before
    assert table.get(7, 1000) is before
    after = table.refresh(7)
    assert after is not None
    assert after.cmdline == "another"
    assert table.get(7, 1000) is after


def test_another_program_is_known_by_its_name(table: ProcessTable, tmp_path: Path) -> None:
    add(tmp_path, 7, b"sh")
    first = table.get(7)
    add(tmp_path, 7, b"nginx")
    second = table.get(7)
    assert first is not None
    assert second is not None
    assert (first.comm, second.comm) == ("sh", "nginx")
    assert first.upid == second.upid


def test_a_pid_used_again_is_another_process(table: ProcessTable, tmp_path: Path) -> None:
    add(tmp_path, 7, b"old")
    old = table.get(7)
    add(tmp_path, 7, b"new", start=2000)
    assert table.get(7, 1000) is old
    new = table.get(7)
    assert new is not None
    assert (new.comm, new.upid) == ("new", "host_1:7:2000")
    assert table.get(7, 2000) is new
    assert table.get(7, 1000) is old
    assert table.get(7, 1500) is None


def test_a_pid_used_again_while_it_was_read(
    table: ProcessTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tmp_path, 7, b"old")
    read_file = procfs.read_file

    def read_and_replace(pid: int, name: str, root: Path) -> bytes:
        content = read_file(pid, name, root)
        if name == "status":
            monkeypatch.setattr(procfs, "read_file", read_file)
            add(tmp_path, 7, b"new", start=2000)
        return content

    monkeypatch.setattr(procfs, "read_file", read_and_replace)
    process = table.get(7)
    assert process is not None
    assert (process.comm, process.start_ticks, process.cmdline) == ("new", 2000, "new --password=[redacted]")


def test_a_process_that_ends_while_it_is_read(
    table: ProcessTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add(tmp_path, 7)
    read_file = procfs.read_file

    def read_and_end(pid: int, name: str, root: Path) -> bytes:
        content = read_file(pid, name, root)
        if name == "stat":
            shutil.rmtree(folder, ignore_errors=True)
        return content

    monkeypatch.setattr(procfs, "read_file", read_and_end)
    process = table.get(7)
    assert process is not None
    assert (process.comm, process.upid, process.cmdline, process.uid) == ("app", "host_1:7:1000", "", None)


def test_the_least_recently_asked_for_are_forgotten(tmp_path: Path) -> None:
    table = ProcessTable(tmp_path, capacity=2, node="n")
    for pid in (1, 2):
        add(tmp_path, pid)
        table.get(pid)
    table.get(1)
    add(tmp_path, 3)
    table.get(3)
    for pid in (1, 2, 3):
        shutil.rmtree(tmp_path / str(pid))
    assert [table.get(pid) is not None for pid in (1, 2, 3)] == [True, False, True]


def test_forgetting_an_old_user_of_a_pid_keeps_the_new_one(tmp_path: Path) -> None:
    table = ProcessTable(tmp_path, capacity=1, node="n")
    add(tmp_path, 7, b"old")
    table.get(7)
    add(tmp_path, 7, b"new", start=2000)
    new = table.get(7)
    shutil.rmtree(tmp_path / "7")
    assert table.get(7) is new
    assert table.get(7, 1000) is None


def test_found_by_name(table: ProcessTable, tmp_path: Path) -> None:
    add(tmp_path, 1, b"nginx", exe="/usr/sbin/nginx")
    add(tmp_path, 2, b"worker", exe="/usr/sbin/nginx (deleted)")
    add(tmp_path, 3, b"clickhouse-serv", exe="/usr/bin/clickhouse")
    add(tmp_path, 4, b"postgres: a/b")
    (tmp_path / "self").symlink_to("4")
    assert table.named("nginx") == {1, 2}
    assert table.named("ngin") == set()
    assert table.named("clickhouse-server") == {3}
    assert table.named("clickhouse-server2") == {3}, "the kernel keeps 15 bytes"
    assert table.named("postgres*") == {4}
    assert table.named("") == set()


def test_found_by_container(table: ProcessTable, tmp_path: Path) -> None:
    other = "5a" * 32
    add(tmp_path, 1, cgroup=f"0::/docker/{ID}\n")
    add(tmp_path, 2, cgroup=f"0::/system.slice/docker-{other}.scope\n")
    add(tmp_path, 3, cgroup=f"0::/kubepods/pod{POD}/crio-{other}\n")
    add(tmp_path, 4)
    assert table.in_container(ID[:12]) == {1}
    assert table.in_container(other) == {2, 3}
    assert table.in_container("docker") == {1, 2}
    assert table.in_container(POD) == {3}
    assert table.in_container("podman") == set()
    assert table.in_container("") == set()


def test_descendants(table: ProcessTable, tmp_path: Path) -> None:
    for pid, ppid in ((1, 0), (2, 1), (3, 2), (4, 2), (5, 4), (6, 1), (7, 7)):
        add(tmp_path, pid, ppid=ppid)
    assert table.descendants(2) == {3, 4, 5}
    assert table.descendants(5) == set()
    assert table.descendants(7) == set()
    assert table.descendants(99) == set()


@contextmanager
def running(*command: str) -> Iterator[int]:
    """The pid of a child that runs the command until the block ends; Popen returns when it has begun its program."""
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        try:
            yield child.pid
        finally:
            child.kill()


def until_it_is(table: ProcessTable, pid: int, comm: str) -> Process:
    for _ in range(6000):
        process = table.get(pid)
        if process and process.comm == comm:
            return process
        time.sleep(0.02)
    raise AssertionError(f"{pid} did not become {comm} within two minutes")


def test_a_real_process() -> None:
    before = time.time_ns()
    with running("cat", "--", "-") as pid:
        table = ProcessTable()
        process = table.get(pid)
        assert process is not None
        assert (process.comm, process.cmdline, process.ppid) == ("cat", "cat -- -", os.getpid())
        assert process.exe == os.path.realpath(shutil.which("cat") or "")
        assert before - TICK_NS <= process.start_ns + TICK_NS
        assert process.start_ns <= time.time_ns() + TICK_NS
        assert (process.uid, process.netns) == (os.geteuid(), os.stat("/proc/self/ns/net").st_ino)
        assert pid in table.named("cat")
        assert pid in table.descendants(os.getpid())
        assert table.get(pid, process.start_ticks) is process
    assert table.get(pid) is process, "remembered after its end"
    assert ProcessTable().get(pid) is None


def test_a_real_fork_and_another_program() -> None:
    table = ProcessTable()
    becomes = "import os, sys; sys.stdin.read(1); os.execvp('cat', ['cat', '--', '-'])"
    with subprocess.Popen([sys.executable, "-c", becomes], stdin=subprocess.PIPE) as child:
        try:
            before = table.get(child.pid)
            assert child.stdin is not None
            child.stdin.write(b"x")
            child.stdin.flush()
            until_it_is(table, child.pid, "cat")
            after = table.refresh(child.pid)
            while after is not None and not after.cmdline:  # the kernel has its name before it has its arguments
                after = table.refresh(child.pid)
            assert before is not None
            assert after is not None
            assert "execvp" in before.cmdline
            assert after.cmdline == "cat -- -"
            assert after.upid == before.upid
        finally:
            child.kill()


def test_a_kernel_thread() -> None:
    table = ProcessTable()
    found = table.get(2)
    if found is None or found.comm != "kthreadd":
        pytest.skip("the kernel's own threads are not seen here")
    assert (found.cmdline, found.exe, found.container) == ("", "", None)


def test_a_process_in_a_network_namespace_of_its_own() -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a network namespace takes root and unshare")
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    with running("unshare", "-n", "cat") as pid:
        table = ProcessTable()
        process = until_it_is(table, pid, "cat")
        assert process.netns == os.stat(f"/proc/{pid}/ns/net").st_ino
        assert process.netns != os.stat("/proc/self/ns/net").st_ino
