"""Servers in control groups named as runtimes name those of containers, with process numbers of their own, and one outside."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.servers import free_port, listeners, path_of, running
from tests.live.capture.conftest import Redis
from tests.live.conftest import need
from tests.live.watch import CLIENT, SERVER, Live, capturing

from pxcap.bpf import cgroup

POD = "1b9f4a3c-52d0-4e1f-8a77-0c2d9be6f513"
_SLICE = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + POD.replace("-", "_") + ".slice"
GROUPS = {
    "docker": ("system.slice/docker-{id}.scope", ""),
    "podman": ("machine.slice/libpod-{id}.scope/container", ""),
    "containerd": (f"{_SLICE}/cri-containerd-{{id}}.scope", POD),
    "cri-o": (f"{_SLICE}/crio-{{id}}.scope", POD),
}
PATIENCE = 60  # seconds for what is a moment's work where nobody else wants the processors
ROUNDS = 5


@dataclass(frozen=True)
class Box:
    """A container: as it is to be told, and its control group."""

    id: str
    runtime: str
    pod: str
    group: Path


@dataclass(frozen=True)
class Server:
    """One that runs in a container: its port on 127.0.0.1, its number outside, and what `processes` is to say of it."""

    port: int
    pid: int
    process: tuple[object, ...]


@contextmanager
def box(runtime: str) -> Iterator[Box]:
    """A container of this runtime, as far as its control group goes; removed when its processes have ended."""
    root = cgroup.root()
    if root is None:
        pytest.skip("control groups of version 2 are not mounted")
    name, pod = GROUPS[runtime]
    identity = os.urandom(32).hex()
    made: list[Path] = []
    try:
        place = root
        for part in name.format(id=identity).split("/"):
            place /= part
            if not place.exists():
                place.mkdir()
                made.append(place)
    except OSError as error:
        remove(made)
        pytest.skip(f"control groups cannot be made: {error}")
    try:
        yield Box(identity, runtime, pod, place)
    finally:
        remove(made)


def remove(groups: list[Path]) -> None:
    for group in reversed(groups):
        end = time.monotonic() + PATIENCE
        while (group / "cgroup.procs").read_text() and time.monotonic() < end:
            time.sleep(0.02)  # its last process has not quite ended
        with suppress(OSError):  # another test has a container below it
            group.rmdir()


@contextmanager
def redis_in(where: Box, folder: Path) -> Iterator[Server]:
    """A Redis in the container: there, it is process 1."""
    port = free_port()
    server = [path_of("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    enter = ["sh", "-c", 'echo $$ > "$0"/cgroup.procs && exec "$@"', str(where.group)]
    with running([*enter, path_of("unshare"), "--cgroup", "--pid", "--fork", *server], port, within=PATIENCE):
        (pid,) = listeners(port)
        try:
            yield Server(port, pid, (pid, "redis-server", where.id, where.runtime, where.pod))
        finally:
            os.kill(pid, signal.SIGTERM)  # `unshare` ends with it, and does not pass signals on


def ask(port: int, text: str, rounds: int = ROUNDS) -> None:
    for number in range(rounds):
        command = [path_of("redis-cli"), "-p", str(port), "SET", text, str(number)]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


def told(live: Live, port: int, role: int) -> list[object]:
    """What a server was asked, as one end has it."""
    column = "local_port" if role == SERVER else "remote_port"
    rows = live.all("redis_events")
    return [row["req_args"] for row in rows if (row["trace_role"], row[column]) == (role, port) and not row["note"]]


def asked(text: str) -> list[str]:
    return [f'["{text}","{number}"]' for number in range(ROUNDS)]


def processes(live: Live, port: int) -> set[tuple[object, ...]]:
    """Who answered at a port: number and name, and the container it is in."""
    about = "p.pid, p.comm, p.container_id, p.container_runtime, p.pod_uid"
    joined = "redis_events AS r JOIN processes AS p ON p.upid = r.upid"
    return set(live.query(f"SELECT {about} FROM {joined} WHERE r.trace_role = {SERVER} AND r.local_port = {port}"))


def test_only_what_is_in_them(tmp_path: Path, redis: Redis) -> None:
    """By their ids, or by their pod's; all others are left out by the kernel: no connection of theirs is met at all."""
    need("redis-server", "redis-cli", "unshare")
    with ExitStack() as stack:
        boxes = [stack.enter_context(box(runtime)) for runtime in GROUPS]
        servers = {each.runtime: stack.enter_context(redis_in(each, tmp_path)) for each in boxes}
        wanted = {each.pod or each.id[:12] for each in boxes}
        with capturing("bpf", tmp_path, *(word for which in sorted(wanted) for word in ("--container", which))) as live:
            ask(redis.port, "outside")
            for runtime, server in servers.items():
                ask(server.port, runtime)
    for runtime, server in servers.items():
        assert told(live, server.port, SERVER) == asked(runtime)
        assert processes(live, server.port) == {server.process}
    known = live.query("SELECT DISTINCT local_port, trace_role FROM connections")
    assert set(known) == {(server.port, SERVER) for server in servers.values()}
    assert {pid for (pid,) in live.query("SELECT pid FROM processes")} == {server.pid for server in servers.values()}
    assert any(f"of {ROUNDS * len(servers)} connections in" in line for line in live.said), live.said


def test_beside_others(tmp_path: Path, redis: Redis) -> None:
    """Without a filter for it, its records tell of it, and those of others of nothing."""
    need("redis-server", "redis-cli", "unshare")
    with (
        box("docker") as inside,
        redis_in(inside, tmp_path) as server,
        capturing("bpf", tmp_path, "--port", f"{redis.port},{server.port}") as live,
    ):
        ask(redis.port, "outside")
        ask(server.port, "inside")
    for role in (CLIENT, SERVER):
        assert told(live, redis.port, role) == asked("outside")
        assert told(live, server.port, role) == asked("inside")
    assert processes(live, server.port) == {server.process}
    assert processes(live, redis.port) == {(redis.pid, "redis-server", "", "", "")}


def test_one_that_begins_later(tmp_path: Path, redis: Redis) -> None:
    """What is started in the container while it is watched is taken in, a moment after it has begun."""
    need("redis-server", "redis-cli", "unshare")
    with (
        box("docker") as inside,
        capturing("bpf", tmp_path, "--container", inside.id) as live,
        redis_in(inside, tmp_path) as server,
    ):
        end = time.monotonic() + PATIENCE
        while not live.query("SELECT 1 FROM redis_events") and time.monotonic() < end:
            ask(server.port, "early", 1)
            time.sleep(0.1)
        ask(redis.port, "outside")
        ask(server.port, "inside")
        end = time.monotonic() + PATIENCE
        while not processes(live, server.port) and time.monotonic() < end:
            time.sleep(0.1)
    assert [text for text in told(live, server.port, SERVER) if "early" not in str(text)] == asked("inside")
    assert processes(live, server.port) == {server.process}
    assert {port for (port,) in live.query("SELECT local_port FROM connections")} == {server.port}
