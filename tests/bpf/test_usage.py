import mmap
import os
import subprocess
import sys
import time

import pytest

from pxcap.bpf.usage import read_usage

MEBIBYTE = 1 << 20
WORKER = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, b"a) R (b 1 2")  # PR_SET_NAME: a name made to mislead a parser
held = bytearray(b"x") * (32 << 20)
print("ready", flush=True)
sys.stdin.read()
"""


def test_cpu_time_grows_with_work() -> None:
    before = read_usage()
    start = time.process_time()
    while time.process_time() - start < 0.1:
        sum(range(1000))
    assert read_usage().cpu_seconds - before.cpu_seconds == pytest.approx(time.process_time() - start, abs=0.05)


def test_memory_counts_once_it_is_touched() -> None:
    before = read_usage().rss
    with mmap.mmap(-1, 64 * MEBIBYTE) as memory:
        for page in range(0, len(memory), mmap.PAGESIZE):
            memory[page] = 1
        assert read_usage().rss - before > 48 * MEBIBYTE  # of the rest, some may have been given back meanwhile


def test_workers_count_while_they_live() -> None:
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        alone = read_usage()
        both = read_usage([worker.pid])
        assert both.rss - alone.rss > 32 * MEBIBYTE
        assert both.cpu_seconds > alone.cpu_seconds
        worker.communicate()
    assert read_usage([worker.pid]).rss < both.rss - 16 * MEBIBYTE
    assert os.getpid() != worker.pid
