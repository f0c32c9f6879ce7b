"""redis-server, redis-cli and redis-benchmark: as many records as the server counted commands, and the right ones."""

import json
import re
import subprocess
from pathlib import Path

from bench.servers import find, free_port, running
from tests.live.conftest import need
from tests.live.watch import Watch


def test_what_the_client_sent_and_the_server_counted(tmp_path: Path, watch: Watch) -> None:
    need("redis-server", "redis-cli", "redis-benchmark")
    port = free_port()
    server = [
        find("redis-server") or "",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    cli = [find("redis-cli") or "", "-p", str(port)]
    load = [find("redis-benchmark") or "", "-p", str(port), "-n", "3000", "-P", "8", "-c", "5", "-q", "-t", "set,get"]
    with running([*server, "--unixsocket", str(tmp_path / "redis.sock")], port):
        with watch(port) as seen:
            for command in (
                ["SET", "colour", "blue"],
                ["GET", "colour"],
                ["-3", "HGETALL", "none"],
                ["LPUSH", "colour", "x"],
            ):
                subprocess.run([*cli, *command], check=True, capture_output=True, timeout=120)
            subprocess.run(load, check=True, capture_output=True, timeout=60)
        asked = [find("redis-cli") or "", "-s", str(tmp_path / "redis.sock"), "INFO", "commandstats"]
        stats = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=120).stdout
    counted = sum(int(calls) for name, calls in re.findall(r"cmdstat_(\S+):calls=(\d+)", stats) if name != "info")
    found = seen.records("redis_events")
    assert len(found) == counted
    by_cli = {
        (r["req_cmd"], json.loads(str(r["req_args"]))[0], r["resp"], r["resp_error"])
        for r in found
        if r["req_cmd"] in ("SET", "GET", "HGETALL", "LPUSH") and "key:" not in str(r["req_args"])
    }
    assert by_cli == {
        ("SET", "colour", "OK", False),
        ("GET", "colour", "blue", False),
        ("HGETALL", "none", "{}", False),
        ("LPUSH", "colour", "WRONGTYPE Operation against a key holding the wrong kind of value", True),
    }
    assert {r["note"] for r in found} == {""}
    assert seen.flaws("redis_events") == (0, 0)
