"""Traffic of other processes: a capture does not look at its own. What they do is given as Python."""

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pxcap.bpf.procfs import read_stat

BEGIN = """
import array, ctypes, json, os, socket, struct, sys, time
PORT = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
told = {}

def pair(family=socket.AF_INET, host="127.0.0.1", to=None):
    "Both ends of a connection to PORT: client, server."
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind((host, PORT))
        listening.listen()
        client = socket.socket(socket.AF_INET if to else family)
        client.connect((to or host, PORT))
        server, _ = listening.accept()
    for each in (client, server):
        each.settimeout(120)
    return client, server

def exact(taking, size):
    "So many bytes of a socket."
    data = b""
    while len(data) < size:
        more = taking.recv(min(size - len(data), 1 << 20))
        assert more, "the other side has ended"
        data += more
    return data
"""
END = """
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Done:
    """A process that has ended: its number, and what it told."""

    pid: int
    told: Any


def free_ports(count: int) -> list[int]:
    """Ports that neither TCP nor UDP uses, of IPv4 and IPv6."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket(socket.AF_INET6) as tcp, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
            for each in (tcp, udp):
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            tcp.bind(("::", 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind(("::", port))
            except OSError:
                continue
            if port not in found:
                found.append(port)
    return found


def command(program: str, port: int, python: str = sys.executable) -> list[str]:
    """The command line of a process that does what the program says."""
    return [python, "-I", "-S", "-c", f"{BEGIN}{program}{END}", str(port)]


def play(program: str, port: int, wrapped: Sequence[str] = (), python: str = sys.executable) -> Done:
    """Run it to its end; `wrapped` stands in front of the command."""
    line = [*wrapped, *command(program, port, python)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return Done(process.pid, json.loads(out))


class Held:
    """A process that does something, and goes on when it is told to. `go()` in its program waits for that."""

    def __init__(self, program: str, port: int) -> None:
        go = "\ndef go():\n    print('waits', flush=True)\n    assert input() == 'go'\n"
        self._process = subprocess.Popen(
            command(go + program, port), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid
        stat = read_stat(self.pid)
        assert stat is not None
        self.start = stat.start_ticks
        self.wait()

    def wait(self) -> None:
        """Until it waits."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "waits\n"

    def go(self) -> None:
        """Let it go on."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def end(self) -> Done:
        """Wait for its end."""
        out, _ = self._process.communicate(timeout=300)
        assert self._process.returncode == 0
        return Done(self.pid, json.loads(out.splitlines()[-1]))

    def kill(self) -> None:
        """End it as it stands; nothing when it has ended."""
        self._process.kill()
        self._process.communicate()
