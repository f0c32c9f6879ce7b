"""The programs: every choice loads on this kernel, filters and counters work, and what cannot be is said in one line."""

import gc
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.bpf.elsewhere import BCC, BTF, NO_CAPABILITIES, run
from tests.bpf.traffic import Held, free_ports, play

from pxcap.bpf import program as module
from pxcap.bpf.program import CHUNK, Choice, Program, _explained, load, source
from pxcap.bpf.records import (
    BYTES_LOST,
    CONTROL_LOST,
    DATA,
    EVENTS,
    NO_PEER,
    QUIET_IGNORED,
    RECORD,
    RECORDS_LOST,
    Closed,
    Opened,
    control,
    is_shed,
)
from pxcap.core.errors import CaptureError

CHOICES = {
    "some processes, inside tls": Choice(by_process=True, tls=True),
    "every call": Choice(by_call=True, by_process=True, tls=True),
    "every call, no datagrams": Choice(by_call=True, datagrams=False, payload=1024),
}
PORTS = free_ports(8)
PAIR = "client, server = pair()\n"


@contextmanager
def loaded(choice: Choice) -> Iterator[Program]:
    program = load(choice)
    try:
        yield program
    finally:
        program.close()


@dataclass
class Seen:
    """What was read of the rings about connections with one of these ports."""

    ports: set[int]
    opened: dict[int, Opened] = field(default_factory=dict)
    closed: dict[int, Closed] = field(default_factory=dict)
    data: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)  # by id: direction, position, bytes

    def read(self, program: Program) -> None:
        until = program.data.produced
        while (block := program.control.read(program.control.produced))[1]:
            for record in (control(block[0], place) for place in block[1]):
                if isinstance(record, Opened) and self.ports & {record.local_port, record.remote_port}:
                    self.opened[record.id] = record
                elif isinstance(record, Closed) and record.id in self.opened:
                    self.closed[record.id] = record
        while (block := program.data.read(until))[1]:
            for place in block[1]:
                (head,) = np.frombuffer(block[0], RECORD, 1, place).tolist()
                _, number, pos, size, _, _, kind, direction, _ = head
                if kind == DATA and number in self.opened:
                    self.data.setdefault(number, []).append((direction, pos, size))

    def until(self, program: Program, enough: Callable[["Seen"], bool]) -> "Seen":
        """Read until it is; the kernel may close a socket a little later than its process."""
        for _ in range(6000):
            self.read(program)
            if enough(self):
                return self
            time.sleep(0.01)
        raise AssertionError(f"not within a minute: {self}")


def descriptors() -> list[str]:
    """What of the kernel's BPF this process holds."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            found.append(os.readlink(each))
        except FileNotFoundError:
            continue  # the one the folder was read through
    return [each for each in found if "bpf" in each]


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES.keys())
def test_every_choice_loads_and_nothing_is_left(
    kernel: None, choice: Choice, capfd: pytest.CaptureFixture[str]
) -> None:
    before = descriptors()
    with loaded(choice) as program:
        assert len(descriptors()) > len(before)
        assert all(count >= 0 for count in program.counters())
    gc.collect()
    assert descriptors() == before
    assert capfd.readouterr() == ("", "")


def test_datagrams_from_before_senders_can_be_told_are_not_missed(
    kernel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = free_ports(1)
    tell_senders, before = module._tell_senders, []

    def later(bcc: Any, loading: Any) -> list[int]:
        """Attach what tells senders once five datagrams have come to somebody who does not ask for theirs."""
        play(
            "server = socket.socket(type=socket.SOCK_DGRAM); server.bind(('127.0.0.1', PORT))\n"
            "client = socket.socket(type=socket.SOCK_DGRAM)\n"
            "for _ in range(5): client.sendto(b'x', ('127.0.0.1', PORT)); server.recv(9)",
            port,
        )
        counters = loading[b"counters"]
        before.append(sum(counters[counters.Key(NO_PEER)]))
        return tell_senders(bcc, loading)

    monkeypatch.setattr(module, "_tell_senders", later)
    with loaded(Choice(ports=frozenset([port]))) as program:
        assert program.counters()[NO_PEER] < 5 <= before[0]  # other tests may have some of their own


@pytest.fixture(scope="module")
def program(kernel: None) -> Iterator[Program]:
    with loaded(Choice(ports=frozenset(PORTS), ring_mib=1)) as made:
        yield made


def test_ports_are_chosen_in_the_kernel_and_own_traffic_never_is(program: Program) -> None:
    (other,) = free_ports(1)
    before = program.counters()[EVENTS]
    play(PAIR + "client.sendall(b'abc'); exact(server, 3)", other)
    with (
        socket.create_server(("127.0.0.1", PORTS[0])) as server,
        socket.create_connection(server.getsockname()) as ours,
    ):
        ours.sendall(b"abc")
        with server.accept()[0] as theirs:
            assert theirs.recv(3) == b"abc"
    pid = play(PAIR + "client.sendall(b'abc'); exact(server, 3); client.close(); server.close()", PORTS[1]).pid
    seen = Seen({*PORTS, other}).until(program, lambda seen: len(seen.closed) == 2)
    assert all(PORTS[1] in (one.local_port, one.remote_port) for one in seen.opened.values())
    assert [one.tgid for one in seen.opened.values()] == [pid] * 2
    assert sorted(map(tuple, seen.data.values())) == [((0, 0, 3),), ((1, 0, 3),)]
    assert sorted((one.sent, one.received) for one in seen.closed.values()) == [(0, 3), (3, 0)]
    assert program.counters()[EVENTS] - before >= 2


def test_ignored_connections_are_counted_until_they_are_noticed_again(program: Program) -> None:
    turn = "go()\nclient.sendall(b'abc'); exact(server, 3)\n"
    talk = Held(PAIR + turn * 3 + "go()", PORTS[2])
    seen = Seen({PORTS[2]})
    try:
        for number in range(3):
            talk.go()
            talk.wait()
            seen.read(program)
            if number == 0:
                (sender,) = (one.id for one in seen.opened.values() if one.remote_port == PORTS[2])
                program.ignore([sender])
            elif number == 1:
                program.notice_again()
        talk.go()
        talk.end()
    finally:
        talk.kill()
    (receiver,) = seen.opened.keys() - {sender}
    assert seen.data == {sender: [(0, 0, 3), (0, 6, 3)], receiver: [(1, 0, 3), (1, 3, 3), (1, 6, 3)]}


def test_the_share_left_out_is_the_one_that_was_told(program: Program) -> None:
    seen = Seen({PORTS[3], PORTS[4]})
    program.shed(128)
    try:
        play("for _ in range(40):\n    client, server = pair()\n    client.sendall(b'abc'); exact(server, 3)", PORTS[3])
    finally:
        program.shed(0)
    seen.until(program, lambda seen: len(seen.closed) == 80)
    out = {one.id for one in seen.opened.values() if one.quiet == QUIET_IGNORED}
    assert out == {one for one in seen.opened if is_shed(one, 128)}
    assert 0 < len(out) < 80
    assert seen.data.keys() == seen.opened.keys() - out
    play(PAIR + "client.sendall(b'abc'); exact(server, 3)", PORTS[4])
    seen.until(program, lambda seen: len(seen.closed) == 82)
    assert len(seen.data) == 80 - len(out) + 2


def test_what_finds_no_room_is_counted(program: Program) -> None:
    before = program.counters()
    turn, turns = 1 << 16, 48
    play(f"{PAIR}for _ in range({turns}):\n    client.sendall(bytes({turn})); exact(server, {turn})", PORTS[5])
    seen = Seen({PORTS[5]}).until(program, lambda seen: len(seen.closed) == 2)
    lost = [now - then for now, then in zip(program.counters(), before, strict=True)]
    assert lost[RECORDS_LOST] > 0
    assert lost[CONTROL_LOST] == 0
    assert lost[BYTES_LOST] + sum(size for each in seen.data.values() for _, _, size in each) == 2 * turn * turns
    assert sorted((one.sent, one.received) for one in seen.closed.values()) == [(0, turn * turns), (turn * turns, 0)]
    play(f"{PAIR}client.sendall(b'TAPE'); exact(server, 4)", PORTS[5])
    again = Seen({PORTS[5]}).until(program, lambda seen: len(seen.closed) == 2)
    assert sorted(map(len, again.data.values())) == [1, 1], "there is room once it was read"


def test_the_text_is_one() -> None:
    assert '#include "' not in source()


def test_without_rights_it_is_said_what_to_do(kernel: None) -> None:
    assert failure(NO_CAPABILITIES) == [
        "the kernel refuses to load BPF programs: not permitted",
        "run as root: sudo pxcap capture",
    ]


@pytest.mark.parametrize(("hidden", "found"), [(BCC, "bcc is not installed"), (BTF, "/sys/kernel/btf/vmlinux")])
def test_what_is_missing_is_named(kernel: None, hidden: str, found: str) -> None:
    message, hint = failure("", hidden)
    assert message.startswith(found)
    assert "apt-get install" in hint


def failure(first: str, *hidden: str) -> list[str]:
    """What `load` raises on a poorer machine, where nothing else may be printed."""
    done = run(LOAD.format(first=first), hidden)
    assert done.stderr == ""
    return done.stdout.splitlines()


LOAD = """
from pxcap.bpf.program import Choice, load
from pxcap.core.errors import CaptureError
{first}
try:
    load(Choice())
except CaptureError as error:
    print(error)
    print(error.hint)
"""


def test_a_program_that_does_not_compile_is_quoted(
    kernel: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "source", lambda: "int nothing(void *ctx) { return a_name; }\n")
    with pytest.raises(CaptureError, match=r"cannot be loaded: .*undeclared identifier 'a_name'"):
        load(Choice())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Failed to attach BPF program raw_tracepoint__sock_send_length",
            "this kernel has no tracepoint sock_send_length",
        ),
        (
            "bpf: Failed to load program: Operation not permitted",
            "the kernel refuses to load BPF programs: not permitted",
        ),
        ("a\nx.c:1:2: error: no\nb", "BPF programs cannot be loaded: x.c:1:2: error: no"),
        ("", "BPF programs cannot be loaded: out of luck"),
    ],
)
def test_reasons(said: str, expected: str) -> None:
    error = _explained(Exception("out of luck"), said)
    assert str(error) == expected
    assert error.hint


def test_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(CaptureError, match="x86_64 and aarch64, this is riscv64"):
        module._defines(Choice())


def test_payload_is_taken_in_whole_records(kernel: None) -> None:
    sizes = {size: module._defines(Choice(payload=size))["CHUNKS"] for size in (1, CHUNK, CHUNK + 1, 2 * CHUNK)}
    assert sizes == {1: 1, CHUNK: 1, CHUNK + 1: 2, 2 * CHUNK: 2}
