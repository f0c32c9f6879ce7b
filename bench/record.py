"""Captures of real servers under load, kept in a folder and made once; amplified fixtures where no server is installed."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import servers
from bench.amplify import FIXTURE, amplify, expected
from bench.network import packets_of
from bench.workloads import Workload


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture file and what is known of it.

    Attributes:
        path: The file.
        port: The server's port.
        sent: Requests sent, by the load generator's or the server's own count.
        counted_by: Who counted.
        rows: Rows in the answers, by the same count; 0 where there are none.
        packets: Packets in the file.
        dropped: Packets the kernel could not hand to tcpdump; not 0 means that the count cannot be reached.
        origin: The programs, or the fixture, it was made from.
    """

    path: str
    port: int
    sent: int
    counted_by: str
    rows: int
    packets: int
    dropped: int
    origin: str


_FLUSH = (
    2.5  # seconds: the kernel hands a part-filled block of packets over after one, and tcpdump does not wait for it
)


def load_or_record(load: Workload, folder: Path, size: int) -> Capture:
    """The capture of a workload of about `size` bytes: the one in the folder, or a new one.

    Where the programs are not installed, or capturing is not allowed, it is the fixture amplified.

    Raises:
        RuntimeError: There is no fixture either.
    """
    about = folder / f"{load.name}-{size // 1_000_000}MB.json"
    if about.exists():
        kept = Capture(**json.loads(about.read_text()))
        if Path(kept.path).exists():
            return kept
    folder.mkdir(parents=True, exist_ok=True)
    path = about.with_suffix(".pcap").resolve()
    lacking = load.missing()
    for what, cure in lacking.items():
        print(f"{load.name}: {what} is not installed ({cure})", file=sys.stderr)
    try:
        made = _amplified(load, path, size) if lacking else _record(load, path, size)
    except PermissionError as error:
        print(f"{load.name}: {error}", file=sys.stderr)
        made = _amplified(load, path, size)
    about.write_text(json.dumps(asdict(made)))
    return made


def _amplified(load: Workload, path: Path, size: int) -> Capture:
    port = load.fixture
    if not port:
        raise RuntimeError("no fixture stands in for it")
    copies = max(1, amplify(FIXTURE, path, 1, port) and size // path.stat().st_size)
    packets = amplify(FIXTURE, path, min(copies, 65535), port)
    sent, rows = (figure * min(copies, 65535) for figure in expected(load.table, port, load.counted, load.answered))
    return Capture(str(path), port, sent, "fixture's expectation", rows, packets, 0, f"{FIXTURE.name}, {copies} times")


def _record(load: Workload, path: Path, size: int) -> Capture:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=path.parent) as name:
        work = Path(name).resolve()
        with packets_of(load.mtu), load.serve(work) as port:
            tcpdump = _start_tcpdump(path, port)
            try:
                load.put(port, work, size // load.bytes_each)
                load.note(port, work)
                time.sleep(_FLUSH)
            finally:
                packets, dropped = _stop_tcpdump(tcpdump)
        (count, by), rows = load.sent(work), load.rows(work)
    return Capture(str(path), port, count, by, rows, packets, dropped, " and ".join([*load.needs, *load.modules]))


def _start_tcpdump(path: Path, port: int) -> subprocess.Popen[str]:
    command = [servers.path_of("tcpdump"), "-i", "lo", "-w", str(path), "-B", "262144", "-s", "262144", "-n"]
    command += ["-Z", "root"] if os.geteuid() == 0 else []
    tcpdump = subprocess.Popen([*command, f"port {port}"], stderr=subprocess.PIPE, text=True)
    assert tcpdump.stderr is not None
    first = tcpdump.stderr.readline()
    if "listening on" not in first:
        tcpdump.wait()
        raise PermissionError(f"tcpdump: {first.strip()} (run as root)")
    time.sleep(0.2)
    return tcpdump


def _stop_tcpdump(tcpdump: subprocess.Popen[str]) -> tuple[int, int]:
    tcpdump.send_signal(signal.SIGINT)
    _, text = tcpdump.communicate(timeout=60)
    counts = {what: int(count) for count, what in re.findall(r"(\d+) packets? (captured|dropped by kernel)", text)}
    return counts.get("captured", 0), counts.get("dropped by kernel", 0)
