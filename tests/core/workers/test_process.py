"""A worker is a copy of this process where it has one thread, and else a new process; both end alike."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BEGIN = """
import json, os, select, signal, sys, threading
from functools import partial
from pathlib import Path
from tests.core.workers.outlets import FileOutlet, failing, toys
from pxcap.core.pipeline import Options
from pxcap.core.workers import pipes
from pxcap.core.workers.member import Member
from pxcap.core.workers.plan import Plan
from pxcap.core.workers.process import Late

plan = Plan(partial(FileOutlet, sys.argv[1]), Options(), (), toys)

def hear(member, name):
    while not member.over:
        select.select([member], [], [])
        for message in member.hear():
            if message[0] == name:
                return message

def kind(member):
    return type(member._process).__name__
"""
TWO = """
first = Member(plan)
second = Member(plan, [first])
told = [kind(first), kind(second), hear(first, "ready"), hear(second, "ready")]
told += [Path(f"/proc/{second.pid}/fd/0").readlink().name]
told += [first.reap()]  # its pipe ends, though the other is there yet
second.put(pipes.pack([["end", None]]))
told += [hear(second, "final")[0], second.reap()]
print(json.dumps(told))
"""
THREAD = """
held = threading.Event()
threading.Thread(target=held.wait).start()
"""
KILLED = """
member = Member(plan)
hear(member, "ready")
try:
    member._process.wait(0.01)
except Late:
    member.kill()
    print(json.dumps([kind(member), member.reap(), member._process.wait()]))
member.kill()
"""
FAILING = """
member = Member(Plan(failing, Options(), (), toys))
assert hear(member, "ready") is None
print(json.dumps([kind(member), member.reap()]))
"""


def play(program: str, folder: Path) -> tuple[Any, str]:
    """What a Python with one thread prints as JSON, and what it says."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", BEGIN + program, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    ("before", "kind", "end"), [("", "Copy", ""), (THREAD, "Popen", "held.set()\n")], ids=["one thread", "several"]
)
def test_from_start_to_end(tmp_path: Path, before: str, kind: str, end: str) -> None:
    told, said = play(before + TWO + end, tmp_path)
    assert told == [kind, kind, ["ready"], ["ready"], "null", 0, "final", 0]
    assert said == ""


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    assert play(KILLED, tmp_path)[0] == ["Copy", -9, -9]


def test_what_goes_wrong_in_a_copy_goes_no_further(tmp_path: Path) -> None:
    told, said = play(FAILING, tmp_path)
    assert told == ["Copy", 1]
    assert said.count("Traceback") == 1
