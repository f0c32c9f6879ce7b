"""Ways into the store: of one process, and of the workers of a replay."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from pxcap.bpf.processes import ProcessTable
from pxcap.cli.outlet import BufferedOutlet, DirectOutlet, start_workers
from pxcap.core.columns import CONNECTIONS
from pxcap.core.pipeline import Options
from pxcap.core.workers.plan import Outcome

ROW = (1, "a:1:2", "192.0.2.1", 1, "192.0.2.2", 2, 1, "tcp", "http", 0, 1, None, 3, 4, 0, 1, 0, None, 7)
SHOP = Path(__file__).parents[2] / "fixtures" / "demo" / "shop.pcap"


def rows(path: Path) -> dict[str, Counter[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: Counter(store.execute(f'SELECT * FROM "{name}"').fetchall())
            for name in tables
            if not name.startswith(("pxcap_", "sqlite_"))
        }


@pytest.mark.parametrize("buffered", [True, False])
def test_rows_are_stored_and_those_that_do_not_fit_counted(tmp_path: Path, buffered: bool) -> None:
    path = tmp_path / "x.db"
    url, tables = f"sqlite:///{path}", [CONNECTIONS]
    outlet = BufferedOutlet(url, tables, 1 << 20, print) if buffered else DirectOutlet(url, tables, print)
    outlet.write(CONNECTIONS.name, [ROW, ROW])
    outlet.write(CONNECTIONS.name, [(1 << 70, *ROW[1:])])
    outcome = outlet.close(20.0)
    assert isinstance(outcome, Outcome)
    assert outcome.missing[CONNECTIONS.name] == 1
    assert list(outcome.reasons.values()) == [1]
    assert not any(outcome.dropped.values())
    assert rows(path)[CONNECTIONS.name] == {ROW: 2}


def test_no_workers_for_one(tmp_path: Path) -> None:
    assert start_workers(1, f"sqlite:///{tmp_path / 'x.db'}", [CONNECTIONS], Options()) is None


def test_a_replay_is_the_same_with_any_number(pxcap: Command, trace: Path, tmp_path: Path) -> None:
    done = {}
    for number in (1, 2, 4):
        store = tmp_path / f"{number}.db"
        done[number] = pxcap(
            *("replay", str(SHOP), str(trace), "none.pcap", "--store", f"sqlite:///{store}", "-o", "json"),
            *("--workers", str(number)),
        )
        assert done[number].status == 1
    assert done[2].out == done[4].out == done[1].out
    assert done[2].err.replace("/2.db", "/1.db") == done[4].err.replace("/4.db", "/1.db") == done[1].err
    stored = rows(tmp_path / "1.db")
    assert stored["http_events"].total() > 40
    assert rows(tmp_path / "2.db") == rows(tmp_path / "4.db") == stored


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "a worker killed"])
def test_an_end_before_the_end(tmp_path: Path, how: signal.Signals) -> None:
    store = tmp_path / "x.db"
    command = [sys.executable, "-W", "error", "-m", "pxcap.cli.main", "replay", "-", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--store", f"sqlite:///{store}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(SHOP.read_bytes())
    process.stdin.flush()
    while len(workers := ProcessTable().descendants(process.pid)) < 2:
        time.sleep(0.02)
    _until_read(process.pid)
    if how == signal.SIGINT:
        process.send_signal(how)
        assert process.wait(timeout=120) == 130  # though its standard input goes on
        _, said = process.communicate()
        assert re.search(rb"^interrupted: \d+ records stored", said, re.MULTILINE), said
    else:
        os.kill(min(workers), how)
        process.stdin.write(SHOP.read_bytes()[24:])
        _, said = process.communicate(timeout=120)
        assert process.returncode == 1
        assert re.match(rb"pxcap: error: parse worker \d of 2 \(pid \d+\) was killed by SIGKILL: it had", said), said
    assert b"Traceback" not in said
    with closing(sqlite3.connect(store)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not ProcessTable().descendants(process.pid)


def _until_read(pid: int) -> None:
    """Wait until the process waits for more of its standard input: it has two workers, and reads."""
    pipe = os.readlink(f"/proc/{pid}/fd/0")
    assert pipe.startswith("pipe:")
    for _ in range(1000):
        if Path(f"/proc/{pid}/wchan").read_text() in ("pipe_read", "anon_pipe_read"):
            return
        time.sleep(0.02)
    raise AssertionError("it does not read its standard input")
