"""A bounded buffer before the store: capture goes on while the store is slow or away.

Two threads share it. The one that captures puts rows on a queue and never waits. A thread of the buffer's own, the only
one that touches the sink behind, takes them there, commits within a second so that other processes see fresh rows, and
tries again for as long as the store is away. What does not fit the queue is dropped, newest first, and counted: the rows
of an outage that have a beginning are worth more than those that have none.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pxcap.core.errors import StoreAway, StoreError
from pxcap.core.protocol import Row
from pxcap.core.sink import KeepingSink
from pxcap.core.starved import since

MEBIBYTE = 1 << 20
COMMIT_SECONDS = 0.8  # the longest a row waits for its commit while the store answers, the commit itself included
RETRY_SECONDS = 0.5  # between two tries while the store is away
_BEAT = 0.1  # seconds between two looks at whether the thread lacks a processor
SAMPLE = 8  # every eighth row is measured; all would cost the capturing thread a microsecond each

Notify = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class _Batch:
    table: str
    rows: Sequence[Row]
    size: int


class BufferedSink:
    """A sink whose `write` returns at once.

    Holds about `limit` bytes of rows, as Python holds them, and besides what the sink behind holds before it stores.

    Attributes:
        dropped: Rows that were not stored, by table: there was no room, or `close` could not wait for the store. Those
            of a commit that was under way when `close` gave up may be stored all the same.
    """

    def __init__(self, sink: KeepingSink, limit_mib: float, notify: Notify) -> None:
        """Make the buffer; its thread starts with the first rows, so that it has no rights given up before.

        Args:
            sink: Where the rows go; from now on used by that thread only.
            limit_mib: Room for waiting rows, in MiB.
            notify: Told, as (message, hint), when the store goes away and when it is back, when rows begin to be
                dropped and when that is over. Called by both threads.
        """
        self.dropped: dict[str, int] = {}
        self._sink = sink
        self._limit = int(limit_mib * MEBIBYTE)
        self._notify = notify
        self._changed = threading.Condition()
        self._queue: deque[_Batch] = deque()
        self._size = 0
        self._held: dict[str, int] = {}  # by the sink behind, after its last call
        self._overflow = 0  # rows dropped since the buffer was last half empty
        self._flushing = 0
        self._stopped = False
        self._failure: Exception | None = None
        # A daemon: a database that keeps a call waiting must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="pxcap-store", daemon=True)

    @property
    def size(self) -> int:
        """Bytes that wait, as estimated."""
        return self._size

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Take rows as far as there is room; never waits for the store.

        Raises:
            StoreError: An earlier write cannot be stored, ever: no such table was prepared.
        """
        if not rows:
            return
        each = _row_size(rows)
        with self._changed:
            self._raise_failure()
            if self._thread.ident is None:
                self._thread.start()
            taken = rows[: max(0, self._limit - self._size) // each]
            if taken:
                batch = _Batch(table, taken, each * len(taken))
                self._queue.append(batch)
                self._size += batch.size
                self._changed.notify_all()
            left = len(rows) - len(taken)
            first = left > 0 and not self._overflow
            self._overflow += left
            if left:
                self.dropped[table] = self.dropped.get(table, 0) + left
        if first:
            self._notify(
                f"the buffer before the store is full ({self._limit // 1_000_000} MB): new records are dropped",
                "a larger buffer, or a faster store, keeps them",
            )

    def flush(self, timeout: float) -> dict[str, int]:
        """Wait until everything is stored and committed, for `timeout` seconds at most.

        Those in which the buffer's thread had no processor do not count, within `pxcap.core.starved.LONGEST`.

        Returns:
            Rows not known to be stored by then, by table; empty when all are.

        Raises:
            StoreError: As for `write`.
        """
        with self._changed:
            self._flushing += 1
            self._changed.notify_all()
            try:
                self._wait(lambda left: self._changed.wait_for(self._is_stored, left), timeout)
            finally:
                self._flushing -= 1
            self._raise_failure()
            return self._unwritten()

    def close(self, timeout: float) -> dict[str, int]:
        """Flush for at most `timeout` seconds and end the thread. What is left is in `dropped` then, and returned.

        It is the last call; called again it does nothing.

        Raises:
            StoreError: As for `write`.
        """
        if self._stopped:
            return {}
        begun = time.monotonic()
        left: dict[str, int] = {}
        try:
            left = self.flush(timeout)
        finally:
            with self._changed:
                self._stopped = True
                self._changed.notify_all()
            if self._thread.ident is None:
                self._sink.close()
            else:
                self._wait(self._ended, 0.0 if left else max(0.0, begun + timeout - time.monotonic()))
        for table, count in left.items():
            self.dropped[table] = self.dropped.get(table, 0) + count
        return left

    def _wait(self, wait: Callable[[float], bool], timeout: float) -> None:
        """Call what waits, and says whether it came to pass, until it does or the time is over."""
        begun = time.monotonic()
        lacked = since(os.getpid(), self._thread.native_id)
        end = begun + timeout
        while not wait(max(_BEAT, end - time.monotonic())):
            end = begun + timeout + lacked()
            if time.monotonic() >= end:
                return

    def _is_stored(self) -> bool:
        return bool(self._failure or not (self._queue or self._held))

    def _ended(self, timeout: float) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _unwritten(self) -> dict[str, int]:
        counts = dict(self._held)
        for batch in self._queue:
            counts[batch.table] = counts.get(batch.table, 0) + len(batch.rows)
        return counts

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - raised again where the rows come from
            with self._changed:
                self._failure = error
                self._changed.notify_all()
        try:
            self._sink.close()
        except StoreError:  # `close` has given these rows up, and told its caller so
            return

    def _work(self) -> None:
        due = 0.0  # when what the sink holds must be committed
        while True:
            with self._changed:
                left = max(0.0, due - time.monotonic()) if self._held else None
                self._changed.wait_for(self._is_work, left)
                if self._stopped:
                    return
                batch = self._queue[0] if self._queue else None
                flush = self._held and ((self._flushing and not batch) or time.monotonic() >= due)
            if flush:
                self._flush_sink()
            elif batch:
                if not self._held:
                    due = time.monotonic() + COMMIT_SECONDS
                self._pass_on(batch)

    def _is_work(self) -> bool:
        return bool(self._stopped or self._queue or (self._flushing and self._held))

    def _pass_on(self, batch: _Batch) -> None:
        away = None
        try:
            self._sink.write(batch.table, batch.rows)
        except StoreAway as error:
            away = error
        over = 0
        with self._changed:
            self._queue.popleft()
            self._size -= batch.size
            self._settle()
            if self._size <= self._limit // 2:
                over, self._overflow = self._overflow, 0
        if over:
            self._notify(f"the buffer before the store has room again; {over} records were dropped", "")
        if away is not None:
            self._wait_for_store(away)

    def _flush_sink(self) -> None:
        try:
            self._sink.flush()
        except StoreAway as error:
            self._wait_for_store(error)
        with self._changed:
            self._settle()

    def _wait_for_store(self, away: StoreAway) -> None:
        """Try to store what the sink holds until that succeeds or the end has come."""
        self._notify(str(away), away.hint)
        while True:
            with self._changed:
                self._settle()
                if self._changed.wait_for(lambda: self._stopped, RETRY_SECONDS):
                    return
            try:
                self._sink.flush()
            except StoreAway:
                continue
            break
        with self._changed:
            self._settle()
        self._notify("the store takes records again", "")

    def _settle(self) -> None:
        """Take over what the sink still holds; called with the lock."""
        self._held = self._sink.held()
        if not self._held and not self._queue:
            self._changed.notify_all()


def _row_size(rows: Sequence[Row]) -> int:
    """Bytes a row takes on average, by a sample; a value that several rows share counts for each."""
    sample = rows[::SAMPLE]
    size = sum(map(sys.getsizeof, sample))
    for row in sample:
        size += sum(map(sys.getsizeof, row))
    return size // len(sample)
