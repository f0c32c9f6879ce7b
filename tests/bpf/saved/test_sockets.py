"""Real servers and clients, captured by their sockets into a file: replayed, it gives what one end saw."""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bench.servers import find, free_port, running

from pxcap.bpf.features import FOR_BPF, features, why_not_bpf
from pxcap.bpf.program import Choice
from pxcap.bpf.saved.file import SaveFile
from pxcap.bpf.saved.sockets import SavedSockets
from pxcap.bpf.source import SocketSource
from pxcap.core.columns import CONNECTIONS
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import load_registry
from pxcap.core.replay import replay
from pxcap.core.sink import MemorySink
from pxcap.core.vantage import SERVER

TABLES = ("redis_events", "http_events", "dns_events")
PROGRAMS = ("redis-server", "redis-benchmark", "redis-cli", "curl", "dnsmasq", "dig")
Rows = dict[str, Counter[tuple[object, ...]]]


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int, int]]:
    """Of a redis, an HTTP and a DNS server."""
    if missing := [program for program in PROGRAMS if find(program) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if why := why_not_bpf(features(FOR_BPF)):
        pytest.skip(why)
    (tmp_path / "file.bin").write_bytes(os.urandom(50_000))  # what one call sends is carried whole up to 60 KiB
    redis, http, dns = free_port(), free_port(), free_port()
    with ExitStack() as servers:
        options = ["--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
        servers.enter_context(running([find("redis-server") or "", "--port", str(redis), *options], redis))
        command = [sys.executable, "-m", "http.server", str(http), "--bind", "127.0.0.1", "-d", str(tmp_path)]
        servers.enter_context(running(command, http))
        options = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=root"]
        options += ["--pid-file=", "--listen-address=127.0.0.1", "--bind-interfaces", "--address=/a.test/192.0.2.10"]
        servers.enter_context(running([find("dnsmasq") or "", *options, f"--port={dns}"], dns))
        yield redis, http, dns


def work(ports: tuple[int, int, int]) -> None:
    """What the clients do."""
    redis, http, dns = map(str, ports)
    for command in (
        ["redis-cli", "-p", redis, "SET", "colour", "blue"],
        ["redis-cli", "-p", redis, "LPUSH", "colour", "x"],
        ["redis-benchmark", "-p", redis, "-n", "300", "-c", "5", "-P", "3", "-q", "-t", "set,get"],
        ["curl", "-s", f"http://127.0.0.1:{http}/file.bin", f"http://127.0.0.1:{http}/none", "-o", "/dev/null"],
        ["dig", "-p", dns, "@127.0.0.1", "a.test", "A", "b.test", "AAAA"],
        ["dig", "-p", dns, "@127.0.0.1", "a.test", "A", "+tcp"],
    ):
        subprocess.run([find(command[0]) or "", *command[1:]], check=True, capture_output=True, timeout=120)


def rows_of(sink: MemorySink, role: int) -> Rows:
    """What was asked and answered, without what differs between two looks at the same: process, times, durations."""
    rows = {table: [row for row in sink.tables.get(table, []) if row[6] == role] for table in TABLES}
    return {table: Counter((*row[2:-2], row[-1]) for row in found) for table, found in rows.items()}


def test_the_file_holds_what_one_end_saw(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    path = tmp_path / "x.pcapng"
    registry, live, told = load_registry(), MemorySink(), []
    pipeline = Pipeline(registry, live, Options(), (CONNECTIONS,))
    source = SocketSource(pipeline, Choice(frozenset(ports)))
    try:
        source.saved = SavedSockets(SaveFile(path, lambda *said: told.append(said)))
        source.poll()
        work(ports)
        time.sleep(0.3)
    finally:
        source.finish()
    pipeline.flush()
    assert (told, source.losses()) == ([], {})
    found = rows_of(live, SERVER)
    assert {table: rows.total() for table, rows in found.items()} == {
        "redis_events": 2 + 600 + 2,  # redis-benchmark asks for the server's configuration, and redis-cli for nothing
        "http_events": 2,
        "dns_events": 3,
    }
    again = MemorySink()
    report = replay([str(path)], registry, again, Options())
    assert (report.warnings, report.failed, report.skipped) == ([], [], {})
    assert rows_of(again, SERVER) == found
    assert {table: count.bytes_lost for table, count in report.tables.items() if count.bytes_lost} == {}
    assert path.read_bytes().count(b"pxcap bpf netns ") == 1
    if shutil.which("tshark"):
        _tshark_agrees(path, ports, found)


def _tshark_agrees(path: Path, ports: tuple[int, int, int], found: Rows) -> None:
    redis, http, dns = ports
    fields = ("tcp.analysis.flags", "tcp.flags.reset", "dns.id", "http.request", "http.response", "tcp.flags.fin")
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=,", "-E", "occurrence=f"]
    for decoded in (
        f"tcp.port=={redis},resp",
        f"tcp.port=={http},http",
        f"tcp.port=={dns},dns",
        f"udp.port=={dns},dns",
    ):
        command += ["-d", decoded]
    for field in (*fields, "tcp.flags.syn"):
        command += ["-e", field]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    columns = zip(*(line.split(",") for line in said.splitlines()), strict=True)
    counts = [sum(1 for value in column if value not in ("", "0")) for column in columns]
    asked = found["http_events"].total()
    assert counts[:5] == [0, 0, 2 * found["dns_events"].total(), asked, asked]
    assert counts[5] == counts[6] > 0  # two of each for every connection
