"""Under load: of what the server counted, nothing is missing."""

import re
import signal
import subprocess
import time
from pathlib import Path

from bench.servers import free_port, output, path_of, running
from tests.live.capture.conftest import Redis
from tests.live.conftest import need
from tests.live.watch import CLIENT, SERVER, Live, capturing

REQUESTS = 20_000
CONNECTIONS = 20
NGINX = """
pid {work}/nginx.pid; error_log {work}/error.log; daemon off; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{
    access_log {work}/access.log combined buffer=64k; keepalive_requests 1000000;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{{"answer": 42}}'; }} }}
}}
"""


def complete(live: Live, table: str, role: int) -> int:
    """Records of one end, which must all be clean."""
    (row,) = live.query(f"SELECT count(*), count(latency), sum(note != '') FROM {table} WHERE trace_role = {role}")
    assert row[0] == row[1]
    assert not row[2]
    return int(row[0])


def stored(live: Live, table: str, count: int) -> None:
    """Wait until most is stored: on a busy machine that may take longer than a capture has once it is to stop."""
    end = time.monotonic() + 60
    while live.query(f"SELECT count(*) FROM {table}")[0][0] < count and time.monotonic() < end:
        time.sleep(0.1)


def test_redis_benchmark(tmp_path: Path, redis: Redis) -> None:
    need("redis-benchmark")
    with capturing("bpf", tmp_path, "--port", str(redis.port)) as live:
        load = [path_of("redis-benchmark"), "-p", str(redis.port), "-n", str(REQUESTS), "-c", "20", "-q", "-t", "get"]
        subprocess.run(load, check=True, capture_output=True, timeout=60)
        stats = output([path_of("redis-cli"), "-s", str(redis.socket), "INFO", "commandstats"])
        counted = sum(int(calls) for name, calls in re.findall(r"cmdstat_(\S+):calls=(\d+)", stats) if name != "info")
        stored(live, "redis_events", 2 * counted)
    assert counted > REQUESTS
    for role in (CLIENT, SERVER):
        assert complete(live, "redis_events", role) == counted
    assert live.flaws("redis_events") == (0, 0)
    assert len(live.all("connections")) == 2 * len(
        live.query("SELECT DISTINCT local_port FROM connections WHERE trace_role = 1")
    )


def test_wrk(tmp_path: Path) -> None:
    need("nginx", "wrk")
    port = free_port()
    (tmp_path / "nginx.conf").write_text(NGINX.format(work=tmp_path, port=port))
    command = [path_of("nginx"), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
    (tmp_path / "wrk.lua").write_text("function delay() return 1 end")  # ms: 20 connections ask 20,000 times a second
    load = [path_of("wrk"), "-t1", f"-c{CONNECTIONS}", "-d2s", "-s", str(tmp_path / "wrk.lua")]
    with (
        capturing("bpf", tmp_path, "--command", "nginx", "--port", str(port)) as live,
        running([*command, "-c", str(tmp_path / "nginx.conf")], port, signal.SIGQUIT),
    ):
        said = output([*load, f"http://127.0.0.1:{port}/"])
        stored(live, "http_events", int(re.findall(r"(\d+) requests in", said)[0]))
    done = re.search(r"(\d+) requests in", said)
    assert done is not None
    logged = (tmp_path / "access.log").read_bytes().count(b"\n")
    assert int(done[1]) <= logged <= int(done[1]) + CONNECTIONS  # what was under way in the end, wrk does not count
    assert complete(live, "http_events", SERVER) == logged
    assert live.flaws("http_events") == (0, 0)
