"""`pxcap capture` as a process of its own, as a person starts and stops it."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pxcap.core.starved import since_here, starved

SOON = 5.0  # seconds: two for the capture, and some for the interpreter to end on a slow machine


class Capturing:
    """A capture that has begun; its store lies in the folder."""

    def __init__(self, folder: Path, *options: str, wrapped: Sequence[str] = ()) -> None:
        self.store = folder / "live.db"
        command = [*wrapped, sys.executable, "-W", "error", "-m", "pxcap.cli.main", "capture"]
        self.process = subprocess.Popen(
            [*command, "--store", f"sqlite:///{self.store}", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said = ""
        self.seconds = 0.0

    def begun(self) -> "Capturing":
        """Wait until it captures."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line
            if line.startswith("pxcap: capturing"):
                return self
        raise AssertionError(self.said)

    def stop(self, number: signal.Signals = signal.SIGINT) -> list[dict[str, Any]]:
        """End it by a signal; gives what it printed, and keeps how long it took while there was a processor for it."""
        asked, before = time.monotonic(), starved(self.process.pid)
        lacked, ours = 0.0, since_here()
        self.process.send_signal(number)
        while self.process.poll() is None and time.monotonic() < asked + 60:
            lacked = max(lacked, starved(self.process.pid) - before)
            time.sleep(0.02)
        self.seconds = time.monotonic() - asked - lacked - ours()
        return self.end()

    def end(self) -> list[dict[str, Any]]:
        """Wait for its end; gives what it printed."""
        out, err = self.process.communicate(timeout=300)
        self.said += err
        return [json.loads(line) for line in out.splitlines()]

    def kill(self) -> None:
        """Leave no process behind, whatever has happened."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the store holds."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as store:
            return store.execute(sql).fetchall()
