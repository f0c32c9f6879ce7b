"""One worker process: it starts, is written to without waiting, and is gone in the end."""

import os
import select
import signal
from functools import partial
from pathlib import Path

from tests.core.workers.outlets import FileOutlet, refusing, toys

from pxcap.core.pipeline import Options
from pxcap.core.workers import pipes
from pxcap.core.workers.member import Member
from pxcap.core.workers.plan import Message, Plan


def start(folder: Path) -> Member:
    return Member(Plan(partial(FileOutlet, str(folder)), Options(), (), toys))


def hear(member: Member, name: str) -> Message:
    """Wait for a message of that name."""
    while not member.over:
        select.select([member], [], [])
        for message in member.hear():
            if message[0] == name:
                return message
    raise AssertionError(f"it ended without {name}")


def test_from_start_to_end(tmp_path: Path) -> None:
    member = start(tmp_path)
    assert hear(member, "ready") == ["ready"]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # none of its business
        os.kill(member.pid, number)
    member.put(pipes.pack([["totals", False]]))
    assert hear(member, "totals") == ["totals", []]
    member.put(pipes.pack([["end", None]]))
    assert hear(member, "final")[0] == "final"
    assert member.reap() == 0


def test_signals_while_it_starts(tmp_path: Path) -> None:
    member = start(tmp_path)
    for _ in range(3):
        os.kill(member.pid, signal.SIGINT)
    hear(member, "ready")
    assert member.reap() == 0


def test_one_that_does_not_read_keeps_nobody_waiting(tmp_path: Path) -> None:
    member = start(tmp_path)
    hear(member, "ready")
    os.kill(member.pid, signal.SIGSTOP)
    for _ in range(4):
        member.put(pipes.pack([["nothing", bytes(1 << 20)]]))
    assert member.waiting > 2 << 20
    assert not member.room(1 << 20, 0.01)
    assert member.room(8 << 20, 0.0)
    member.kill()
    assert member.reap() == -signal.SIGKILL
    assert member.waiting == 0
    assert member.room(1, 0.0)
    member.put(b"too late")
    assert member.waiting == 0


def test_its_end_is_heard(tmp_path: Path) -> None:
    member = start(tmp_path)
    hear(member, "ready")
    member.kill()
    while not member.over:
        select.select([member], [], [])
        assert member.hear() == []
    assert member.reap() == -signal.SIGKILL


def test_a_plan_that_cannot_be_followed() -> None:
    member = Member(Plan(refusing, Options(), (), toys))
    assert hear(member, "failed") == ["failed", "StoreError", "store nowhere: cannot be opened", "choose another"]
    assert member.reap() == 1
