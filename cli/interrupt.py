"""Signals that end a command in good order.

A replay is stopped by Ctrl-C between two windows of the capture, so that nothing is stored half or twice. A live capture
is a loop that waits: it is woken, leaves its loop, and stores what it has.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pxcap.core.starved import since_here

GRACE = 1.0  # seconds to reach the next window; waiting for standard input may never reach it
STOP_SECONDS = 2.0  # within which a capture that is asked to stop has ended, those without a processor not counted
DAY = 86400.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Whether Ctrl-C was pressed; see `catch_interrupt`."""

    def __init__(self) -> None:
        self._pressed = False

    def check(self) -> None:
        """To be called where stopping is safe.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        if self._pressed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Remember the first Ctrl-C; the second, or the end of the grace, stops at once."""
        if self._pressed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt
        self._pressed = True
        signal.setitimer(signal.ITIMER_REAL, GRACE)


@contextmanager
def catch_interrupt() -> Iterator[Interruption]:
    """While the block runs, Ctrl-C raises KeyboardInterrupt at the next `check`, or after GRACE seconds anywhere."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():  # only the main thread gets signals
        yield interruption
        return
    numbers = (signal.SIGINT, signal.SIGALRM)
    before = [signal.signal(number, interruption.on_signal) for number in numbers]
    try:
        yield interruption
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Stop:
    """Whether a capture is to stop; see `catch_stop`. It can be polled as a file: readable from the request on."""

    def __init__(self) -> None:
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._asked: float | None = None
        self._lacked = since_here()

    @property
    def requested(self) -> bool:
        """Whether the loop is to be left."""
        return self._asked is not None

    def request(self) -> None:
        """Ask for the end, as a signal does."""
        if self._asked is None:
            self._asked, self._lacked = time.monotonic(), since_here()
            os.eventfd_write(self._event, 1)

    def wait(self, seconds: float) -> bool:
        """Sleep so long (a day at most), or until the request; then, whether there was one."""
        poll = select.poll()
        poll.register(self._event, select.POLLIN)
        poll.poll(min(max(0.0, seconds), DAY) * 1000)
        return self.requested

    def remaining(self) -> float:
        """Seconds left to end in good order: all of them before the request, 0.0 when they are over.

        Those in which the thread that was asked had no processor do not count, within `pxcap.core.starved.LONGEST`.
        """
        if self._asked is None:
            return STOP_SECONDS
        return max(0.0, self._asked + STOP_SECONDS + self._lacked() - time.monotonic())

    def fileno(self) -> int:
        """The descriptor to poll; belongs to this object."""
        return self._event

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Ask for the end; from now on the system does with a signal what it does by default: it ends the process."""
        for each in STOP_SIGNALS:
            if signal.getsignal(each) == self.on_signal:
                signal.signal(each, signal.SIG_DFL)
        self.request()

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._event)


@contextmanager
def catch_stop() -> Iterator[Stop]:
    """While the block runs, the first SIGINT, SIGTERM or SIGHUP requests the stop; the second ends the process at once.

    The second needs no help of Python's, so it also ends one that hangs; stores are whole whenever a process ends. SIGHUP
    stays ignored where it was (nohup).
    """
    stop = Stop()
    before = {}
    if threading.current_thread() is threading.main_thread():  # only the main thread gets signals
        for number in STOP_SIGNALS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop.on_signal)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
