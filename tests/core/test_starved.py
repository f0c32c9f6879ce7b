"""A process that has to share one processor with another, and one that waits for something else."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pxcap.core import starved as module
from pxcap.core.starved import since, since_here, starved

if not Path("/proc/self/schedstat").exists():
    pytest.skip("this kernel does not count how long threads wait for a processor", allow_module_level=True)

SPIN = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nprint(flush=True)\nwhile True: pass"


@pytest.fixture
def spinning() -> Iterator[list[int]]:
    """Two processes that want the same processor all the time."""
    made = [subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for one in made:
            assert one.stdout is not None
            assert one.stdout.readline() == b"\n"
        yield [one.pid for one in made]
    finally:
        for one in made:
            one.kill()
            one.communicate()


def test_who_shares_a_processor_is_starved(spinning: list[int]) -> None:
    pid, _ = spinning
    whole, thread = since(pid), since(pid, pid)
    for _ in range(2000):
        if whole() > 0.2 and thread() > 0.2:
            break
        time.sleep(0.01)
    assert whole() > 0.2
    assert thread() > 0.2
    assert starved(pid) >= 0.2


def test_it_is_never_more_than_the_longest(spinning: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.1)
    before, counted = starved(spinning[0]), since(spinning[0])
    while starved(spinning[0]) < before + 0.5:
        time.sleep(0.01)
    assert counted() == 0.1


def test_who_waits_for_something_else_is_not() -> None:
    command = [sys.executable, "-c", "print(flush=True)\nimport sys\nsys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reading:
        assert reading.stdout is not None
        assert reading.stdout.readline() == b"\n"
        while state(reading.pid) != "S":  # it has one thread, and nothing else to wait for
            time.sleep(0.01)
        counted = since(reading.pid)
        time.sleep(0.1)
        assert counted() == 0.0
        reading.communicate()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_here_is_the_thread_that_calls() -> None:
    counted = since_here()
    time.sleep(0.01)
    assert 0.0 <= counted() <= starved(os.getpid(), threading.get_native_id())


def test_who_has_ended_is_not_counted() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    counted = since(ended.pid)
    ended.wait()
    assert counted() == 0.0
    assert starved(ended.pid) == 0.0
