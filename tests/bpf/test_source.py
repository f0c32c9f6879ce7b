"""Real sockets of real processes: whichever way bytes move, both ends of the connection tell the same."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bpf.traffic import Held, free_ports, play
from tests.bpf.watched import Watched

from pxcap.bpf import source as module
from pxcap.bpf.procfs import netns
from pxcap.bpf.program import CHUNK, Choice
from pxcap.bpf.records import COUNTERS, INVISIBLE
from pxcap.bpf.ring import BLOCK
from pxcap.core.protocol import REQUEST, RESPONSE, TRUNCATED

OLDER, *PORTS = free_ports(60)
UNUSED = iter(PORTS)
ANSWER = "server.sendall(b'answer'); exact(client, 6)\n"
OVER = "client.close(); server.close()\n"

MMSG = """
def messages(buffers):
    "struct mmsghdr for each list of buffers; what it points to is kept beside."
    kept, headers = [], b""
    for parts in buffers:
        arrays = [ctypes.create_string_buffer(bytes(part), len(part)) for part in parts]
        iov = ctypes.create_string_buffer(b"".join(struct.pack("QQ", ctypes.addressof(a), len(a)) for a in arrays))
        kept += [arrays, iov]
        headers += struct.pack("QI4xQQQQi4xI4x", 0, 0, ctypes.addressof(iov), len(parts), 0, 0, 0, 0)
    return ctypes.create_string_buffer(headers, len(headers)), kept

def many(call, sock, buffers):
    "How many messages the call moved."
    vector, kept = messages(buffers)
    extra = (0,) if call == "sendmmsg" else (0, None)
    return getattr(libc, call)(sock.fileno(), vector, len(buffers), *extra)
"""

CALLS = {
    "send, recv": "client.send(b'TAPE of bytes'); exact(server, 13)",
    "sendto, recvfrom": "client.sendto(b'TAPE of bytes', ('127.0.0.1', PORT)); server.recvfrom(99)",
    "write, read": "os.write(client.fileno(), b'TAPE of bytes'); os.read(server.fileno(), 99)",
    "writev, readv": "os.writev(client.fileno(), [b'TA', b'', b'PE of', b' bytes'])\n"
    "os.readv(server.fileno(), [bytearray(3), bytearray(5), bytearray(99)])",
    "sendmsg, recvmsg": "client.sendmsg([b'TAPE', b' of ', b'bytes'])\n"
    "server.recvmsg_into([bytearray(6), bytearray(1), bytearray(99)])",
    "sendmmsg, recvmmsg": MMSG + "assert many('sendmmsg', client, [[b'TA', b'PE'], [b' of'], [b' by', b'tes']]) == 3\n"
    "assert many('recvmmsg', server, [[bytes(4)], [bytes(6), bytes(2)], [bytes(1)]]) == 3",
    "some peeked at before": "client.send(b'TAPE of bytes'); server.recv(4, socket.MSG_PEEK)\n"
    "server.recv(99, socket.MSG_PEEK); exact(server, 13)",
    "in pieces": "client.send(b'TAPE of bytes')\nfor _ in range(13): server.recv(1)",
    "all waited for": "client.send(b'TAPE '); client.send(b'of bytes'); server.recv(13, socket.MSG_WAITALL)",
    "nothing between": "client.send(b''); client.send(b'TAPE of bytes'); client.send(b''); exact(server, 13)",
}


@pytest.fixture(scope="module")
def older(kernel: None) -> Iterator[Held]:
    """A connection that is there before the capture, with its listening socket."""
    made = Held(
        "listening = socket.create_server(('127.0.0.1', PORT))\n"
        "client = socket.create_connection(('127.0.0.1', PORT)); server, _ = listening.accept()\n"
        "client.sendall(b'unseen'); exact(server, 6)\n"
        "go()\nclient.sendall(b'TAPE'); exact(server, 4)\n" + ANSWER + OVER,
        OLDER,
    )
    yield made
    made.kill()


@pytest.fixture(scope="module")
def watched(older: Held) -> Iterator[Watched]:
    made = Watched(Choice(ports=frozenset([OLDER, *PORTS])))
    yield made
    made.source.finish()


@pytest.fixture
def port(watched: Watched) -> int:
    """One that no other test uses."""
    return next(UNUSED)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_both_ends_tell_the_same(watched: Watched, port: int, call: str) -> None:
    done = play(f"client, server = pair()\n{call}\n{ANSWER}{OVER}", port)
    ends = watched.closed(port)
    assert [(end["bytes_sent"], end["bytes_recv"], end["bytes_lost"]) for end in ends] == [(13, 6, 0), (6, 13, 0)]
    for tape in watched.tapes(port):
        assert [side.data for side in tape.sides] == [b"TAPE of bytes", b"answer"]
        assert [side.gaps for side in tape.sides] == [[], []]
        assert tape.offsets
        assert (tape.info.server_port, tape.info.midstream) == (port, False)
    assert len(watched.tapes(port)) == 2
    client, server = ends
    assert [end["trace_role"] for end in ends] == [1, 2]
    assert client["upid"] == server["upid"]
    assert client["upid"].split(":")[1] == str(done.pid)
    assert (client["local_port"], client["remote_port"]) == (server["remote_port"], port)
    assert client["remote_addr"] == client["local_addr"] == "127.0.0.1"
    assert client["opened"] == server["opened"] == 1
    assert client["time_"] <= client["closed_time"]
    assert client["netns"] == netns(os.getpid())
    assert client["rtt"] > 0


@pytest.mark.parametrize(
    ("how", "addresses"),
    [
        ("socket.AF_INET6, '::1'", ("::1", "::1")),
        ("socket.AF_INET6, '::', '127.0.0.1'", ("127.0.0.1", "127.0.0.1")),
    ],
    ids=["IPv6", "IPv4 to an IPv6 socket"],
)
def test_addresses(watched: Watched, port: int, how: str, addresses: tuple[str, str]) -> None:
    play(f"client, server = pair({how})\nclient.sendall(b'TAPE'); exact(server, 4)\n{ANSWER}{OVER}", port)
    for end in watched.closed(port):
        assert (end["remote_addr"], end["local_addr"]) == addresses
    assert [tape.sides[RESPONSE].data for tape in watched.tapes(port)] == [b"answer"] * 2


def test_a_large_write_is_a_gap_of_known_size(watched: Watched, port: int) -> None:
    size = 1 << 20
    play(
        "import threading\nclient, server = pair()\nclient.sendall(b'TAPE')\n"
        f"sending = threading.Thread(target=client.sendall, args=(b'x' * {size},))\n"
        f"sending.start(); exact(server, {size + 4}); sending.join()\n{ANSWER}{OVER}",
        port,
    )
    client, server = watched.closed(port)
    for end, moved in ((client, "bytes_sent"), (server, "bytes_recv")):
        assert end[moved] + end["bytes_lost"] == size + 4
    assert client["bytes_lost"] > 0
    for tape in watched.tapes(port):
        asked = tape.sides[REQUEST]
        assert len(asked.data) == size + 4
        assert {reason for _, _, reason in asked.gaps} <= {TRUNCATED}
        assert asked.data.replace(b".", b"x") == b"TAPE" + b"x" * size
        assert tape.sides[RESPONSE].data == b"answer"


def test_up_to_two_records_of_a_call_are_taken(watched: Watched, port: int) -> None:
    size = 2 * CHUNK - 4
    play(
        f"client, server = pair()\nclient.send(b'TAPE' + b'x' * {size}); exact(server, {size + 4})\n{ANSWER}{OVER}",
        port,
    )
    client, _ = watched.closed(port)
    assert (client["bytes_sent"], client["bytes_lost"]) == (size + 4, 0)


def test_a_file_sent_by_the_kernel_is_counted_as_lost_at_its_sender(watched: Watched, port: int) -> None:
    before = watched.source.losses().get(COUNTERS[INVISIBLE], 0)
    play(
        "client, server = pair()\nclient.sendall(b'TAPE')\n"
        "file = os.memfd_create('file'); os.write(file, b'x' * 5000)\n"
        f"os.sendfile(client.fileno(), file, 0, 5000); exact(server, 5004)\n{ANSWER}{OVER}",
        port,
    )
    client, server = watched.closed(port)
    assert (client["bytes_sent"], client["bytes_lost"]) == (4, 5000)
    assert (server["bytes_recv"], server["bytes_lost"]) == (5004, 0)
    assert sum(size for tape in watched.tapes(port) for _, size, _ in tape.sides[REQUEST].gaps) == 5000
    assert watched.source.losses()[COUNTERS[INVISIBLE]] > before


def test_a_connection_that_was_there_before(watched: Watched, older: Held) -> None:
    older.go()
    older.end()
    ends = watched.closed(OLDER)
    assert [(end["trace_role"], end["opened"]) for end in ends] == [(1, 0), (2, 0)]
    assert [(end["bytes_sent"], end["bytes_recv"], end["bytes_lost"]) for end in ends] == [(4, 6, 0), (6, 4, 0)]
    for tape in watched.tapes(OLDER):
        assert tape.info.midstream
        assert tape.info.server_port == OLDER
        assert [side.data for side in tape.sides] == [b"TAPE", b"answer"]


def test_one_direction_ends_and_the_other_goes_on(watched: Watched, port: int) -> None:
    play(
        "client, server = pair()\nclient.sendall(b'TAPE'); client.shutdown(socket.SHUT_WR); exact(server, 4)\n"
        f"assert server.recv(1) == b''\n{ANSWER}{OVER}",
        port,
    )
    assert [end["bytes_lost"] for end in watched.closed(port)] == [0, 0]
    for tape in watched.tapes(port):
        assert tape.sides[REQUEST].closed == 1
        assert tape.sides[RESPONSE].data == b"answer"


def test_a_reset_closes_without_an_end(watched: Watched, port: int) -> None:
    play(
        "client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\n"
        "client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); client.close()\n"
        "try:\n    server.recv(1)\nexcept ConnectionResetError:\n    told = 'reset'\n",
        port,
    )
    ends = watched.closed(port)
    assert all(end["closed_time"] for end in ends)
    assert [end["bytes_lost"] for end in ends] == [0, 0]
    assert [tape.sides[REQUEST].closed for tape in watched.tapes(port)] == [0, 0]


def test_a_descriptor_that_a_child_inherits(watched: Watched, port: int) -> None:
    done = play(
        "client, server = pair()\nclient.sendall(b'TAPE')\n"
        "if os.fork() == 0:\n    client.sendall(b' from a child'); os._exit(0)\n"
        f"os.wait(); client.sendall(b' and back'); exact(server, 26)\n{ANSWER}{OVER}",
        port,
    )
    client, _ = watched.closed(port)
    assert client["upid"].split(":")[1] == str(done.pid)
    assert [tape.sides[REQUEST].data for tape in watched.tapes(port)] == [b"TAPE from a child and back"] * 2


def test_a_process_that_has_ended_is_known_by_what_it_was(watched: Watched, port: int) -> None:
    done = play(f"client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\n{OVER}", port)
    assert not Path(f"/proc/{done.pid}").exists()
    client, _ = watched.closed(port)
    (process,) = [process for process in watched.met if process.pid == done.pid]
    assert process.upid == client["upid"]
    assert process.cmdline.startswith(f"{sys.executable} -I -S -c")
    assert process.comm.startswith("python")
    assert process.uid == os.geteuid()


def test_a_process_that_lives_is_looked_at(watched: Watched, port: int) -> None:
    talk = Held(f"client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\ngo()\n{OVER}", port)
    try:
        watched.until(lambda: len(watched.tapes(port)) == 2)
        (process,) = [process for process in watched.met if process.pid == talk.pid]
        assert (process.start_ticks, process.ppid) == (talk.start, os.getpid())
        assert process.exe == os.path.realpath(sys.executable)
        assert len(list(watched.source.alive())) >= 2
        talk.go()
        talk.end()
    finally:
        talk.kill()
    assert len(watched.closed(port)) == 2


def test_another_network_namespace(watched: Watched, port: int) -> None:
    if shutil.which("ip") is None or subprocess.run(["unshare", "-n", "true"], check=False).returncode:
        pytest.skip("needs ip, and rights to make a network namespace")
    inside = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    play(f"client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\n{ANSWER}{OVER}", port, inside)
    for end in watched.closed(port):
        assert end["netns"] not in (0, netns(os.getpid()))
    assert [tape.sides[RESPONSE].data for tape in watched.tapes(port)] == [b"answer"] * 2


UDP = {
    "not connected": ("", "client.sendto(b'TAPE', ('127.0.0.1', PORT))", "server.sendto(b'answer', peer)"),
    "connected": ("client.connect(('127.0.0.1', PORT))", "client.send(b'TAPE')", "server.sendto(b'answer', peer)"),
    "written": (
        "client.connect(('127.0.0.1', PORT))",
        "os.write(client.fileno(), b'TAPE')",
        "server.sendmsg([b'answer'], [], 0, peer)",
    ),
    "both connected": (
        "client.bind(('127.0.0.1', 0)); client.connect(('127.0.0.1', PORT)); server.connect(client.getsockname())",
        "client.send(b'TAPE')",
        "server.send(b'answer')",
    ),
}


@pytest.mark.parametrize("how", UDP.values(), ids=UDP.keys())
def test_datagrams(watched: Watched, port: int, how: tuple[str, str, str]) -> None:
    connect, ask, answer = how
    done = play(
        "server = socket.socket(type=socket.SOCK_DGRAM); server.bind(('127.0.0.1', PORT))\n"
        f"client = socket.socket(type=socket.SOCK_DGRAM)\n{connect}\n{ask}\n"
        f"data, peer = server.recvfrom(99)\n{answer}\ntold = [client.recvfrom(99)[0].decode(), peer[1]]\n{OVER}",
        port,
    )
    assert done.told[0] == "answer"
    watched.until(lambda: [len(tape.sides[RESPONSE].data) for tape in watched.tapes(port)] == [6, 6])
    for tape in watched.tapes(port):
        assert [side.data for side in tape.sides] == [b"TAPE", b"answer"]
        assert (tape.info.transport, tape.info.server_port, tape.info.client_port) == ("udp", port, done.told[1])
        assert tape.info.server_addr == "127.0.0.1"
    assert done.pid in {process.pid for process in watched.met}


def test_who_answered_is_known_when_the_process_does_not_ask(watched: Watched, port: int) -> None:
    play(
        "server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); server.bind(('::', PORT))\n"
        "client = socket.socket(type=socket.SOCK_DGRAM); client.sendto(b'TAPE', ('127.0.0.1', PORT))\n"
        f"data, peer = server.recvfrom(99); server.sendto(b'answer', peer); client.recv(99)\n{OVER}",
        port,
    )
    watched.until(lambda: [len(tape.sides[RESPONSE].data) for tape in watched.tapes(port)] == [6, 6])
    assert [[side.data for side in tape.sides] for tape in watched.tapes(port)] == [[b"TAPE", b"answer"]] * 2


def test_datagrams_of_ipv6_and_many_by_one_call(watched: Watched, port: int) -> None:
    play(
        MMSG + "server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); server.bind(('::1', PORT))\n"
        "client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); client.connect(('::1', PORT))\n"
        "assert many('sendmmsg', client, [[b'TAPE1'], [b'2'], [b'three']]) == 3\n"
        "server.connect(client.getsockname())\n"
        "assert many('recvmmsg', server, [[bytes(20)], [bytes(20)], [bytes(20)]]) == 3\n"
        f"server.send(b'answer'); client.recv(9)\n{OVER}",
        port,
    )
    watched.until(lambda: [len(tape.sides[RESPONSE].data) for tape in watched.tapes(port)] == [6, 6])
    assert [tape.sides[REQUEST].data for tape in watched.tapes(port)] == [b"TAPE12three"] * 2
    assert [tape.cuts for tape in watched.tapes(port)] == [[], []]
    assert {tape.info.server_addr for tape in watched.tapes(port)} == {"::1"}


BUFFERS = {  # what is sent, in these parts; how much of it a record holds
    "few": ([b"TAPE", b"", b"rest"], 8),
    "more than are looked at": ([b"TAPE", b"two", b"three", b"four", b"five"], 16),
    "large ones": ([b"TAPE" * 1000, b"x" * 10_000, b"y" * 2000], 16_000),
    "one too large": ([b"TAPE", b"x" * (CHUNK // 2 + 5)], CHUNK // 2 + 4),
    "one beyond where the last may begin": ([b"TAPE" * (CHUNK // 8), b"x", b"y"], CHUNK // 2 + 1),
}


@pytest.mark.parametrize(("parts", "seen"), BUFFERS.values(), ids=BUFFERS.keys())
def test_a_datagram_in_several_buffers(watched: Watched, port: int, parts: list[bytes], seen: int) -> None:
    whole = b"".join(parts)
    play(
        "server = socket.socket(type=socket.SOCK_DGRAM); server.bind(('127.0.0.1', PORT))\n"
        "client = socket.socket(type=socket.SOCK_DGRAM); client.connect(('127.0.0.1', PORT))\n"
        f"client.sendmsg({parts}); assert len(server.recvfrom(65536)[0]) == {len(whole)}\n{OVER}",
        port,
    )
    watched.until(lambda: len(watched.tapes(port)) == 2)
    sent, received = sorted(watched.tapes(port), key=lambda tape: tape.sides[REQUEST].data != whole[:seen])
    assert (sent.sides[REQUEST].data, sent.cuts) == (whole[:seen], [len(whole) - seen] if len(whole) > seen else [])
    assert (received.sides[REQUEST].data, received.cuts) == (whole, [])


def test_a_datagram_larger_than_a_record_is_cut(watched: Watched, port: int) -> None:
    size = CHUNK + 1000
    play(
        "server = socket.socket(type=socket.SOCK_DGRAM); server.bind(('127.0.0.1', PORT))\n"
        "client = socket.socket(type=socket.SOCK_DGRAM); client.connect(('127.0.0.1', PORT))\n"
        f"client.send(b'TAPE'.ljust({size})); server.recvfrom({size})\n{OVER}",
        port,
    )
    watched.until(lambda: len(watched.tapes(port)) == 2)
    assert [tape.cuts for tape in watched.tapes(port)] == [[1000]] * 2
    assert [len(tape.sides[REQUEST].data) for tape in watched.tapes(port)] == [CHUNK] * 2


def test_shedding_reaches_connections_that_are_open(watched: Watched, port: int) -> None:
    talk = Held(
        "client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\n"
        f"go()\nclient.sendall(b'more'); exact(server, 4)\n{OVER}",
        port,
    )
    try:
        watched.until(lambda: len(watched.tapes(port)) == 2)
        watched.source.shed(256)
        watched.until(lambda: len(watched.rows("tape_events", port)) == 2)
        talk.go()
        talk.end()
        ends = watched.closed(port)
    finally:
        watched.source.shed(0)
        talk.kill()
    assert [(end["bytes_sent"], end["bytes_recv"], end["bytes_lost"]) for end in ends] == [(8, 0, 0), (0, 8, 0)]
    assert [tape.sides[REQUEST].data for tape in watched.tapes(port)] == [b"TAPE", b"TAPE"]


def test_much_is_taken_a_block_at_a_time(watched: Watched, port: int) -> None:
    """What is left out meanwhile is read as far as it was seen, unless more must be left out."""
    turn, turns = CHUNK - 4, 200  # three blocks, with both ends

    def seen() -> int:
        return sum(len(tape.sides[REQUEST].data) for tape in watched.tapes(port))

    watched.source.poll()
    play(
        "client, server = pair()\n"
        f"for _ in range({turns}): client.sendall(b'TAPE' + b'x' * {turn}); exact(server, {turn + 4})\n{ANSWER}{OVER}",
        port,
    )
    watched.source.poll()
    assert watched.source.filled > 2 * BLOCK / (32 << 20)
    assert BLOCK * 0.9 < seen() <= BLOCK
    assert watched.rows("connections", port) == [], "not before all that they moved is read"
    try:
        watched.source.shed(256)
        watched.source.poll()
        assert watched.source.filled == 0.0, "nothing came since"
        assert BLOCK * 1.9 < (known := seen()) <= 2 * BLOCK
        watched.source.shed(0)
        watched.source.shed(256)
        ends = watched.closed(port)
    finally:
        watched.source.shed(0)
    assert seen() == known
    moved = turns * (turn + 4)
    assert [(end["bytes_sent"], end["bytes_recv"], end["bytes_lost"]) for end in ends] == [(moved, 6, 0), (6, moved, 0)]


def test_connections_of_no_protocol_are_counted_and_left_alone(watched: Watched, port: int) -> None:
    play(
        "client, server = pair()\nfor _ in range(60):\n    client.sendall(b'-' * 20000); exact(server, 20000)\n" + OVER,
        port,
    )
    client, server = watched.closed(port)
    assert (client["protocol"], client["bytes_sent"], client["bytes_lost"]) == ("", 1_200_000, 0)
    assert (server["protocol"], server["bytes_recv"], server["bytes_lost"]) == ("", 1_200_000, 0)


def test_processes_that_were_told_of_are_remembered_within_bounds(
    watched: Watched, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MET", 1)
    before = len(watched.met)
    for _ in range(3):
        play(f"client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\n{OVER}", port)
    watched.closed(port, 6)
    assert len(watched.met) - before == 3
    assert len(watched.source._known) == 1


def test_nothing_was_lost_and_nobody_unknown(watched: Watched) -> None:
    watched.source.poll()
    assert set(watched.source.losses()) <= {COUNTERS[INVISIBLE]}


def test_the_end_ends_what_is_open_and_lets_go(kernel: None) -> None:
    (port,) = free_ports(1)
    made = Watched(Choice(ports=frozenset([port]), datagrams=False))
    talk = Held(f"client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\ngo()\n{OVER}", port)
    try:
        made.source.finish()
    finally:
        talk.kill()
    ends = made.rows("connections", port)
    assert [(end["bytes_sent"], end["bytes_recv"], end["closed_time"]) for end in ends] == [(4, 0, None), (0, 4, None)]
    assert made.source.losses() == {}
    assert made.source.now > ends[0]["time_"]


def test_what_there_is_no_time_to_read_is_counted(kernel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    made = Watched(Choice(ports=frozenset([port]), datagrams=False))
    play(f"client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\n{OVER}", port)
    monkeypatch.setattr(module, "_FINISH", 0.0)
    monkeypatch.setattr(module, "since_here", lambda: lambda: 0.0)
    made.source.finish()
    assert made.tapes(port) == []
    assert [(end["bytes_sent"], end["bytes_recv"]) for end in made.rows("connections", port)] == [(0, 0)] * 2
    (lost,) = made.source.losses().items()
    assert lost[0] == "bytes of the data ring that there was no time to read"
    assert lost[1] > 8


def test_time_without_a_processor_does_not_count(kernel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    made = Watched(Choice(ports=frozenset([port]), datagrams=False))
    play(f"client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\n{OVER}", port)
    monkeypatch.setattr(module, "_FINISH", 0.0)
    monkeypatch.setattr(module, "since_here", lambda: lambda: 20.0)
    made.source.finish()
    assert [(end["bytes_sent"], end["bytes_recv"]) for end in made.rows("connections", port)] == [(4, 0), (0, 4)]
    assert made.source.losses() == {}


def test_only_chosen_processes_their_children_and_commands(kernel: None, tmp_path: Path) -> None:
    chosen, child, named, other = ports = free_ports(4)
    talk = "client, server = pair()\nclient.sendall(b'TAPE'); exact(server, 4)\nclient.close(); server.close()\n"
    name = f"tape-{os.getpid()}"[:15]
    (tmp_path / name).symlink_to(sys.executable)
    made = Watched(Choice(ports=frozenset(ports), by_process=True, datagrams=False))
    parent = Held(
        f"go()\n{talk}if os.fork() == 0:\n    PORT = {child}\n    "
        + talk.replace("\n", "\n    ")
        + "os._exit(0)\nos.wait()",
        chosen,
    )
    try:
        made.source.program.want([parent.pid])
        made.source.program.want_commands([name])
        parent.go()
        parent.end()
        play(talk, other)
        play(talk, named, python=str(tmp_path / name))
        for port in (chosen, child, named):
            made.closed(port)
        assert made.tapes(other) == []
    finally:
        parent.kill()
        made.source.finish()
    assert made.rows("connections", other) == []
    assert len({row["upid"] for port in (chosen, child, named) for row in made.rows("connections", port)}) == 3
