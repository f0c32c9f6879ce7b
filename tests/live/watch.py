"""`pxcap capture` as a person starts it, and what it must have in common with other ways to see what passes a port."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

from pxcap.bpf.features import FOR_PACKETS, features, why_not_bpf, why_not_packet
from pxcap.core.columns import CONN_STATS, CONNECTIONS, PROCESSES, Table
from pxcap.core.registry import load_registry
from pxcap.core.testing.golden import as_record

CLIENT, SERVER = 1, 2
Records = list[dict[str, object]]
SOURCES = ("bpf", "packet")
WAYS = ("tcpdump", *SOURCES)
ODD = tuple(f"pxcap: {what}" for what in ("not seen", "not stored", "not parsed", "plugin failed", "warning", "error"))
WHERE = {"time_", "upid", "remote_addr", "remote_port", "local_addr", "local_port", "trace_role", "latency"}
"""Columns that differ between the two ends of a connection."""


class Seen(Protocol):
    """What was seen while the block ran; to be asked after it."""

    def records(self, table: str) -> Records:
        """A table's records as the server's side has them, in order of time."""

    def flaws(self, table: str) -> tuple[int, int]:
        """Places that could not be parsed, and bytes that were lost."""


Watch = Callable[[int], AbstractContextManager[Seen]]


class Live:
    """A running `pxcap capture`, and its store.

    Attributes:
        said: Lines of standard error.
        expected: Parts of lines that tell of what could not be seen, where that is to be so.
        pid: The capture's process.
    """

    def __init__(self, source: str, folder: Path, *options: str) -> None:
        missing = why_not(source)
        if missing is not None:
            pytest.skip(missing)
        self.source = source
        self.said: list[str] = []
        self.expected: list[str] = []
        self._store = folder / "live.db"
        self._counts: dict[str, dict[str, Any]] = {}
        command = [sys.executable, "-m", "pxcap.cli.main", "capture", "--source", source, "-o", "json"]
        command += ["--store", f"sqlite:///{self._store}", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line)
            if "pxcap: capturing" in line:
                return
        raise AssertionError("".join(self.said))

    def stop(self, alone: bool = True) -> None:
        """Press Ctrl-C, and wait for the end; with `alone`, it must have had nothing to say of what is not ours."""
        self._process.send_signal(signal.SIGINT)
        out, err = self._process.communicate(timeout=120)
        self.said += err.splitlines()
        self._counts = {count["table"]: count for count in map(json.loads, out.splitlines())}
        assert self._process.returncode == 0, self.said
        odd = [line for line in self.said if line.startswith(ODD)]
        odd = [line for line in odd if not any(words in line for words in self.expected)]
        assert odd == [] or not alone, odd

    def kill(self) -> None:
        """End it, when the test failed."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def records(self, table: str) -> Records:
        """Also, of sockets: both ends have told the same."""
        found = self.all(table)
        assert len(found) == self._counts[table]["records"]
        if self.source == "packet":
            assert {(row["upid"], row["trace_role"]) for row in found} <= {("", SERVER)}
            return found
        known = {row["upid"] for row in self.all(PROCESSES.name)}
        assert {row["upid"] for row in found} <= known
        ends = {role: [row for row in found if row["trace_role"] == role] for role in (CLIENT, SERVER)}
        assert sum(map(len, ends.values())) == len(found)
        client, server = counted(ends[CLIENT]), counted(ends[SERVER])
        assert client == server, f"{client - server}\n{server - client}"[:4000]
        return ends[SERVER]

    def all(self, table: str) -> Records:
        """Every row of a table, in order of time."""
        rows = self.query(f"SELECT * FROM {table} ORDER BY time_, rowid")
        return [as_record(schemas()[table], row) for row in rows]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        with closing(sqlite3.connect(self._store)) as connection:
            return connection.execute(sql).fetchall()

    def flaws(self, table: str) -> tuple[int, int]:
        return self._counts[table]["errors"], self._counts[table]["bytes_lost"]


def counted(rows: Records) -> Counter[tuple[object, ...]]:
    """How often each record is there, but for from where it was seen, and when."""
    return Counter(tuple(value for name, value in row.items() if name not in WHERE) for row in rows)


@cache
def schemas() -> dict[str, Table]:
    """The tables of a capture."""
    return {table.name: table for table in (*load_registry().tables(), CONN_STATS, PROCESSES, CONNECTIONS)}


@cache
def why_not(source: str) -> str | None:
    """What keeps a source from being used here; None when nothing does."""
    if source == "bpf":
        return why_not_bpf(features())
    return why_not_packet(features(FOR_PACKETS))


@contextmanager
def capturing(source: str, folder: Path, *options: str, alone: bool = True) -> Iterator[Live]:
    """Capture while the block runs; stopped by Ctrl-C. Not `alone`: it sees traffic of other tests."""
    live = Live(source, folder, *options)
    try:
        yield live
        live.stop(alone)
    finally:
        live.kill()
