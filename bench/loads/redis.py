"""Redis: redis-server under redis-benchmark."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import free_port, output, path_of, running
from bench.workloads import TCP, Workload


@dataclass(frozen=True, kw_only=True)
class Redis(Workload):
    """SET and GET of 64 bytes on 50 connections, `pipeline` commands at a time."""

    pipeline: int

    @contextmanager
    def serve(self, work: Path) -> Iterator[int]:
        port = free_port()
        command = [path_of("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        with running([*command, "--dir", str(work), "--unixsocket", str(work / "redis.sock")], port):
            yield port

    def put(self, port: int, work: Path, requests: int) -> None:
        command = [path_of("redis-benchmark"), "-p", str(port), "-n", str(requests // 32 * 16), "-r", "100000", "-q"]
        output([*command, "-P", str(self.pipeline), "-d", "64", "-t", "set,get"])

    def note(self, port: int, work: Path) -> None:
        text = output([path_of("redis-cli"), "-s", str(work / "redis.sock"), "INFO", "commandstats"])
        stats = re.findall(r"cmdstat_(\S+):calls=(\d+)", text)
        (work / "redis.calls").write_text(str(sum(int(count) for name, count in stats if name != "info")))

    def sent(self, work: Path) -> tuple[int, str]:
        return int((work / "redis.calls").read_text()), "calls in Redis' INFO commandstats"


def _load(
    name: str, megabytes: int, bytes_each: int, fixture: int, target: tuple[float, float], pipeline: int
) -> Redis:
    return Redis(
        name=name,
        table="redis_events",
        needs={"redis-server": "redis-server", "redis-benchmark": "redis-tools"},
        modules={},
        megabytes=megabytes,
        bytes_each=bytes_each,
        tshark="resp",
        fields=(*TCP, "resp.string", "resp.bulk_string.value", "resp.error"),
        fixture=fixture,
        at_least=target[0],
        aim=target[1],
        pipeline=pipeline,
    )


LOADS = (_load("redis", 120, 250, 6379, (3.5, 6.0), 1), _load("redis-pipelined", 60, 98, 0, (1.25, 2.0), 16))
