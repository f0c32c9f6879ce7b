import gc
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.store.conftest import EVENTS, Server, event_row

from pxcap.core.errors import StoreAway, StoreError
from pxcap.core.protocol import Row
from pxcap.core.sink import KeepingSink, Sink
from pxcap.store import Store, open_store

ROOT = Path(__file__).parents[2]
Count = Callable[[], int]


def rows(start: int, stop: int) -> list[Row]:
    return [event_row(number) for number in range(start, stop)]


def once_each(store: Store, stop: int) -> bool:
    """Whether the events from 0 to `stop` are stored, none twice."""
    with store.query("SELECT count(*), count(DISTINCT time_) FROM http_events") as result:
        return list(result) == [(stop, stop)]


def test_a_writer_is_a_sink(store: Store) -> None:
    with store.writer() as writer:
        keeping: KeepingSink = writer
        sink: Sink = keeping
        sink.write("http_events", rows(0, 3))
        sink.write("http_events", [])
    assert (writer.written, writer.rejected, writer.lost) == (
        {"http_events": 3},
        {"http_events": 0},
        {"http_events": 0},
    )


def test_batches_by_count_by_bytes_and_by_flush(store: Store, count: Count) -> None:
    with store.writer(batch=10, max_bytes=100_000) as writer:
        writer.write("http_events", rows(0, 9))
        assert count() == 0
        writer.write("http_events", rows(9, 10))
        assert count() == 10
        writer.write("http_events", [event_row(10, "x" * 60_000)])
        assert count() == 10
        writer.write("http_events", [event_row(11, "x" * 60_000)])
        assert count() == 12
        writer.write("http_events", rows(12, 13))
        writer.flush()
        assert count() == 13
    writer.close()
    writer.write("http_events", rows(13, 14))  # a closed writer opens again
    writer.close()
    assert count() == 14


def test_unknown_table(store: Store, count: Count) -> None:
    def written() -> None:
        with store.writer() as writer:
            writer.write("http_events", rows(0, 3))
            writer.write("dns_events", [])

    with pytest.raises(StoreError, match="table dns_events was not prepared"):
        written()
    assert count() == 3  # what was held is stored all the same


BAD: dict[str, tuple[Row, str]] = {
    "65 bits": ((2**63, *event_row(0)[1:]), "http_events.time_: integer does not fit 64 bits"),
    "a lone surrogate": (event_row(0, "\ud800"), "http_events.req_path: text with a lone surrogate"),
    "another type": ((*event_row(0)[:8], {}, *event_row(0)[9:]), "http_events.req_path: dict where text belongs"),
    "a short row": (event_row(0)[:-1], "http_events: a row of 13 values, the table has 14 columns"),
    "a long row": ((*event_row(0), 1), "http_events: a row of 15 values, the table has 14 columns"),
}
BAD_FOR_POSTGRES: dict[str, tuple[Row, str]] = {
    "33 bits": (event_row(0, status=2**31), "http_events.resp_status: integer does not fit 32 bits"),
    "a NUL": (event_row(0, "\0"), "http_events.req_path: text with a NUL character"),
    "no JSON": (event_row(0, headers="{"), "http_events.req_headers: not valid JSON"),
    "a deep value": (
        event_row(0, headers="[" * 50_000 + "]" * 50_000),
        "http_events.req_headers: JSON nested too deep",
    ),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("others", [0, 70])
def test_a_bad_row_costs_only_itself(store: Store, count: Count, bad: Row, reason: str, others: int) -> None:
    with store.writer() as writer:
        writer.write("http_events", [*rows(0, others // 2), bad, *rows(others // 2, others), bad])
    assert writer.written["http_events"] == count() == others
    assert writer.rejected == {"http_events": 2}
    assert writer.reasons == {reason: 2}


@pytest.mark.parametrize(("bad", "reason"), BAD_FOR_POSTGRES.values(), ids=BAD_FOR_POSTGRES.keys())
def test_a_bad_row_for_postgres(postgres_url: str, bad: Row, reason: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with store.writer() as writer:
            writer.write("http_events", [*rows(0, 20), bad, *rows(20, 40)])
        assert once_each(store, 40)
    assert (writer.rejected, writer.reasons) == ({"http_events": 1}, {reason: 1})


FILL = """
import sys
from pxcap.store import open_store
from tests.store.conftest import EVENTS, event_row
store = open_store(sys.argv[1])
store.prepare([EVENTS])
number = 0
with store.writer(batch=100) as writer:
    while True:
        writer.write("http_events", [event_row(number)])
        number += 1
        if number % 100 == 0:
            print(number, flush=True)
"""


def test_a_killed_process_leaves_whole_batches(url: str, count: Count) -> None:
    process = subprocess.Popen([sys.executable, "-c", FILL, url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    for _ in range(5):
        reported = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert count() >= reported
    assert count() % 100 == 0
    with open_store(url) as store:
        assert once_each(store, count())
        before = count()
        store.prepare([EVENTS])
        with store.writer() as writer:
            writer.write("http_events", rows(0, 1))
        assert count() == before + 1


# An interrupt inside a garbage collector's callback is swallowed, which pytest would call an error.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupts_lose_and_repeat_nothing(store: Store) -> None:
    """Ctrl-C may come anywhere; what was accepted before is stored once, by the end of the block."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    accepted: set[int] = set()
    interrupted = 0
    try:
        with store.writer(batch=40) as writer:
            number = 0
            while interrupted < 10 and number < 100_000:
                try:
                    while number < 100_000:
                        if not any(signal.getitimer(signal.ITIMER_REAL)):
                            # One that fell into a collector's callback was swallowed: the next is due then.
                            signal.setitimer(signal.ITIMER_REAL, 0.004 + interrupted * 0.0007)
                        part = rows(number, number + 20)
                        number += 20
                        writer.write("http_events", part)
                        accepted.update(row[0] for row in part)
                except KeyboardInterrupt:
                    interrupted += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.collect()  # connections that were interrupted while they were made
    with store.query("SELECT time_ FROM http_events") as result:
        stored = [row[0] for row in result]
    assert interrupted
    assert len(stored) == len(set(stored))
    assert accepted <= set(stored)


def test_an_interrupted_block_stores_what_it_holds(store: Store, count: Count) -> None:
    def interrupted() -> None:
        with store.writer() as writer:
            writer.write("http_events", rows(0, 7))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert count() == 7


def test_an_emptied_store_is_reported(store: Store, url: str) -> None:
    with store.writer(batch=10) as writer:
        writer.write("http_events", rows(0, 10))
        _execute(url, "DELETE FROM pxcap_writers")
        with pytest.raises(
            StoreError, match=r"was emptied while it was written to; 10 records could not be written \(10"
        ):
            writer.write("http_events", rows(10, 20))
        assert (writer.written, writer.lost) == ({"http_events": 10}, {"http_events": 10})
        writer.write("http_events", rows(10, 20))  # afresh
    assert once_each(store, 20)


def test_an_emptied_store_is_written_afresh_by_a_writer_that_keeps(store: Store, url: str) -> None:
    with store.writer(batch=10, keep=True) as writer:
        writer.write("http_events", rows(0, 10))
        _execute(url, "DELETE FROM pxcap_writers")
        with pytest.raises(StoreAway, match=r"was emptied while it was written to; 10 records wait"):
            writer.write("http_events", rows(10, 20))
        writer.flush()
    assert once_each(store, 20)


def _execute(url: str, sql: str) -> None:
    import psycopg

    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        with connection:
            connection.execute(sql)
        connection.close()
    else:
        with psycopg.connect(url) as server:
            server.execute(sql.encode())


def test_a_lock_is_waited_for_then_reported(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)
        with store.writer(batch=10, retry_for=0.1) as impatient, store.writer(batch=10) as patient:
            holder.execute("BEGIN IMMEDIATE")
            impatient.write("http_events", rows(0, 5))
            with pytest.raises(
                StoreError, match="another process keeps it locked; 10 records could not be written"
            ) as caught:
                impatient.write("http_events", rows(5, 10))
            assert caught.value.hint
            with pytest.raises(StoreError, match="another process keeps it locked"):
                store.prepare([EVENTS], retry_for=0.1)
            release = threading.Timer(0.7, holder.rollback)
            release.start()
            patient.write("http_events", rows(0, 10))
            release.join()
            impatient.write("http_events", rows(10, 20))
        holder.close()
        assert once_each(store, 20)


def test_a_writer_that_keeps_gives_up_at_its_end_only(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.prepare([EVENTS])
        holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        writer = store.writer(batch=10, retry_for=0, keep=True)
        writer.write("http_events", rows(0, 5))
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreAway, match="another process keeps it locked; 10 records wait") as caught:
            writer.write("http_events", rows(5, 10))
        assert caught.value.hint
        writer.write("http_events", rows(10, 11))
        with pytest.raises(StoreAway, match="11 records wait"):
            writer.flush()
        assert writer.held() == {"http_events": 11}
        holder.rollback()
        writer.flush()
        assert (writer.held(), once_each(store, 11)) == ({}, True)
        writer.write("http_events", rows(11, 13))
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"2 records could not be written \(11 were\)"):
            writer.close()
        holder.close()
        assert (writer.written, writer.lost) == ({"http_events": 11}, {"http_events": 2})
        assert once_each(store, 11)


DISK_FULL = """
import resource, sys, threading
from pxcap.core.errors import StoreError
from pxcap.store import open_store
from tests.store.conftest import EVENTS, event_row
store = open_store(sys.argv[1])
store.prepare([EVENTS])
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
room = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
writer = store.writer(batch=100, retry_for=float(sys.argv[2]))
threading.Timer(float(sys.argv[3]), room).start()
try:
    with writer:
        for number in range(2000):
            writer.write("http_events", [event_row(number, "x" * 1000)])
except StoreError as error:
    print(error)
print(writer.written["http_events"], writer.lost["http_events"])
"""


@pytest.mark.parametrize(("patience", "room_after"), [("0.1", "1"), ("20", "0.5")])
def test_a_full_disk(tmp_path: Path, patience: str, room_after: str) -> None:
    """A limit on the size of files stands for the disk's end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert soft == hard == resource.RLIM_INFINITY
    url = f"sqlite:///{tmp_path}/a.db"
    run = subprocess.run(
        [sys.executable, "-c", DISK_FULL, url, patience, room_after],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    *errors, counts = run.stdout.splitlines()
    written, lost = map(int, counts.split())
    if room_after == "1":
        assert "100 records could not be written" in errors[0]
        assert f"({written} were)" in errors[0]
        assert 0 < written < 2000
        assert lost == 100
    else:
        assert (errors, written, lost) == ([], 2000, 0)
    with open_store(url, create=False) as store:
        assert once_each(store, written)
    connection = sqlite3.connect(tmp_path / "a.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_a_server_that_restarts(server: Server, postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with store.writer(batch=10) as writer:
            writer.write("http_events", rows(0, 10))
            server.stop()
            back = threading.Timer(0.3, server.start)
            back.start()
            writer.write("http_events", rows(10, 25))
            back.join()
            writer.write("http_events", rows(25, 30))
        assert once_each(store, 30)


def test_a_server_that_stays_away(server: Server, postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with store.writer(batch=10, retry_for=0.2) as writer:
            writer.write("http_events", rows(0, 10))
            server.stop()
            with pytest.raises(StoreError, match=r"10 records could not be written \(10 were\)"):
                writer.write("http_events", rows(10, 20))
            server.start()
            writer.write("http_events", rows(10, 20))
        assert writer.lost == {"http_events": 10}
        assert once_each(store, 20)


def test_a_server_that_comes_back_to_a_writer_that_keeps(server: Server, postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare([EVENTS])
        with store.writer(batch=10, retry_for=0, keep=True) as writer:
            writer.write("http_events", rows(0, 10))
            server.stop()
            with pytest.raises(StoreAway, match="10 records wait"):
                writer.write("http_events", rows(10, 20))
            server.start()
            writer.write("http_events", rows(20, 25))
        assert (writer.written, writer.lost) == ({"http_events": 25}, {"http_events": 0})
        assert once_each(store, 25)


class Proxy:
    """Passes bytes between a writer and the server; can break a connection around its next commit."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.break_at = ""  # "before" or "after" the server got the commit
        self.broken = 0
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = [self._listener]
        self._run(self._accept)

    def _run(self, function: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=function, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [client, upstream]
            self._run(self._forward, client, upstream)
            self._run(self._back, upstream, client)

    def _forward(self, client: socket.socket, upstream: socket.socket) -> None:
        while data := _receive(client):
            if self.break_at and b"COMMIT" in data:
                if self.break_at == "after":
                    client.shutdown(socket.SHUT_RDWR)  # the answer will not arrive
                    upstream.sendall(data)
                    time.sleep(0.05)
                self.break_at = ""
                self.broken += 1
                break
            upstream.sendall(data)
        _end(client, upstream)

    def _back(self, upstream: socket.socket, client: socket.socket) -> None:
        while data := _receive(upstream):
            try:
                client.sendall(data)
            except OSError:
                break
        _end(client, upstream)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def _end(*connections: socket.socket) -> None:
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    running = Proxy(server.port)
    yield running
    running.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_around_a_commit(server: Server, postgres_url: str, proxy: Proxy, when: str) -> None:
    through = postgres_url.replace(f":{server.port}/", f":{proxy.port}/") + "?sslmode=disable"
    with open_store(through) as store:
        store.prepare([EVENTS])
        with store.writer(batch=10) as writer:
            writer.write("http_events", rows(0, 10))
            for start in (10, 20, 30):
                proxy.break_at = when
                writer.write("http_events", [*rows(start, start + 10), event_row(0, "\0")])
        assert proxy.broken == 3
        assert (writer.written, writer.rejected) == ({"http_events": 40}, {"http_events": 3})
        assert once_each(store, 40)
