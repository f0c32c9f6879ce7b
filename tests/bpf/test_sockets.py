"""The kernel's socket tables, asked about real sockets here and in a network namespace that the test makes."""

import ctypes
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from pxcap.bpf import procnet, sockets
from pxcap.bpf.procfs import fds_of
from pxcap.bpf.sockets import SocketsByInode, listening, tcp_info


@pytest.fixture(params=["sock_diag", "proc"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two ways to ask, and that it is the one which is used."""
    if request.param == "proc":
        monkeypatch.setitem(sys.modules, "pyroute2", None)
    else:

        def not_this_way(pid: int) -> list[procnet.Socket]:
            raise AssertionError("sock_diag was refused")

        monkeypatch.setattr(sockets, "read_sockets", not_this_way)
    return str(request.param)


def connected(address: str) -> tuple[socket.socket, socket.socket, socket.socket]:
    """A listener and the two ends of a connection to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family)
    client = socket.create_connection(listener.getsockname()[:2])
    return listener, client, listener.accept()[0]


def until(holds: Callable[[], bool]) -> bool:
    return any(holds() or time.sleep(0.02) for _ in range(6000))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_who_listens(way: str, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener, client, accepted = connected(address)
    with listener, client, accepted, socket.socket(family, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind((address, 0))
        found = listening()
        port, client_port = listener.getsockname()[1], client.getsockname()[1]
        assert ("tcp", port, address) in found
        assert ("udp", datagrams.getsockname()[1], address) in found
        assert not [item for item in found if item[:2] == ("tcp", client_port)]
        datagrams.connect((address, port))
        assert ("udp", datagrams.getsockname()[1], address) not in listening()
    assert ("tcp", port, address) not in listening()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_what_tcp_knows(address: str) -> None:
    listener, client, accepted = connected(address)
    with listener, client, accepted:
        client.sendall(b"x" * 1000)
        assert accepted.recv(1000, socket.MSG_WAITALL) == b"x" * 1000
        here, there = client.getsockname()[:2], accepted.getsockname()[:2]
        assert until(lambda: tcp_info()[(*here, *there)].bytes_acked >= 1000)
        found = tcp_info()
        mine, theirs = found[(*here, *there)], found[(*there, *here)]
        assert (mine.bytes_sent, mine.bytes_received, mine.retransmits) == (1000, 0, 0)
        assert (theirs.bytes_sent, theirs.bytes_received, theirs.retransmits) == (0, 1000, 0)
        assert mine.rtt_ns is not None
        assert 0 < mine.rtt_ns < 10_000_000_000
        assert not [known for known in found if known[:2] == there and known[2:] != here]


def test_ipv4_on_an_ipv6_socket_is_ipv4() -> None:
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener,
        socket.create_connection(("127.0.0.1", listener.getsockname()[1])) as client,
        closing(listener.accept()[0]),
    ):
        here, there = client.getsockname(), client.getpeername()
        assert {(*here, *there), (*there, *here)} <= set(tcp_info())


def test_tcp_tells_nothing_through_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    listener, client, accepted = connected("127.0.0.1")
    with listener, client, accepted:
        monkeypatch.setitem(sys.modules, "pyroute2", None)
        assert tcp_info() == {}


def test_the_socket_behind_a_descriptor(way: str) -> None:
    listener, client, accepted = connected("127.0.0.1")
    with listener, client, accepted, socket.socket(socket.AF_UNIX) as unix:
        inodes = fds_of(os.getpid())
        by_inode = SocketsByInode()
        found = by_inode.socket_of(inodes[client.fileno()])
        assert found is not None
        assert (found.transport, found.listening) == ("tcp", False)
        assert (found.local_addr, found.local_port) == client.getsockname()
        assert (found.remote_addr, found.remote_port) == client.getpeername()
        waits = by_inode.socket_of(inodes[listener.fileno()], os.getpid())
        assert waits is not None
        assert (waits.listening, waits.local_port) == (True, listener.getsockname()[1])
        assert by_inode.socket_of(inodes[unix.fileno()]) is None


def test_dumps_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    known = procnet.Socket("tcp", "127.0.0.1", 1, "127.0.0.1", 2, False, 77)
    taken: list[float] = []
    now = [100.0]

    def dump(netns_pid: int | None) -> list[procnet.Socket]:
        taken.append(now[0])
        now[0] += 0.1
        return [known]

    monkeypatch.setattr(sockets, "sockets", dump)
    by_inode = SocketsByInode(lambda: now[0])
    assert by_inode.socket_of(77) is known
    assert [by_inode.socket_of(inode) for inode in (78, 79, 77)] == [None, None, known]
    now[0] += 1.9
    assert by_inode.socket_of(78) is None
    assert taken == [100.0], "the first took 0.1 s: the next may come 2 s later"
    now[0] += 0.2
    assert by_inode.socket_of(78) is None
    assert by_inode.socket_of(78, 0x7FFFFFFF) is None, "the namespace of a process that is not there is another one"
    assert len(taken) == 3


def test_what_was_sent_again_is_counted() -> None:
    listener, client, accepted = connected("127.0.0.1")
    with listener, client, accepted:
        address = (*client.getsockname(), *client.getpeername())
        assert tcp_info()[address].retransmits == 0
        nothing = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # a filter that returns 0: drop it
        program = struct.pack("HL", 1, ctypes.addressof(nothing))
        try:
            accepted.setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER
        except PermissionError:
            pytest.skip("a socket filter takes rights here")
        client.send(b"x")
        assert until(lambda: tcp_info()[address].retransmits > 0)


SERVES = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
accepted = listener.accept()[0]
print(listener.getsockname()[1], client.getsockname()[1], client.fileno(), flush=True)
sys.stdin.read()
"""


class Elsewhere:
    """A process in a network namespace of its own that talks to itself over the loopback there."""

    def __init__(self) -> None:
        start = f"ip link set lo up && exec '{sys.executable}' -c '{SERVES}'"
        self.process = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.pid = self.process.pid
        assert self.process.stdout is not None
        said = self.process.stdout.readline().split()
        if not said:
            with self.process:
                pytest.skip("network namespaces cannot be made here")
        self.port, self.client_port, self.client_fd = map(int, said)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "ip"))):
        pytest.skip("a network namespace takes root, unshare and ip")
    made = Elsewhere()
    with made.process:
        yield made
        made.process.kill()


def test_another_namespace(way: str, elsewhere: Elsewhere) -> None:
    assert listening(elsewhere.pid) == {("tcp", elsewhere.port, "127.0.0.1")}
    assert ("tcp", elsewhere.port, "127.0.0.1") not in listening()
    by_inode = SocketsByInode()
    inode = fds_of(elsewhere.pid)[elsewhere.client_fd]
    found = by_inode.socket_of(inode, elsewhere.pid)
    assert found is not None
    assert (found.local_port, found.remote_port) == (elsewhere.client_port, elsewhere.port)
    assert by_inode.socket_of(inode) is None


def test_a_namespace_that_may_not_be_entered(elsewhere: Elsewhere) -> None:
    os.seteuid(65534)
    try:
        assert listening(elsewhere.pid) == {("tcp", elsewhere.port, "127.0.0.1")}
        assert tcp_info(elsewhere.pid) == {}
    finally:
        os.seteuid(0)


def test_a_process_that_has_ended() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait(20)
    assert listening(child.pid) == set()
    assert tcp_info(child.pid) == {}
