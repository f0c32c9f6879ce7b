"""Probes placed into a library of a running process, and taken out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bpf.mapping import mapper, own_library

from pxcap.bpf import uprobe
from pxcap.bpf.elf import Elf
from pxcap.bpf.program import Choice, Program, load


@pytest.fixture(scope="module")
def program(kernel: None) -> Iterator[Program]:
    loaded = load(Choice(tls=True, by_process=True, ring_mib=1))
    loaded.function("ssl_free")  # it is loaded when it is first asked for
    yield loaded
    loaded.close()


def places(library: Path) -> list[int]:
    fd = os.open(library, os.O_RDONLY)
    with Elf(fd) as elf:
        found = elf.functions(["SSL_read", "SSL_write"])
    os.close(fd)
    return [found["SSL_read"], found["SSL_write"]]


@pytest.mark.parametrize("at_return", [False, True], ids=["entry", "return"])
@pytest.mark.parametrize("old", [False, True], ids=["many places a link", "a place an event"])
def test_placed_and_taken_out(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch, old: bool, at_return: bool
) -> None:
    def refused(command: int, attributes: bytes) -> int:
        raise OSError(22, "Invalid argument")

    if old:
        monkeypatch.setattr(uprobe, "bpf", refused)
    library = own_library(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    with mapper() as process:
        plain = process.load(library)
        probes = uprobe.attach(program.function("ssl_free"), str(library), places(library), at_return)
        assert len(probes) == (2 if old else 1)
        assert process.code(library) != plain
        uprobe.detach(probes)
        assert process.code(library) == plain
    assert len(os.listdir("/proc/self/fd")) == before


def test_refused_as_a_whole(tmp_path: Path, program: Program) -> None:
    library = own_library(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    with mapper() as process:
        plain = process.load(library)
        with pytest.raises(OSError, match=r"."):
            uprobe.attach(
                program.function("ssl_free"), str(library), [places(library)[0], library.stat().st_size + 4096]
            )
        assert process.code(library) == plain
    with pytest.raises(FileNotFoundError):
        uprobe.attach(program.function("ssl_free"), str(tmp_path / "missing"), [0])
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_kernel_without_such_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uprobe, "_DEVICE", tmp_path)
    with pytest.raises(FileNotFoundError):
        uprobe.open_probe(__file__, 0)
