"""pxcap live in a pseudo terminal of its own."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Command

SECONDS = 60  # to wait for what should be there at once


class Screen:
    """A process with a terminal of 100 columns and 24 rows."""

    def __init__(self, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pxcap.cli.main", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1"},
        )
        self.slave = slave
        self.seen = ""

    def wait_for(self, pattern: str) -> str:
        """What came until the pattern did."""
        start = len(self.seen)
        while not re.search(pattern, self.seen[start:]):
            ready, _, _ = select.select([self.master], [], [], SECONDS)
            assert ready, f"{pattern!r} did not come: {self.seen[start:]!r}"
            self.seen += re.sub(r"\x1b\[[0-9;]*m", "", os.read(self.master, 65536).decode(errors="replace"))
        return self.seen[start:]

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        status = self.process.wait(SECONDS)
        assert termios.tcgetattr(self.slave) == self.before
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def screen(stored: str) -> Iterator[Screen]:
    made = Screen("live", "px/http_data", "--every", "200ms", "--store", stored)
    yield made
    made.close()


def test_a_person_looks_sorts_filters_opens_and_leaves(screen: Screen) -> None:
    shown = screen.wait_for(r"q quit")
    assert "\x1b[?1049h" in shown
    assert "px/http_data  4 rows" in shown
    assert "/products/7" in shown
    screen.send("s")
    screen.wait_for("time_ ▲")
    screen.send("/cart\r")
    screen.wait_for(r"px/http_data  1 of 4 rows")
    screen.send("\r")
    record = screen.wait_for(r"enter back")
    assert re.search(r"req_body +\{", record)
    screen.send("\x1b")
    screen.wait_for("only 'cart'")
    screen.send("q")
    assert screen.end() == 0
    assert "\x1b[?1049l" in screen.seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was(screen: Screen, number: signal.Signals) -> None:
    screen.wait_for("q quit")
    screen.process.send_signal(number)
    assert screen.end() == 0
    assert "\x1b[?1049l" in screen.seen


def test_what_is_wrong_is_a_line_and_no_screen(stored: str, tmp_path: Path) -> None:
    screen = Screen("live", "px/http_data", "--store", f"sqlite:///{tmp_path}/none.db")
    screen.wait_for("hint: run pxcap replay")
    assert screen.end() == 1
    assert "\x1b[?1049h" not in screen.seen
    screen.close()


def test_without_a_terminal_there_is_a_line(pxcap: Command, stored: str) -> None:
    done = pxcap("live", "px/http_data", "--store", stored)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("pxcap: error: pxcap live needs a terminal")
