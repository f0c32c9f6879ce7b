"""Functions found in this machine's own libraries, in files made for it, and in damaged ones."""

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pxcap.bpf.elf import Elf

MACHINE = struct.unpack_from("<H", Path(sys.executable).read_bytes(), 18)[0]
FUNCTION, OBJECT = 0x12, 0x11  # global
STRINGS = b"\0my_SSL_read\0SSL_write\0used\0"


def built(machine: int = MACHINE, width: int = 2) -> bytes:
    """A library: loaded at 0x1000 from 0x200 on, where SSL_read lies at 0x1010 and SSL_write at 0x1020."""
    symbols = [
        (0, 0, 0, 0, 0, 0),
        (4, FUNCTION, 0, 1, 0x1010, 8),  # the end of another name
        (13, OBJECT, 0, 1, 0x1018, 8),
        (13, FUNCTION, 0, 1, 0x1020, 8),
        (23, FUNCTION, 0, 0, 0, 0),  # of another library
    ]
    names = b"\0.dynsym\0.go.buildinfo\0"
    table = b"".join(struct.pack("<IBBHQQ", *symbol) for symbol in symbols)
    sections = [
        (0, 0, 0, 0, 0),
        (1, 11, 0x300, len(table), 2),
        (0, 3, 0x400, len(STRINGS), 0),
        (0, 3, 0x500, len(names), 0),
        (9, 1, 0, 0, 0),
    ]
    head = struct.pack(
        "<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", width, 1, 1, 0, 3, machine, 1, 0, 64, 0x600, 0, 64, 56, 1, 64, 5, 3
    )
    parts = {
        0: head + struct.pack("<IIQQQQQQ", 1, 5, 0x200, 0x1000, 0, 0x100, 0x100, 0x1000),
        0x300: table,
        0x400: STRINGS,
        0x500: names,
        0x600: b"".join(
            struct.pack("<IIQQQQIIQQ", n, kind, 0, 0, at, size, link, 0, 0, 0) for n, kind, at, size, link in sections
        ),
    }
    data = bytearray(0x600 + 64 * len(sections))
    for at, part in parts.items():
        data[at : at + len(part)] = part
    return bytes(data)


@contextmanager
def opened(path: Path | str) -> Iterator[Elf]:
    fd = os.open(path, os.O_RDONLY)
    try:
        with Elf(fd) as elf:
            yield elf
    finally:
        os.close(fd)


def test_offsets_are_those_of_the_code(tmp_path: Path) -> None:
    library = ctypes.CDLL(None)
    mapped = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    for name in ("qsort", "strtol"):
        address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
        assert address is not None
        ((_, path),) = {
            (fields[0], fields[5])
            for fields in mapped
            if int(fields[0].split("-")[0], 16) <= address < int(fields[0].split("-")[1], 16)
        }
        with opened(path) as elf:
            offset = elf.functions([name, "no_such_function"])[name]
        assert Path(path).read_bytes()[offset : offset + 32] == ctypes.string_at(address, 32)


def test_a_file_with_shared_ends_of_names_and_others_functions(tmp_path: Path) -> None:
    path = tmp_path / "library.so"
    path.write_bytes(built())
    with opened(path) as elf:
        assert elf.functions(["SSL_read", "SSL_write", "used", "SSL_free"]) == {"SSL_read": 0x210, "SSL_write": 0x220}
        assert elf.section(".go.buildinfo") == (0, b"")
        assert elf.section(".go") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"#!/bin/sh\n", b"\x7fELF", built(machine=MACHINE ^ 1), built(width=1), built()[:0x650]],
    ids=["empty", "script", "short", "another machine", "32 bits", "cut"],
)
def test_what_is_no_such_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"."), opened(path):
        pass


@given(st.lists(st.tuples(st.integers(0, len(built()) - 1), st.integers(0, 255)), min_size=1, max_size=8))
@example([(0x600 + 64 * 2 + 24 + at, 255) for at in range(8)])
@example([(0x600 + 64 + 24 + at, 255) for at in range(8)])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_raise_nothing_else(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    content = bytearray(built())
    for at, value in changes:
        content[at] = value
    path = tmp_path / "damaged"
    path.write_bytes(content)
    try:
        with opened(path) as elf:
            found = elf.functions(["SSL_read", "SSL_write"])
            elf.section(".go.buildinfo")
    except ValueError:
        return
    assert all(offset >= 0 for offset in found.values())
