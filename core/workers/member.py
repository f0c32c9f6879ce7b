"""One worker as the process sees it that feeds it: its pipes, what waits to be written to it, and its end.

Writing is a thread's own, so that a worker that is slow, or does not read at all, keeps nobody waiting who does not want
to. What waits is bounded by who puts it there.
"""

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from pxcap.core.workers import pipes
from pxcap.core.workers.plan import Message, Plan
from pxcap.core.workers.process import Late, begin

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_REAP_SECONDS = 5.0  # for a process to be gone that has closed its pipes, or was killed


class Member:
    """A worker process.

    Attributes:
        pid: Its process id.
        waiting: Bytes that wait to be written.
        open: Connections it was told of and that did not end.
        sent: Events given to it.
        taken: Those it says it has parsed.
        records: Records it says it has made.
    """

    def __init__(self, plan: Plan, others: "Iterable[Member]" = ()) -> None:
        """Start it.

        Args:
            plan: How it works.
            others: Those there are already: it must not keep their pipes open.

        Raises:
            OSError: This machine has no room for another process.
        """
        self.waiting = self.open = self.sent = self.taken = self.records = 0
        theirs, self._to = os.pipe()
        self._from, back = os.pipe()
        pipes.widen(self._to)
        # Ctrl-C at a terminal goes to all of its processes. Blocked, it waits until the worker has said that it ignores it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            held = [pipe for member in (self, *others) for pipe in (member._to, member._from)]
            self._process = begin(theirs, back, held)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(theirs)
            os.close(back)
        self.pid = self._process.pid
        self._frames = pipes.Frames(self._from)
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._closed = self._broken = False
        self._thread: threading.Thread | None = None
        with suppress(OSError):  # it ended at once, which is noticed later
            pipes.write(self._to, pipes.pack([[pickle.dumps(plan)]]))

    def fileno(self) -> int:
        """Readable when it said something, or ended."""
        return self._from

    @property
    def over(self) -> bool:
        """Whether it has ended and all it said was heard."""
        return self._frames.over

    def hear(self) -> list[Message]:
        """What it said; does not wait."""
        return self._frames.take()

    def put(self, frame: bytes) -> None:
        """Have a frame written, after those before."""
        with self._changed:
            if self._thread is None:  # not before: threads keep the rights that there were when they began
                self._thread = threading.Thread(target=self._write, name=f"pxcap-worker-{self.pid}", daemon=True)
                self._thread.start()
            if not self._broken:
                self._queue.append(frame)
                self.waiting += len(frame)
                self._changed.notify_all()

    def room(self, limit: int, timeout: float) -> bool:
        """Wait, for so many seconds at most, until less than that many bytes wait or it has ended; gives whether so."""
        with self._changed:
            return self._changed.wait_for(lambda: self.waiting < limit or self._broken, timeout)

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def reap(self) -> int:
        """Let its pipe end and wait until it is gone; gives its exit status, below zero a signal's number."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is None:
            os.close(self._to)
        try:
            status = self._process.wait(_REAP_SECONDS)
        except Late:
            self._process.kill()
            status = self._process.wait()
        if self._thread is not None:
            self._thread.join()
        with suppress(OSError):
            os.close(self._from)
        return status

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if not self._queue:
                    break
                frame = self._queue[0]
            try:
                pipes.write(self._to, frame)
            except OSError:  # it has ended
                break
            with self._changed:
                self._queue.popleft()
                self.waiting -= len(frame)
                self._changed.notify_all()
        with self._changed:
            self._broken = True
            self._queue.clear()
            self.waiting = 0
            self._changed.notify_all()
        os.close(self._to)
