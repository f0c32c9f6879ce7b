"""The buffer before real databases: locked, full, restarted, frozen; and a process that is killed while it writes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.store.conftest import EVENTS, Server, event_row

from pxcap.core.buffered import BufferedSink
from pxcap.core.protocol import Row
from pxcap.store import Store, open_store

ROOT = Path(__file__).parents[2]
LONG = 120.0  # seconds: more than a working test ever waits
Count = Callable[[], int]


def rows(start: int, stop: int) -> list[Row]:
    return [event_row(number) for number in range(start, stop)]


def once_each(store: Store, stop: int) -> bool:
    with store.query("SELECT count(*), count(DISTINCT time_) FROM http_events") as result:
        return list(result) == [(stop, stop)]


@contextmanager
def before(store: Store, said: list[str]) -> Iterator[BufferedSink]:
    buffer = BufferedSink(store.writer(retry_for=0, keep=True), 16.0, lambda message, hint: said.append(message))
    try:
        yield buffer
    finally:
        buffer.close(LONG)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_others_see_fresh_rows_while_it_runs(store: Store, count: Count) -> None:
    with before(store, []) as buffer:
        for number in range(3):
            buffer.write("http_events", rows(10 * number, 10 * number + 10))
            wait_until(lambda number=number: count() == 10 * number + 10)  # type: ignore[misc]


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        with before(store, said) as buffer:
            holder.execute("BEGIN IMMEDIATE")
            buffer.write("http_events", rows(0, 5000))  # more than a batch of the writer
            wait_until(lambda: bool(said))
            buffer.write("http_events", rows(5000, 5010))
            assert buffer.flush(0.01) == {"http_events": 5010}
            holder.close()
            assert buffer.flush(LONG) == {}
        assert once_each(store, 5010)
    assert "another process keeps it locked; 5000 records wait" in said[0]
    assert said[1:] == ["the store takes records again"]


def test_a_server_that_restarts(server: Server, postgres_url: str) -> None:
    said: list[str] = []
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with before(store, said) as buffer:
            buffer.write("http_events", rows(0, 10))
            assert buffer.flush(LONG) == {}
            server.stop()
            try:
                for start in range(10, 1000, 10):
                    buffer.write("http_events", rows(start, start + 10))
                wait_until(lambda: bool(said))
            finally:
                server.start()
            assert buffer.flush(LONG) == {}
            assert buffer.dropped == {}
        assert once_each(store, 1000)
    assert len(said) == 2


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """All processes of the server stand still while the block runs: it neither answers nor hangs up."""
    assert server._process is not None
    top = server._process.pid
    children = Path(f"/proc/{top}/task/{top}/children").read_text().split()
    pids = [top, *map(int, children)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_freezes(server: Server, postgres_url: str) -> None:
    said: list[str] = []
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with before(store, said) as buffer:
            buffer.write("http_events", rows(0, 10))
            assert buffer.flush(LONG) == {}
            with frozen(server):
                for start in range(10, 1000, 10):
                    buffer.write("http_events", rows(start, start + 10))
                assert buffer.flush(0.1) == {"http_events": 990}
            assert buffer.flush(LONG) == {}
        assert once_each(store, 1000)
    assert said == []


def test_the_end_comes_although_the_server_is_frozen(server: Server, postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with before(store, []) as buffer:
            buffer.write("http_events", rows(0, 10))
            assert buffer.flush(LONG) == {}
            with frozen(server):
                buffer.write("http_events", rows(10, 20))
                assert buffer.close(0.1) == buffer.dropped == {"http_events": 10}
        with store.query("SELECT count(*) FROM http_events") as result:
            assert next(result.rows)[0] >= 10


CHILD = """
import resource, sys
from pxcap.core.buffered import BufferedSink
from pxcap.store import open_store
from tests.store.conftest import EVENTS, event_row
store = open_store(sys.argv[1])
store.prepare([EVENTS])
said = []
buffer = BufferedSink(store.writer(batch=100, retry_for=0, keep=True), 64, lambda *words: said.append(words))
"""
KILLED = """
number = 0
while True:
    buffer.write("http_events", [event_row(number + more, "x" * 500) for more in range(20)])
    number += 20
    if number % 1000 == 0:
        assert buffer.flush(20) == {}
        print(number, flush=True)
"""
DISK_FULL = """
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
for number in range(2000):
    buffer.write("http_events", [event_row(number, "x" * 1000)])
left = buffer.flush(1)
assert 0 < sum(left.values()) < 2000, left
assert "100 records wait" in said[0][0], said
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert buffer.close(20) == buffer.dropped == {}
assert said[-1] == ("the store takes records again", ""), said
"""


def check_file(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize("after", [1, 3])
def test_a_killed_process_leaves_a_whole_store(url: str, count: Count, tmp_path: Path, after: int) -> None:
    command = [sys.executable, "-c", CHILD + KILLED, url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    for _ in range(after):
        reported = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    stored = count()
    assert stored >= reported
    sql = "SELECT count(DISTINCT time_), min(time_), max(time_) FROM http_events"
    with open_store(url) as store, store.query(sql) as result:
        assert list(result) == [(stored, event_row(0)[0], event_row(stored - 1)[0])]  # none twice, none left out
    if url.startswith("sqlite"):
        check_file(tmp_path / "records.db")


def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk's end."""
    url = f"sqlite:///{tmp_path}/a.db"
    subprocess.run([sys.executable, "-c", CHILD + DISK_FULL, url], cwd=ROOT, check=True)
    with open_store(url, create=False) as store:
        assert once_each(store, 2000)
    check_file(tmp_path / "a.db")
