import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bench import watching
from bench.watching import Watched, cpu_seconds, runnable

CAPTURE = """#!{python}
import signal, sys
def stop(*_):
    print("pxcap: not seen: packets the kernel dropped (7)\\n1200 events of 3 connections in 1.0 s captured", file=sys.stderr)
    sys.exit({status})
signal.signal(signal.SIGINT, stop)
print("pxcap: packets are captured, not sockets\\npxcap: capturing by packet into x; Ctrl-C stops", file=sys.stderr, flush=True)
sum(range(8_000_000))
signal.pause()
"""


def as_pxcap(path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = path / "capture"
    program.write_text(text)
    program.chmod(0o755)
    monkeypatch.setattr(watching, "PXCAP", program)
    return path


@pytest.mark.parametrize("status", [0, 1])
def test_what_it_took_and_said(status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_pxcap(tmp_path, CAPTURE.format(python=sys.executable, status=status), monkeypatch)
    with watching.watching(["--port", "1"], tmp_path) as watched:
        assert watched.events == 0
    assert watched.events == 1200
    assert watched.complaints == ["not seen: packets the kernel dropped (7)"]
    assert watched.cpu > 0  # waited for, though the block ended at once


def test_a_capture_that_cannot_begin_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_pxcap(tmp_path, "#!/bin/sh\necho 'pxcap: error: no rights' >&2\necho '  hint: sudo' >&2\nexit 1\n", monkeypatch)
    with pytest.raises(RuntimeError, match=r"^pxcap: error: no rights$"), watching.watching([], tmp_path):
        pytest.fail("it is not ready")


def test_nothing_is_left_running_when_the_load_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_pxcap(tmp_path, CAPTURE.format(python=sys.executable, status=0), monkeypatch)
    pid = 0
    with pytest.raises(ValueError, match="load"), watching.watching([], tmp_path) as watched:  # noqa: PT012
        pid = watched.pid
        raise ValueError("load")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_records_are_told_apart_by_the_side_that_saw_them(tmp_path: Path) -> None:
    watched = Watched(1, tmp_path / "x.db")
    connection = sqlite3.connect(watched.database)
    connection.execute("CREATE TABLE redis_events (local_port, remote_port)")
    assert watched.records("redis_events", 6379) == (0, 0)
    connection.executemany(
        "INSERT INTO redis_events VALUES (?, ?)", [(6379, 40000), (6379, 40001), (40000, 6379), (1, 2)]
    )
    connection.commit()
    connection.close()
    assert watched.records("redis_events", 6379) == (2, 1)


def test_cpu_time_is_of_the_whole_process() -> None:
    before = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) < before + 0.02:
        sum(range(100_000))


def test_who_waits_for_a_processor_is_told_from_who_waits_for_input() -> None:
    assert runnable(os.getpid())
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as waiting:
        for _ in range(500):
            if not runnable(waiting.pid):
                break
            time.sleep(0.02)
        else:
            pytest.fail("it has not come to wait for its input")
