"""Who is the server of a connection that was there before: told by who listens."""

import os
import socket
from collections.abc import Iterator

import pytest

from pxcap.bpf import roles as module
from pxcap.bpf.procfs import netns
from pxcap.bpf.roles import Roles

HERE = netns(os.getpid())


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_the_side_whose_port_is_listened_on_is_the_server(server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()) as client:
        ours, theirs = client.getsockname(), client.getpeername()
        roles = Roles()
        assert roles.client((ours, theirs), HERE, os.getpid()) == 0
        assert roles.client((theirs, ours), HERE, os.getpid()) == 1


def test_nobody_listens_or_both_do(server: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        here, there = server.getsockname(), other.getsockname()
        assert Roles().client((here, there), HERE, os.getpid()) is None
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert Roles().client((unused.getsockname(), ("192.0.2.1", 1)), HERE, os.getpid()) is None


def test_a_process_that_has_ended_tells_nothing(server: socket.socket) -> None:
    assert Roles().client((server.getsockname(), ("192.0.2.1", 1)), 1, 2**22 + 1) is None


def test_each_namespace_is_asked_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    now = 100.0

    def listening(pid: int) -> set[tuple[str, int, str]]:
        asked.append(pid)
        return {("tcp", 80, "::"), ("udp", 53, "::")}

    monkeypatch.setattr(module, "listening", listening)
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    roles = Roles()
    ends = (("192.0.2.1", 80), ("192.0.2.2", 40000))
    assert [roles.client(ends, 1, 11) for _ in range(3)] == [1, 1, 1]
    assert roles.client(ends, 2, 22) == 1
    assert roles.client((("192.0.2.1", 53), ("192.0.2.2", 9)), 2, 22) is None
    assert asked == [11, 22]
    now += module._FRESH + 0.1
    roles.client(ends, 1, 12)
    assert asked == [11, 22, 12]
