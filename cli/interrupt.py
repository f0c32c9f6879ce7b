"""Ctrl-C that stops a replay between two windows of the capture, so that nothing is stored half or twice."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 1.0  # seconds to reach the next window; waiting for standard input may never reach it


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
