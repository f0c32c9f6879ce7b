"""The terminal: keys in, lines out, and a thread that runs the script again and again."""

import os
import select
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live

from pxcap.cli.interrupt import catch_stop
from pxcap.cli.screen.draw import draw
from pxcap.cli.screen.keys import Keys
from pxcap.cli.screen.view import Page, View
from pxcap.core.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType

_LOOK = 0.25  # seconds after which a change of the terminal's size is noticed
_PATIENCE = 2.0  # seconds that a script which is running may take to end when the person leaves

Load = Callable[[], tuple[Sequence[Page], str]]


def check_terminal() -> None:
    """Make sure there is a screen and a keyboard.

    Raises:
        UsageError: There is not.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("pxcap live needs a terminal for its screen and keys", "pxcap run NAME prints the same once")


def watch(view: View, load: Load, every: float) -> None:
    """Show what `load` gives until the person leaves.

    Args:
        view: What is looked at; empty before the first load.
        load: Runs the script: its pages and a line about them. Called in another thread.
        every: Seconds from one run's end to the next.

    Raises:
        PxcapError: The first run failed; what fails later is told in the heading.
    """
    console, keys = Console(highlight=False, markup=False, emoji=False), Keys()
    keyboard = sys.stdin.fileno()
    with catch_stop() as stop, Refresher(load, every) as refresher:
        refresher.wait_first(stop.fileno())
        with _raw(keyboard), Live(console=console, screen=True, auto_refresh=False) as live:
            poll = select.poll()
            for descriptor in (keyboard, stop.fileno(), refresher.fileno()):
                poll.register(descriptor, select.POLLIN)
            size = None
            events: list[tuple[int, int]] = [(-1, 0)]
            while not stop.requested:
                if refresher.take(view) or events or console.size != size:
                    size = console.size
                    live.update(Group(*draw(view, size.width, size.height)), refresh=True)
                events = poll.poll(_LOOK * 1000)
                if any(descriptor == keyboard for descriptor, _ in events):
                    data = os.read(keyboard, 1024)
                    if not data or not all(view.press(key) for key in keys.feed(data)):
                        return


class Refresher:
    """Runs the script in a thread of its own. It can be polled as a file: readable when there is something new."""

    def __init__(self, load: Load, every: float) -> None:
        self._load, self._every = load, every
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()
        self._new: tuple[Sequence[Page], str] | None = None
        self._error: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def fileno(self) -> int:
        """The descriptor to poll; belongs to this object."""
        return self._event

    def wait_first(self, stop: int) -> None:
        """Wait for the first run, or until `stop` is readable.

        Raises:
            PxcapError: The run failed.
        """
        select.select([self._event, stop], [], [])
        with self._lock:
            if self._new is None and self._error is not None:
                raise self._error

    def take(self, view: View) -> bool:
        """Give the view what is new; gives whether there was anything."""
        with self._lock:
            new, error = self._new, self._error
            self._new = self._error = None
            if new is None and error is None:
                return False
            os.eventfd_read(self._event)
        if new is not None:
            view.update(new[0])
            view.status = new[1]
        if error is not None:
            view.status = str(error)
        return True

    def _run(self) -> None:
        while not self._over.is_set():
            new: tuple[Sequence[Page], str] | None = None
            error: Exception | None = None
            try:
                new = self._load()
            except Exception as failure:  # noqa: BLE001 - raised, or told, where the person is
                error = failure
            with self._lock:
                self._new, self._error = new or self._new, error
                os.eventfd_write(self._event, 1)
            self._over.wait(self._every)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._over.set()
        self._thread.join(_PATIENCE)
        if not self._thread.is_alive():
            os.close(self._event)


@contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """Keys come one by one and are not echoed."""
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def clock() -> str:
    """The time of day."""
    return time.strftime("%H:%M:%S")
