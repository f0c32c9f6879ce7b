"""What procfs says, of made-up and of real processes."""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pxcap.bpf import procfs
from pxcap.bpf.procfs import Stat, parse_stat, parse_uid

TAIL = b" S 7 1 1 0 -1 4194560 1 0 0 0 2 3 0 0 20 0 1 0 123456 1000 200 18446744073709551615\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"42 (nginx)" + TAIL, Stat("nginx", 7, 123456)),
        (b"42 (tmux: server)" + TAIL, Stat("tmux: server", 7, 123456)),
        (b"42 (a) S 1 (b)" + TAIL, Stat("a) S 1 (b", 7, 123456)),
        (b"42 ()" + TAIL, Stat("", 7, 123456)),
        (b"42 ((sd-pam))" + TAIL, Stat("(sd-pam)", 7, 123456)),
        (b"42 (caf\xe9)" + TAIL, Stat(r"caf\xe9", 7, 123456)),
        (b"42 (a\nb)" + TAIL, Stat("a\nb", 7, 123456)),
        (b"42 (nginx) S 7", None),
        (b"42 (nginx) S x" + b" x" * 30, None),
        (b"no process)" + TAIL, None),
        (b"", None),
    ],
)
def test_stat(content: bytes, expected: Stat | None) -> None:
    assert parse_stat(content) == expected


def test_the_effective_user_counts() -> None:
    assert parse_uid(b"Name:\tx\nUid:\t0\t33\t0\t33\nGid:\t1\t1\t1\t1\n") == 33
    assert parse_uid(b"Name:\tUid:\t5\nUid:\t1000\t4294967294\t1\t1\n") == 4294967294
    assert parse_uid(b"") is None


def test_ticks_are_whole() -> None:
    tick = 1_000_000_000 // procfs.TICKS
    assert [procfs.start_ticks(ns) for ns in (0, tick - 1, tick, 10 * tick + 1)] == [0, 0, 1, 10]


def test_this_process() -> None:
    pid = os.getpid()
    assert pid in procfs.pids()
    stat = procfs.read_stat(pid)
    assert stat is not None
    assert stat.ppid == os.getppid()
    assert procfs.read_link(pid, "exe") == os.path.realpath(sys.executable)
    assert procfs.parse_uid(procfs.read_file(pid, "status")) == os.geteuid()
    assert procfs.netns(pid) == os.stat("/proc/self/ns/net").st_ino


def test_one_that_has_ended() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait(20)
    assert procfs.read_stat(child.pid) is None
    assert procfs.read_file(child.pid, "cmdline") == b""
    assert procfs.read_link(child.pid, "exe") == ""
    assert procfs.netns(child.pid) == 0
    assert procfs.fds_of(child.pid) == {}


def test_sockets_of_a_process() -> None:
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix, open(os.devnull) as file:
        found = procfs.fds_of(os.getpid())
        assert found[tcp.fileno()] == os.fstat(tcp.fileno()).st_ino
        assert found[unix.fileno()] == os.fstat(unix.fileno()).st_ino
        assert file.fileno() not in found


def test_odd_links_are_no_sockets(tmp_path: Path) -> None:
    fds = tmp_path / "5" / "fd"
    fds.mkdir(parents=True)
    for fd, link in {"0": "socket:[x]", "1": "/socket:[1]", "2": "socket:[77]", "x": "socket:[1]"}.items():
        (fds / fd).symlink_to(link)
    assert procfs.fds_of(5, tmp_path) == {2: 77}


def test_a_process_with_an_io_uring_is_named() -> None:
    assert os.getpid() not in procfs.io_uring_processes()
    libc = ctypes.CDLL(None, use_errno=True)
    ring = libc.syscall(425, 4, ctypes.create_string_buffer(120))  # io_uring_setup, the same number everywhere
    if ring < 0:
        pytest.skip(f"no io_uring here: {os.strerror(ctypes.get_errno())}")
    try:
        assert os.getpid() in procfs.io_uring_processes()
    finally:
        os.close(ring)
