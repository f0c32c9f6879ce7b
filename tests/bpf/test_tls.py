"""Libraries found in processes that run, that begin, and that map them late."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from bench.servers import find
from tests.bpf.gobinary import information
from tests.bpf.mapping import library_of_system, mapper, own_library

from pxcap.bpf import tls
from pxcap.bpf.elf import Elf
from pxcap.bpf.gofunctions import go_functions
from pxcap.bpf.program import Choice, Program, load
from pxcap.bpf.tls import GO_FUNCTIONS, TlsLibraries
from pxcap.core.errors import CaptureError


@pytest.fixture(scope="module")
def program(kernel: None) -> Iterator[Program]:
    loaded = load(Choice(tls=True, by_process=True, ring_mib=1))
    yield loaded
    loaded.close()


class Told(list[tuple[str, str]]):
    """What a person is told."""

    def tell(self, message: str, hint: str) -> None:
        self.append((message, hint))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def libraries(program: Program, told: Told) -> Iterator[TlsLibraries]:
    made = TlsLibraries(program.function, told.tell)
    yield made
    made.close()


def begun(process: "subprocess.Popen[bytes]") -> None:
    """Wait until the program is there, not only its process."""
    for _ in range(1000):
        if b"libc." in Path(f"/proc/{process.pid}/maps").read_bytes():
            return
        time.sleep(0.01)
    raise AssertionError("it did not begin")


def test_a_process_that_runs(tmp_path: Path, libraries: TlsLibraries, told: Told) -> None:
    library = own_library(tmp_path)
    with mapper() as process, mapper() as another:
        plain = process.load(library)
        assert another.load(library) == plain
        assert libraries.look(process.pid, 0.0)
        assert process.code(library) != plain
        assert another.code(library) != plain  # one file, one probe: the programs tell the processes apart
        libraries.close()
        assert process.code(library) == plain
    assert told == []


def test_a_library_that_is_mapped_later(tmp_path: Path, libraries: TlsLibraries) -> None:
    with mapper() as process:
        libraries.began(process.pid, 100.0)
        library = own_library(tmp_path)
        plain = process.load(library)
        libraries.poll(100.01)
        assert process.code(library) == plain
        libraries.poll(101.0)
        assert process.code(library) != plain


@pytest.mark.parametrize("seen_tls", [True, False])
def test_a_connection_is_reason_to_look_again(
    tmp_path: Path, libraries: TlsLibraries, told: Told, seen_tls: bool
) -> None:
    with mapper() as process:
        assert not libraries.look(process.pid, 100.0)
        library = own_library(tmp_path)
        plain = process.load(library)
        libraries.opened(process.pid, seen_tls, 100.1)
        assert (process.code(library) != plain) == seen_tls
        libraries.opened(process.pid, seen_tls, 111.0)
        assert process.code(library) != plain
    assert told == []


def test_a_file_that_was_replaced(tmp_path: Path, libraries: TlsLibraries) -> None:
    library = own_library(tmp_path)
    with mapper() as process:
        plain = process.load(library)
        library.unlink()
        shutil.copy("/bin/true", library)
        assert libraries.look(process.pid, 0.0)
        assert process.code(library) != plain


def test_a_program_that_holds_its_library(libraries: TlsLibraries) -> None:
    node = find("node")
    if node is None:
        pytest.skip("not installed: node")
    with subprocess.Popen([node, "-e", "setTimeout(() => {}, 60000)"]) as process:
        try:
            begun(process)
            assert libraries.look(process.pid, 0.0)
        finally:
            process.kill()


def test_a_library_that_came_with_a_package(libraries: TlsLibraries) -> None:
    if find_spec("psycopg_binary") is None:
        pytest.skip("not installed: psycopg-binary")
    words = [sys.executable, "-c", "import psycopg; print(flush=True); input()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            assert libraries.look(process.pid, 0.0)
        finally:
            process.kill()


def test_the_systems_are_expected(libraries: TlsLibraries, tmp_path: Path) -> None:
    with mapper() as process:
        plain = process.load(own_library(tmp_path))  # other tests may have probes in that of the system
        libraries.expect(["no-such-command", "sh"])
        assert process.load(library_of_system()) != plain


def test_a_process_that_is_gone(libraries: TlsLibraries, told: Told) -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    libraries.began(process.pid, 0.0)
    libraries.opened(process.pid, True, 5.0)
    libraries.poll(10.0)
    assert told == []


def test_what_is_not_read_is_said_once(tmp_path: Path, libraries: TlsLibraries, told: Told) -> None:
    with (
        subprocess.Popen(["sleep", "60"]) as first,
        subprocess.Popen(["sleep", "60"]) as second,
    ):
        begun(first)
        begun(second)
        for process in (first, second, first):
            libraries.opened(process.pid, False, 0.0)
            libraries.opened(process.pid, True, 5.0)
        first.kill()
        second.kill()
    assert told == [
        (
            f"sleep ({first.pid}) uses a TLS library whose functions cannot be found",
            "what it sends inside TLS is not read, but counted",
        )
    ]


def test_go_that_is_too_old_is_named(tmp_path: Path, libraries: TlsLibraries, told: Told) -> None:
    objcopy = find("objcopy")
    if objcopy is None:
        pytest.skip("not installed: objcopy")
    (tmp_path / "info").write_bytes(information("go1.16.15"))
    made = tmp_path / "gopher"
    command = [objcopy, "--add-section", f".go.buildinfo={tmp_path / 'info'}", shutil.which("sleep") or "", str(made)]
    subprocess.run(command, check=True)
    with subprocess.Popen([str(made), "60"]) as process:
        begun(process)
        libraries.opened(process.pid, True, 0.0)
        process.kill()
    said = f"gopher ({process.pid}) is written in Go (go1.16.15), and its TLS is not the one of Go 1.17 or later"
    assert [message for message, _ in told] == [said]


def test_go(tmp_path: Path, libraries: TlsLibraries, told: Told) -> None:
    found = find("nats-server")
    if found is None:
        pytest.skip("not installed: nats-server")
    server = shutil.copy(found, tmp_path / "own-nats")  # that no other test has probed
    with open(server, "rb") as file, Elf(file.fileno()) as elf:
        functions = go_functions(elf, GO_FUNCTIONS)
    places = [place for function in functions.values() for place in (function.entry, *function.returns)]
    plain = Path(server).read_bytes()
    with subprocess.Popen([server, "-a", "127.0.0.1", "-p", "-1"], stderr=subprocess.DEVNULL) as process:
        try:
            begun(process)
            assert libraries.look(process.pid, 0.0)
            probed = [place for place in places if code(process.pid, str(server), place) != plain[place : place + 1]]
            libraries.close()
            after = [place for place in places if code(process.pid, str(server), place) != plain[place : place + 1]]
        finally:
            process.kill()
    sending = functions["crypto/tls.(*Conn).writeRecordLocked"]
    assert set(probed) == set(places) - set(sending.returns)
    assert after == []
    assert told == []


def code(pid: int, program: str, offset: int) -> bytes:
    """What a process has in memory of a place of its program."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        addresses, _, start, *_, path = line.split(None, 5)
        low, high = (int(address, 16) for address in addresses.split("-"))
        if path == program and 0 <= offset - int(start, 16) < high - low:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                memory.seek(low + offset - int(start, 16))
                return memory.read(1)
    raise AssertionError(f"{offset:#x} is not mapped")


def test_a_library_that_cannot_be_probed(
    tmp_path: Path, libraries: TlsLibraries, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> list[int]:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(tls, "attach", refused)
    library = own_library(tmp_path)
    with mapper() as process:
        process.load(library)
        assert not libraries.look(process.pid, 0.0)
        assert not libraries.look(process.pid, 1.0)
    ((message, _),) = told
    assert message.endswith(" cannot be probed: Operation not permitted")


def test_a_kernel_without_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(tls, "open_probe", refused)
    with pytest.raises(CaptureError, match="cannot be probed: No such file or directory") as caught:
        TlsLibraries(lambda name: -1, lambda *_: None)
    assert caught.value.hint == "leave out --tls"
