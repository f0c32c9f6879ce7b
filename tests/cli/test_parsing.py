"""pxcap capture --workers: what is stored is the same with any number, and ends in good order, whatever they do."""

import os
import re
import select
import signal
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.bpf.traffic import free_ports, play
from tests.cli.capturing import SOON, Capturing

from pxcap.bpf.features import FOR_BPF, FOR_PACKETS, features, why_not_bpf, why_not_packet
from pxcap.bpf.processes import ProcessTable
from pxcap.bpf.rights import held
from pxcap.cli.interrupt import Stop
from pxcap.cli.parsing import Parsing
from pxcap.core.columns import CONNECTIONS
from pxcap.core.pipeline import Options
from pxcap.core.registry import load_registry

TALKS, TURNS = 20, 5
PROGRAM = f"""
for talk in range({TALKS}):
    client, server = pair()
    for turn in range({TURNS}):
        client.sendall(b"*2\\r\\n$3\\r\\nGET\\r\\n$5\\r\\n%02d.%02d\\r\\n" % (talk, turn)); exact(server, 24)
        server.sendall(b"$2\\r\\nok\\r\\n"); exact(client, 8)
    client.close(); server.close()
"""
RECORDS = "SELECT remote_addr, local_addr, trace_role, req_cmd, req_args, resp, note FROM redis_events"
SUMS = "SELECT trace_role, protocol, conn_open, conn_close, conn_active, bytes_sent, bytes_recv, bytes_lost, records"
LAST = f"{SUMS} FROM conn_stats GROUP BY upid, trace_role, protocol HAVING time_ = max(time_)"


@pytest.fixture
def start(tmp_path: Path) -> Iterator["partial[Capturing]"]:
    """Starts captures by sockets, and ends what is left of them."""
    made: list[Capturing] = []

    def begin(*options: str, source: str = "bpf") -> Capturing:
        why = why_not_bpf(features(FOR_BPF)) if source == "bpf" else why_not_packet(features(FOR_PACKETS))
        if why:
            pytest.skip(why)
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Capturing(folder, "--source", source, "-o", "json", *options))
        return made[-1].begun()

    yield partial(begin)
    for one in made:
        one.kill()


def workers_of(capturing: Capturing) -> list[int]:
    return sorted(ProcessTable().descendants(capturing.process.pid))


@pytest.mark.parametrize(("source", "several"), [("bpf", 2), ("packet", 4)])
def test_the_same_with_any_number(start: "partial[Capturing]", source: str, several: int) -> None:
    (port,) = free_ports(1)
    found = {}
    for number in (1, several):
        capturing = start("--port", str(port), "--workers", str(number), source=source)
        workers = workers_of(capturing)
        assert len(workers) == (number if number > 1 else 0)
        for pid in (capturing.process.pid, *workers):
            for task in Path(f"/proc/{pid}/task").iterdir():
                assert not {"CAP_SYS_ADMIN", "CAP_SYS_MODULE"} & held(task / "status"), f"{pid}, thread {task.name}"
        play(PROGRAM, port)
        printed = {row["table"]: row["records"] for row in capturing.stop()}
        assert capturing.process.returncode == 0, capturing.said
        assert capturing.seconds < SOON
        for pid in workers:
            assert not Path(f"/proc/{pid}").exists()
        assert printed["redis_events"] == len(capturing.rows("SELECT 1 FROM redis_events"))
        assert re.search(rf"\d+ events of {printed['connections']} connections in ", capturing.said)
        found[number] = (Counter(capturing.rows(RECORDS)), sorted(capturing.rows(LAST)), printed)
    ends = 2 if source == "bpf" else 1
    assert found[1][0].total() == TALKS * TURNS * ends
    assert found[1][2]["connections"] == TALKS * ends
    assert found[several][:2] == found[1][:2]


def test_one_that_is_killed_ends_the_capture(start: "partial[Capturing]") -> None:
    (port,) = free_ports(1)
    capturing = start("--port", str(port), "--workers", "2")
    play(PROGRAM, port)
    [pid, _] = workers_of(capturing)
    os.kill(pid, signal.SIGKILL)
    printed = {row["table"]: row["records"] for row in capturing.end()}
    assert capturing.process.returncode == 1
    assert "Traceback" not in capturing.said
    error, hint = capturing.said.splitlines()[-2:]
    pattern = (
        r"pxcap: error: parse worker \d of 2 \(pid (\d+)\) was killed by SIGKILL: it had \d+ connections, \d+ events"
    )
    assert re.match(pattern, error), error
    assert f"(pid {pid})" in error
    assert hint == "  hint: what the others had is stored"
    assert capturing.rows("PRAGMA integrity_check") == [("ok",)]
    stored = len(capturing.rows("SELECT 1 FROM redis_events"))
    assert stored >= printed["redis_events"] > 0


def test_one_that_hangs_does_not_keep_the_capture(start: "partial[Capturing]") -> None:
    (port,) = free_ports(1)
    capturing = start("--port", str(port), "--workers", "2")
    play(PROGRAM, port)
    [pid, _] = workers_of(capturing)
    os.kill(pid, signal.SIGSTOP)
    capturing.stop()
    assert capturing.process.returncode == 1
    assert capturing.seconds < SOON
    assert f"(pid {pid}) did not end in time" in capturing.said
    assert not Path(f"/proc/{pid}").exists()


def test_killed_it_leaves_no_worker_behind(start: "partial[Capturing]") -> None:
    (port,) = free_ports(1)
    capturing = start("--port", str(port), "--workers", "2")
    play(PROGRAM, port)
    while not capturing.rows("SELECT 1 FROM redis_events"):
        time.sleep(0.02)
    workers = workers_of(capturing)
    descriptors = [os.pidfd_open(pid) for pid in workers]
    capturing.kill()
    for descriptor in descriptors:
        _wait_for_end(descriptor)
    assert len(capturing.rows("SELECT 1 FROM redis_events")) == 2 * TALKS * TURNS
    assert capturing.rows("PRAGMA integrity_check") == [("ok",)]


def _wait_for_end(descriptor: int) -> None:
    assert select.select([descriptor], [], [], 120)[0]
    os.close(descriptor)


def test_alone_it_has_no_workers(tmp_path: Path) -> None:
    stop = Stop()
    url = f"sqlite:///{tmp_path / 'x.db'}"
    parsing = Parsing(load_registry(), Options(), url, (CONNECTIONS,), 1 << 20, 1, stop, lambda *_: None)
    parsing.ready()
    assert (parsing.pids, parsing.failure, parsing.losses()) == ((), None, {})
    assert (parsing.sockets(), parsing.flows()) == (None, None)
    row = [None] * len(CONNECTIONS.columns)
    parsing.pipeline.emit(CONNECTIONS.name, [tuple(row)])
    parsing.pipeline.flush()
    assert not any(parsing.close(2.0).missing.values())
    stop.close()
