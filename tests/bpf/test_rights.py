"""Giving up capabilities, each time in a process of its own: this one keeps what it has."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pxcap.bpf.rights import NAMES, drop, held

HEADER = Path("/usr/include/linux/capability.h")
SETS = "dict(line.split(':\\t') for line in open('/proc/thread-self/status').read().splitlines() if line[:3] == 'Cap')"


def child(*lines: str) -> object:
    """What the last line gives when the lines are run by another Python; its value must be a literal."""
    program = "\n".join(["from pxcap.bpf.rights import *", *lines[:-1], f"print(repr({lines[-1]}))"])
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)


@pytest.fixture
def may_drop() -> None:
    if not {"CAP_NET_RAW", "CAP_CHOWN", "CAP_SETPCAP"} <= held():
        pytest.skip("needs capabilities to give up: run as root")


@pytest.mark.parametrize(
    ("bits", "names"),
    [
        ("0000000000000000", set()),
        ("0000000000002001", {"CAP_CHOWN", "CAP_NET_RAW"}),
        ("000000c000280000", {"CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_PERFMON", "CAP_BPF"}),
        ("ffffffffffffffff", set(NAMES)),
    ],
)
def test_names_of_the_bits(tmp_path: Path, bits: str, names: set[str]) -> None:
    (tmp_path / "status").write_text(f"Name:\tpython\nCapPrm:\t000001ffffffffff\nCapEff:\t{bits}\n")
    assert held(tmp_path / "status") == names


def test_no_status_no_rights(tmp_path: Path) -> None:
    assert held(tmp_path / "status") == set()


def test_numbers_are_the_kernels() -> None:
    if not HEADER.exists():
        pytest.skip("linux/capability.h is not installed")
    words = [line.split() for line in HEADER.read_text().splitlines()]
    numbers = {word[1]: int(word[2]) for word in words if word[:1] == ["#define"] and word[-1].isdigit()}
    assert {name: numbers[name] for name in NAMES} == {name: number for number, name in enumerate(NAMES)}


def test_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no such capability: CAP_ANYTHING"):
        drop(frozenset({"CAP_ANYTHING"}))


@pytest.mark.usefixtures("may_drop")
def test_only_what_is_named_is_kept_in_every_set() -> None:
    found = child("import sys", "left = drop(frozenset({'CAP_NET_RAW', 'CAP_BPF'}))", f"(sorted(left), {SETS})")
    kept = f"{1 << NAMES.index('CAP_NET_RAW') | 1 << NAMES.index('CAP_BPF'):016x}"
    nothing = "0" * 16
    sets = {"CapInh": nothing, "CapPrm": kept, "CapEff": kept, "CapBnd": kept, "CapAmb": nothing}
    assert found == (["CAP_BPF", "CAP_NET_RAW"], sets)


@pytest.mark.usefixtures("may_drop")
def test_what_was_dropped_cannot_be_had_again_nor_used() -> None:
    found = child(
        "import os, socket, subprocess, sys",
        "drop(frozenset({'CAP_SETUID'}))",
        "again = drop(frozenset({'CAP_NET_RAW', 'CAP_CHOWN'}))",
        "started = subprocess.run(['sh', '-c', 'grep CapEff /proc/self/status'], capture_output=True, text=True).stdout",
        "try:",
        "    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)",
        "    error = None",
        "except PermissionError as refused:",
        "    error = str(refused)",
        "(sorted(again), started.split()[1], error, os.geteuid())",
    )
    assert found == ([], "0" * 16, "[Errno 1] Operation not permitted", os.geteuid())


@pytest.mark.usefixtures("may_drop")
def test_threads_begin_without_them_and_this_process_has_kept_its_own() -> None:
    before = held()
    found = child(
        "import threading",
        "drop(frozenset())",
        "seen = []",
        "thread = threading.Thread(target=lambda: seen.append(sorted(held())))",
        "thread.start(); thread.join()",
        "seen",
    )
    assert found == [[]]
    assert held() == before


def test_dropping_where_there_is_nothing_to_drop() -> None:
    """As somebody without any capability, even without the right to shrink the bounding set."""
    assert child("drop(frozenset())", "sorted(drop(frozenset({'CAP_NET_RAW'})))") == []
