"""Programs, ports and servers on loopback."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path

_POSTGRESQL = sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)  # where Debian keeps what no user starts
_SEARCH = ":".join(["/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", *_POSTGRESQL])


def find(program: str) -> str | None:
    """Path of a program, in the folders of system programs too."""
    return shutil.which(program) or shutil.which(program, path=_SEARCH)


def path_of(program: str) -> str:
    """Path of a program that must be there.

    Raises:
        FileNotFoundError: It is not installed.
    """
    found = find(program)
    if found is None:
        raise FileNotFoundError(program)
    return found


def free_port() -> int:
    """A TCP port nobody listens on at 127.0.0.1."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], port: int = 0, stop: signal.Signals = signal.SIGTERM, within: float = 60
) -> Iterator[None]:
    """Run a server while the block runs; waits until it accepts on `port` (0: does not wait), and for its end."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + within
        while port and not _accepts(port):
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError(f"{command[0]} does not listen on port {port}")
            time.sleep(0.02)
        yield
    finally:
        server.send_signal(stop)
        server.wait(timeout=120)


def _accepts(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def listeners(port: int) -> list[int]:
    """The processes that listen on a TCP port at 127.0.0.1, a parent before its children.

    Raises:
        RuntimeError: Nobody does.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[1] == f"0100007F:{port:04X}" and row[3] == "0A"}  # 0A: TCP_LISTEN
    found = []
    for process in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()):
        with suppress(OSError):  # it has ended, or is another user's
            held = {os.readlink(entry) for entry in Path(f"/proc/{process}/fd").iterdir()}
            if held & {f"socket:[{inode}]" for inode in inodes}:
                found.append(process)
    if not found:
        raise RuntimeError(f"nobody listens on port {port}")
    return found


def output(command: Sequence[str]) -> str:
    """What a command prints; it must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
