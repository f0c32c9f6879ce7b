"""Where functions of Go programs begin and return, as the programs' own table for their stacks tells, stripped or not.

Go moves the stack of a goroutine when it grows, so a probe must not replace return addresses, as one "at the return" of a
function does: each place where it returns is probed instead. No disassembler is needed to find them: the table has, for
each instruction, how far the stack pointer is below where it was when the function began, and a function returns nowhere
but where that is nothing. Each such place is looked at all the same, and a function that holds another instruction there
is not believed.

A function begins by asking whether its stack is large enough, and begins once more when it was not. The place to probe lies
behind that, where the stack pointer has moved first: registers still hold the arguments there.

Source: runtime/symtab.go, cmd/link/internal/ld/pcln.go and debug/buildinfo of Go 1.17 to 1.27.
"""

import platform
import re
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from pxcap.bpf.elf import Elf

_TABLES = (".gopclntab", ".data.rel.ro.gopclntab", ".data.rel.ro")
_BEGIN = re.compile(rb"[\xfa\xf0\xf1]\xff\xff\xff\0\0[\1\4]\x08")  # of the forms of Go 1.16, 1.18 and 1.20
_GO_1_16 = 0xFFFFFFFA
_HEAD = struct.Struct("<IxxBxQ8x")  # magic, unit of code, -, functions
_TEXT_IN_MODULE = 8 + 6 * 24 + 8 + 2 * 8  # of moduledata.text since Go 1.26, which has a section of its own
_MOST = 1 << 20  # bytes of a function believed
_VARINT = 5  # bytes
_RETURN = {  # behind instructions that do nothing, which keep it from crossing a border between lines of the cache
    "x86_64": re.compile(rb"(?:\x66?(?:\x90|\x0f\x1f(?:\x00|\x40.|\x44..|\x80.{4}|\x84.{5})))*(\xc3)", re.DOTALL),
    "aarch64": re.compile(rb"(?:\x1f\x20\x03\xd5)*(\xc0\x03\x5f\xd6)"),
}
_INFO = b"\xff Go buildinf:"


@dataclass(frozen=True, slots=True)
class GoFunction:
    """Offsets in the file: behind the prologue, and of each place where it returns."""

    entry: int
    returns: tuple[int, ...]


def go_version(file: Elf) -> str:
    """With which Go a program was built, such as `go1.19.8`; empty when it was not, or does not tell.

    Raises:
        ValueError: The file is damaged.
    """
    found = file.section(".go.buildinfo")
    if found is None or not found[1].startswith(_INFO) or len(found[1]) < 32:
        return ""
    data = found[1]
    if data[15] & 2:  # Go 1.18: the text itself
        size, at = _varint(data, 32)
        text = data[at : at + size]
    else:
        where = file.pointer(struct.unpack_from("<Q", data, 16)[0])
        size = struct.unpack("<Q", file.read(struct.unpack_from("<Q", data, 16)[0] + 8, 8))[0]
        text = file.read(where, min(size, 100))
    return text.decode(errors="replace")


def passes_in_registers(version: str, machine: str) -> bool:
    """Whether functions of that Go get their arguments in registers, on that machine (`platform.machine()`)."""
    found = re.search(r"\bgo1\.(\d+)", version)
    first = {"x86_64": 17, "aarch64": 18}.get(machine)
    return found is not None and first is not None and int(found[1]) >= first and "noregabi" not in version


def go_functions(file: Elf, names: Collection[str]) -> dict[str, GoFunction]:
    """Those of these functions that the program has, and that are as expected.

    Raises:
        ValueError: The table is missing, or is of a form that is not known, or damaged.
    """
    try:
        return dict(_functions(file, names))
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"Go's table of functions is damaged: {error}") from error


def _functions(file: Elf, names: Collection[str]) -> Iterator[tuple[str, GoFunction]]:
    address, data = _table(file)
    magic, unit, count = _HEAD.unpack_from(data)
    old = magic == _GO_1_16
    text = 0 if old else file.pointer(address + _HEAD.size) or _text(file)
    names_at, files_at, _, steps_at, functions_at = struct.unpack_from("<5Q", data, _HEAD.size + (0 if old else 8))
    word, field = ("<u8", 8) if old else ("<u4", 4)
    index = np.frombuffer(data, word, 2 * count + 1, functions_at)
    starts = index[0::2].astype(np.int64) + text
    places = index[1::2].astype(np.int64) + functions_at
    raw = np.frombuffer(data, np.uint8)
    named = raw[(places + field)[:, None] + np.arange(4)].view("<i4")[:, 0]
    for name in names:
        at = data.find(b"\0" + name.encode() + b"\0", names_at, files_at)
        which = np.flatnonzero(named == at + 1 - names_at) if at >= 0 else np.empty(0, np.int64)
        if len(which) == 1:
            start, end = int(starts[which[0]]), int(starts[which[0] + 1])
            (steps,) = struct.unpack_from("<I", data, int(places[which[0]]) + field + 12)
            if function := _places(file, start, end, list(_steps(data, steps_at + steps, start, end, unit))):
                yield name, function


def _table(file: Elf) -> tuple[int, bytes]:
    """The table and its address; a linker of C may have made it a part of something greater."""
    for name in _TABLES:
        if found := file.section(name):
            address, data = found
            if at := _BEGIN.search(data):
                return address + at.start(), data[at.start() :]
    raise ValueError("no table of Go's functions")


def _text(file: Elf) -> int:
    """Where the code begins that the table counts from, as the program's module tells."""
    module = file.section(".go.module")
    return file.pointer(module[0] + _TEXT_IN_MODULE) if module else 0


def _steps(data: bytes, at: int, start: int, end: int, unit: int) -> Iterator[tuple[int, int, int]]:
    """From where to where the stack pointer is how far below."""
    value, pc = -1, start
    while pc < end:
        change, at = _varint(data, at)
        if change == 0 and pc != start:
            return
        length, at = _varint(data, at)
        value += change >> 1 ^ -(change & 1)
        yield pc, min(pc + length * unit, end), value
        pc += length * unit


def _places(file: Elf, start: int, end: int, steps: list[tuple[int, int, int]]) -> GoFunction | None:
    if not steps or not 0 < end - start <= _MOST:
        return None
    last = steps[-1][1]  # what makes the stack grow stands there
    code, offset = file.read(start, end - start), file.offset(start)
    entry = next((pc for pc, _, value in steps if value), None)
    returns = []
    for pc, until, value in steps[1:]:
        if value == 0:
            found = _RETURN[platform.machine()].match(code, pc - start, until - start)
            if found and (found.end() == until - start or until == last):
                returns.append(found.start(1) + offset)
            elif until != last:
                return None
    return GoFunction(entry - start + offset, tuple(returns)) if entry is not None and returns else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of base 128, the least part first, and where it ends."""
    value = 0
    for place in range(_VARINT):
        value |= (data[at + place] & 127) << 7 * place
        if data[at + place] < 128:
            return value, at + place + 1
    raise ValueError("a number of Go's tables has no end")
