"""Functions found in programs of Go: real ones, compared with a disassembler, made ones of every form, and damaged ones."""

import os
import platform
import re
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.servers import find
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bpf import gobinary
from tests.bpf.gobinary import BASE, ENTRY, NAME, PARTS, RETURN, RETURNS, TEXT, code, information, program, table

from pxcap.bpf.elf import Elf
from pxcap.bpf.gofunctions import GoFunction, go_functions, go_version, passes_in_registers
from pxcap.bpf.tls import GO_FUNCTIONS

OLD, MIDDLE, NEW = 0xFFFFFFFA, 0xFFFFFFF0, 0xFFFFFFF1
TABLE, MODULE, INFO = 0x402000, 0x403000, 0x404000
THERE = GoFunction(TEXT - BASE + ENTRY, tuple(TEXT - BASE + at for at in RETURNS))


@contextmanager
def opened(path: Path | str) -> Iterator[Elf]:
    fd = os.open(path, os.O_RDONLY)
    try:
        with Elf(fd) as elf:
            yield elf
    finally:
        os.close(fd)


@contextmanager
def made(folder: Path, sections: dict[str, tuple[int, bytes]], relocations: bytes = b"") -> Iterator[Elf]:
    (folder / "program").write_bytes(program(sections, relocations))
    with opened(folder / "program") as elf:
        yield elf


def relocation(at: int, value: int) -> bytes:
    return struct.pack("<QIIq", at, {62: 8, 183: 1027}[gobinary.MACHINE], 0, value)


@pytest.mark.parametrize("magic", [OLD, MIDDLE, NEW], ids=["1.17", "1.18", "1.20"])
@pytest.mark.parametrize("section", [".gopclntab", ".data.rel.ro.gopclntab", ".data.rel.ro"])
def test_each_form_of_the_table(tmp_path: Path, magic: int, section: str) -> None:
    before = bytes(64) if section == ".data.rel.ro" else b""  # of something else
    with made(tmp_path, {".text": (TEXT, code()), section: (TABLE, before + table(magic))}) as elf:
        assert go_functions(elf, [NAME, "main.none", "f", "main"]) == {NAME: THERE}


def test_where_the_table_does_not_say_where_the_code_begins(tmp_path: Path) -> None:
    module = bytes(176) + struct.pack("<Q", TEXT)
    sections = {".text": (TEXT, code()), ".gopclntab": (TABLE, table(NEW, text=0)), ".go.module": (MODULE, module)}
    with made(tmp_path, sections) as elf:
        assert go_functions(elf, [NAME]) == {NAME: THERE}
    sections[".go.module"] = (MODULE, bytes(184))
    with made(tmp_path, sections, relocation(MODULE + 176, TEXT)) as elf:
        assert go_functions(elf, [NAME]) == {NAME: THERE}


def test_where_addresses_are_filled_in_when_it_is_loaded(tmp_path: Path) -> None:
    sections = {".text": (TEXT, code()), ".gopclntab": (TABLE, table(NEW, text=0))}
    with made(tmp_path, sections, relocation(TABLE, 1) + relocation(TABLE + 24, TEXT)) as elf:
        assert go_functions(elf, [NAME]) == {NAME: THERE}


@pytest.mark.parametrize(
    "parts",
    [
        [*PARTS[:2], (len(RETURN), 0, b""), *PARTS[3:]],
        [*PARTS[:2], (len(RETURN) + 4, 0, RETURN), *PARTS[3:]],
        [(8, 0, b""), (8, 24, b""), (8, 0, b"")],
        [(16, 0, RETURN)],
    ],
    ids=["another instruction", "more than the return", "never returns", "no frame"],
)
def test_a_function_that_is_not_as_expected(tmp_path: Path, parts: list[tuple[int, int, bytes]]) -> None:
    sections = {".text": (TEXT, code(parts)), ".gopclntab": (TABLE, table(NEW, parts=parts))}
    with made(tmp_path, sections) as elf:
        assert go_functions(elf, [NAME]) == {}


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 200, table(0xFFFFFFFB), table(NEW)[:90]], ids=["empty", "zeros", "Go 1.2", "cut"]
)
def test_a_table_of_another_form(tmp_path: Path, content: bytes) -> None:
    with made(tmp_path, {".text": (TEXT, code()), ".gopclntab": (TABLE, content)}) as elf, pytest.raises(ValueError):  # noqa: PT011
        go_functions(elf, [NAME])


def test_a_program_of_another_language(tmp_path: Path) -> None:
    with opened("/bin/true") as elf:
        assert go_version(elf) == ""
        with pytest.raises(ValueError, match="no table of Go's functions"):
            go_functions(elf, [NAME])


def test_with_which_go_it_was_built(tmp_path: Path) -> None:
    text = (TEXT, code())
    with made(tmp_path, {".text": text, ".go.buildinfo": (INFO, information("go1.22.3"))}) as elf:
        assert go_version(elf) == "go1.22.3"
    with made(tmp_path, {".text": text, ".go.buildinfo": (INFO, information("go1.17", INFO))}) as elf:
        assert go_version(elf) == "go1.17"
    with made(tmp_path, {".text": text, ".go.buildinfo": (INFO, information("go1.17", INFO)[:30])}) as elf:
        assert go_version(elf) == ""
    damaged = information("go1.17", INFO)[:16] + struct.pack("<Q", 1 << 40)
    with (
        made(tmp_path, {".text": text, ".go.buildinfo": (INFO, damaged.ljust(48, b"\0"))}) as elf,
        pytest.raises(ValueError, match="nothing of the file"),
    ):
        go_version(elf)


@pytest.mark.parametrize(
    ("version", "machine", "expected"),
    [
        ("go1.16.15", "x86_64", False),
        ("go1.17", "x86_64", True),
        ("go1.17 X:noregabi", "x86_64", False),
        ("go1.17.5", "aarch64", False),
        ("go1.18", "aarch64", True),
        ("devel go1.22-3c6d21fb9b", "x86_64", True),
        ("go1.27.3", "riscv64", False),
        ("", "x86_64", False),
    ],
)
def test_how_arguments_are_passed(version: str, machine: str, expected: bool) -> None:
    assert passes_in_registers(version, machine) == expected


@given(st.lists(st.tuples(st.integers(0, 399), st.integers(0, 255)), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_tables_raise_nothing_else(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    whole = bytearray(table(NEW) + information("go1.22"))
    for at, value in changes:
        whole[at % len(whole)] = value
    size = len(table(NEW))
    sections = {
        ".text": (TEXT, code()),
        ".gopclntab": (TABLE, bytes(whole[:size])),
        ".go.buildinfo": (INFO, bytes(whole[size:])),
    }
    with made(tmp_path, sections) as elf:
        for ask in (go_version, lambda file: go_functions(file, [NAME])):
            try:
                ask(elf)
            except ValueError:
                continue


def test_as_a_disassembler_finds_them() -> None:
    server, objdump = find("nats-server"), find("objdump")
    if server is None or objdump is None:
        pytest.skip("not installed: nats-server, objdump")
    with opened(server) as elf:
        found = go_functions(elf, GO_FUNCTIONS)
        assert found.keys() == GO_FUNCTIONS.keys()
        assert passes_in_registers(go_version(elf), platform.machine())
        headers = subprocess.run([objdump, "-h", server], check=True, capture_output=True, text=True).stdout
        text = re.search(r" \.text +[0-9a-f]+ +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+)", headers)
        assert text is not None
        moved = int(text[1], 16) - int(text[2], 16)
        for function in found.values():
            where = [f"--start-address={function.entry + moved}", f"--stop-address={function.returns[-1] + moved + 1}"]
            told = subprocess.run([objdump, "-d", *where, server], check=True, capture_output=True, text=True).stdout
            returns = re.findall(r"^ +([0-9a-f]+):.*\tret", told, re.MULTILINE)
            assert tuple(int(at, 16) - moved for at in returns) == function.returns
