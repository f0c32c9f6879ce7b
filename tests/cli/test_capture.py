"""pxcap capture from the outside: it begins, stops in good order, is killed without harm, and says what is wrong."""

import ctypes
import os
import re
import signal
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.bpf.elsewhere import NO_CAPABILITIES, run
from tests.bpf.traffic import free_ports, play
from tests.cli.capturing import SOON, Capturing
from tests.cli.conftest import Command

from pxcap.bpf.features import FOR_BPF, FOR_PACKETS, features, why_not_bpf, why_not_packet
from pxcap.bpf.rights import held
from pxcap.core.registry import load_registry

TURNS = 50
TALK = f"""
client, server = pair()
for number in range({TURNS}):
    client.sendall(b"*2\\r\\n$3\\r\\nGET\\r\\n$2\\r\\n%02d\\r\\n" % number); exact(server, 21)
    server.sendall(b"$2\\r\\nok\\r\\n"); exact(client, 8)
client.close(); server.close()
"""

Start = Callable[..., Capturing]


@pytest.fixture(params=["bpf", "packet"])
def source(request: pytest.FixtureRequest) -> str:
    """Each source that this machine allows."""
    name: str = request.param
    wanted, why_not = (FOR_BPF, why_not_bpf) if name == "bpf" else (FOR_PACKETS, why_not_packet)
    if why := why_not(features(wanted)):
        pytest.skip(why)
    return name


@pytest.fixture
def bpf() -> None:
    if why := why_not_bpf(features(FOR_BPF)):
        pytest.skip(why)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts captures, and ends what is left of them."""
    made: list[Capturing] = []

    def begin(*options: str, **more: object) -> Capturing:
        made.append(Capturing(tmp_path, *options, **more))  # type: ignore[arg-type]
        return made[-1].begun()

    yield begin
    for one in made:
        one.kill()


def test_from_beginning_to_end(start: Start, source: str, pxcap: Command, tmp_path: Path) -> None:
    """One capture for all that it is asked: beginning takes longer than the rest."""
    (port,) = free_ports(1)
    file = tmp_path / "live.pcapng"
    capturing = start("--source", source, "--port", str(port), "-o", "json", "-w", str(file))
    for task in Path(f"/proc/{capturing.process.pid}/task").iterdir():
        assert not {"CAP_SYS_ADMIN", "CAP_SYS_MODULE"} & held(task / "status"), f"thread {task.name}"
    play(TALK, port)
    ends = 2 if source == "bpf" else 1
    wait_for(lambda: capturing.rows("SELECT count(*) FROM redis_events") == [(ends * TURNS,)])
    assert capturing.process.poll() is None

    printed = {row.pop("table"): row for row in capturing.stop(signal.SIGINT if source == "bpf" else signal.SIGTERM)}
    assert capturing.process.returncode == 0
    assert capturing.seconds < SOON
    assert printed["redis_events"] == {"records": ends * TURNS, "errors": 0, "bytes_lost": 0}
    assert printed["connections"]["records"] == ends
    assert set(printed) == {*(table.name for table in load_registry().tables()), "processes", "connections"}
    for table, row in printed.items():
        assert capturing.rows(f"SELECT count(*) FROM {table}") == [(row["records"],)]
    stored = capturing.rows("SELECT req_args, resp, note FROM redis_events")
    assert sorted(set(stored)) == sorted((f'["{number:02d}"]', "ok", "") for number in range(TURNS))
    assert capturing.rows("PRAGMA integrity_check") == [("ok",)]
    said = [line for line in capturing.said.splitlines() if not line.startswith("pxcap: not visible: ")]
    *before, last = said
    url = f"sqlite:///{capturing.store}"
    assert before == [f"pxcap: capturing on port {port} by {source} into {url}; Ctrl-C stops"]
    assert re.fullmatch(rf"\d+ events of {ends} connections? in \d+\.\d s captured into {url}", last)

    again = pxcap("replay", str(file), "--store", "sqlite:///again.db", "-o", "json")
    assert {row["table"]: row["records"] for row in again.rows}["redis_events"] == TURNS


def wait_for(enough: Callable[[], bool]) -> None:
    for _ in range(6000):
        if enough():
            return
        time.sleep(0.02)
    raise AssertionError("not within two minutes")


def test_for_so_long(tmp_path: Path) -> None:
    if why := why_not_packet(features(FOR_PACKETS)):
        pytest.skip(why)
    (port,) = free_ports(1)
    capturing = Capturing(tmp_path, "--source", "packet", "--port", str(port), "--duration", "0.2s", "-o", "json")
    assert all(row["records"] == 0 for row in capturing.end())
    assert capturing.process.returncode == 0


def test_killed_it_leaves_a_whole_store_and_nothing_in_the_kernel(start: Start, bpf: None) -> None:
    (port,) = free_ports(1)
    capturing = start("--source", "bpf", "--port", str(port))
    programs = programs_of(capturing.process.pid)
    assert len(programs) >= 4
    play(TALK, port)
    wait_for(lambda: capturing.rows("SELECT count(*) FROM redis_events") == [(2 * TURNS,)])
    capturing.process.kill()
    capturing.process.wait()
    wait_for(lambda: not programs & loaded_programs())  # they are freed a little later
    assert capturing.rows("PRAGMA integrity_check") == [("ok",)]
    assert capturing.rows("SELECT count(*) FROM redis_events") == [(2 * TURNS,)]


def programs_of(pid: int) -> set[int]:
    """Numbers of the BPF programs that a process holds."""
    found = set()
    for each in Path(f"/proc/{pid}/fdinfo").iterdir():
        found |= {int(number) for number in re.findall(r"^prog_id:\s+(\d+)$", each.read_text(), re.MULTILINE)}
    return found


def loaded_programs() -> set[int]:
    """Numbers of all that are loaded, by asking for the next after each (BPF_PROG_GET_NEXT_ID)."""
    numbers = {"x86_64": 321, "aarch64": 280}
    libc = ctypes.CDLL(None, use_errno=True)
    found: set[int] = set()
    last = 0
    while True:
        attributes = ctypes.create_string_buffer(struct.pack("=III", last, 0, 0), 12)
        if libc.syscall(numbers[os.uname().machine], 11, attributes, 12) < 0:
            return found
        last = struct.unpack_from("=I", attributes.raw, 4)[0]
        found.add(last)


WRONG = {
    "no port": (["--port", "0"], "--port '0': expected a port, 1 to 65535"),
    "no number": (["--port", "80,x"], "--port 'x': expected a port, 1 to 65535"),
    "a ring of no size": (["--ring", "3", "--source", "bpf"], "--ring 3: expected a power of two for --source bpf"),
    "no time": (["--duration", "soon"], "--duration 'soon': expected"),
    "no cores": (["--cpu-limit", "0"], "--cpu-limit 0: expected"),
    "little memory": (["--memory-limit", "1"], "--memory-limit '1': expected a size"),
    "no buffer": (["--buffer", "0"], "--buffer '0': expected a size"),
    "two sources": (["--pid", "1", "-i", "lo"], "--pid knows processes and --interface knows packets only"),
    "processes of packets": (["--source", "packet", "--command", "x"], "--command knows processes and --source packet"),
    "packets of sockets": (["--source", "bpf", "--filter", "tcp"], "--filter is about packets, --source bpf is about"),
    "tls of everybody": (["--tls"], "--tls without a process"),
    "no such process": (["--pid", "4194304"], "--pid 4194304: there is no such process"),
    "a command without a name": (["--command", ""], "--command '': expected a name"),
    "a container without a name": (["--container", "web", "--container", " "], "--container '': expected a name"),
    "no protocol": (["--only", "morse"], "unknown protocol 'morse'"),
    "no such source": (["--source", "radio"], "invalid value for '--source'"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_option_is_one_line_and_one_hint(pxcap: Command, options: list[str], message: str) -> None:
    done = pxcap("capture", *options)
    assert (done.status, done.out) == (2, "")
    error, hint = done.err.splitlines()
    assert error.startswith(f"pxcap: error: {message}")
    assert hint.startswith("  hint: ")


@pytest.mark.parametrize("chosen", ["bpf", "packet", "auto"])
def test_without_rights_it_is_said_what_to_do(chosen: str, tmp_path: Path, bpf: None) -> None:
    done = run(
        f"{NO_CAPABILITIES}\nimport os, sys; os.chdir({str(tmp_path)!r})\n"
        f"from pxcap.cli.main import main; sys.exit(main(['capture', '--source', {chosen!r}]))"
    )
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert "Traceback" not in done.stderr
    assert lines[-2].startswith("pxcap: error: ")
    assert "sudo" in lines[-1]
    assert len(lines) == (3 if chosen == "auto" else 2)
