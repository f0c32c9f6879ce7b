"""Real servers on free loopback ports, the loads put on them, and what each load says it sent."""

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.workloads import Workload

NEEDS: dict[str, dict[str, str]] = {  # program: Debian package
    "http": {"nginx": "nginx-light", "wrk": "wrk"},
    "http-ids": {"nginx": "nginx-light", "wrk": "wrk"},
    "redis": {"redis-server": "redis-server", "redis-benchmark": "redis-tools"},
    "redis-pipelined": {"redis-server": "redis-server", "redis-benchmark": "redis-tools"},
    "dns": {"dnsmasq": "dnsmasq-base", "dnsperf": "dnsperf"},
}
_SEARCH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

_NGINX = """
pid {work}/nginx.pid;
error_log {work}/error.log;
daemon off;
worker_processes 1;
user root;
events {{ worker_connections 512; }}
http {{
    log_format line '$status';
    access_log {work}/access.log line buffer=256k;
    keepalive_requests 100000000;
    client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work};
    uwsgi_temp_path {work}; scgi_temp_path {work};
    server {{
        listen 127.0.0.1:{port};
        location / {{
            default_type application/json;
            {header}
            return 200 '{{"path": "$uri", "items": [{{"id": 17, "name": "spanner", "price": 12.5}}], "next": null}}';
        }}
    }}
}}
"""
_REQUEST_ID = "add_header X-Request-Id $request_id;"  # no two responses have equal headers: nothing to remember
_WRK = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/api/items/" .. n .. "?page=" .. n % 7)
end
"""


def missing(name: str) -> dict[str, str]:
    """Programs the workload needs and this machine has not, with their Debian packages."""
    needs = {**NEEDS[name], "tcpdump": "tcpdump"}
    return {program: package for program, package in needs.items() if find(program) is None}


def find(program: str) -> str | None:
    """Path of a program, in the folders of system programs too."""
    return shutil.which(program) or shutil.which(program, path=_SEARCH)


def path_of(program: str) -> str:
    """Path of a program that `missing` did not name.

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
def running(command: list[str], port: int = 0, stop: signal.Signals = signal.SIGTERM) -> Iterator[None]:
    """Run a server while the block runs; waits until it accepts on `port` (0: does not wait), and for its end."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while port and not _accepts(port):
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError(f"{command[0]} does not listen on port {port}")
            time.sleep(0.02)
        yield
    finally:
        server.send_signal(stop)
        server.wait(timeout=20)


def _accepts(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(load: Workload, port: int, work: Path) -> Iterator[None]:
    """The workload's server, while the block runs."""
    if load.protocol == "http":
        header = _REQUEST_ID if load.name == "http-ids" else ""
        (work / "nginx.conf").write_text(_NGINX.format(work=work, port=port, header=header))
        command = [path_of("nginx"), "-p", str(work), "-e", str(work / "error.log"), "-c", str(work / "nginx.conf")]
        with running(command, port, signal.SIGQUIT):
            yield
    elif load.protocol == "redis":
        command = [
            path_of("redis-server"),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(work),
        ]
        with running([*command, "--unixsocket", str(work / "redis.sock")], port):
            yield
    else:
        command = [path_of("dnsmasq"), "--keep-in-foreground", "--no-resolv", "--no-hosts", f"--port={port}"]
        command += ["--listen-address=127.0.0.1", "--bind-interfaces", "--conf-file=/dev/null", "--user=root"]
        command += ["--pid-file=", "--cache-size=0", "--address=/bench.test/192.0.2.10", "--local=/test/"]
        with running(command, port):
            yield


def put_load(load: Workload, port: int, work: Path, requests: int) -> None:
    """Send about `requests` requests (http: for as long as that takes), by the field's usual load generator."""
    if load.protocol == "http":
        (work / "wrk.lua").write_text(_WRK)
        rate = _wrk(port, work, 1)
        _wrk(port, work, max(1, round(requests / max(rate, 1))) - 1)
    elif load.protocol == "redis":
        command = [path_of("redis-benchmark"), "-p", str(port), "-n", str(requests // 32 * 16), "-r", "100000", "-q"]
        pipeline = ["-P", "16"] if load.name == "redis-pipelined" else []
        _output([*command, *pipeline, "-d", "64", "-t", "set,get"])
    else:
        names = work / "names"
        kinds = ("A", "A", "A", "AAAA")
        names.write_text("".join(f"host{i}.bench.test {kinds[i % 4]}\n" for i in range(10_000)))
        command = [path_of("dnsperf"), "-s", "127.0.0.1", "-p", str(port), "-d", str(names), "-c", "8", "-q", "100"]
        text = _output([*command, "-n", str(max(1, requests // 10_000))])
        (work / "dnsperf.out").write_text(text)


def sent(load: Workload, work: Path) -> tuple[int, str]:
    """How many requests were sent, and who says so. To be called when the load, and nginx, have ended."""
    if load.protocol == "http":
        return (work / "access.log").read_bytes().count(b"\n"), "lines of nginx's access log"
    if load.protocol == "redis":
        return int((work / "redis.calls").read_text()), "calls in Redis' INFO commandstats"
    found = re.search(r"Queries sent:\s+(\d+)", (work / "dnsperf.out").read_text())
    return int(found[1]) if found else 0, "queries sent by dnsperf"


def note_server_count(load: Workload, work: Path) -> None:
    """Ask a server that counts while it runs: over a unix socket, so that asking is not in the capture."""
    if load.protocol == "redis":
        text = _output([path_of("redis-cli"), "-s", str(work / "redis.sock"), "INFO", "commandstats"])
        stats = re.findall(r"cmdstat_(\S+):calls=(\d+)", text)
        calls = sum(int(count) for name, count in stats if name != "info")
        (work / "redis.calls").write_text(str(calls))


def _wrk(port: int, work: Path, seconds: int) -> int:
    if seconds < 1:
        return 0
    command = [path_of("wrk"), "-t", "1", "-c", "8", "-d", f"{seconds}s", "-s", str(work / "wrk.lua")]
    text = _output([*command, f"http://127.0.0.1:{port}"])
    found = re.search(r"(\d+) requests in", text)
    return int(found[1]) // seconds if found else 0


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
