"""Where functions lie in a program or library: as much of the ELF format as placing a probe takes.

Source: "System V Application Binary Interface, Edition 4.1", chapters 4 and 5, in its 64-bit form.
"""

import mmap
import platform
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import numpy as np

_MACHINES = {"x86_64": 62, "aarch64": 183}
_HEADER = struct.Struct("<4sBBBB8xHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)
_RELOCATION = np.dtype([("at", "<u8"), ("kind", "<u4"), ("symbol", "<u4"), ("value", "<i8")])
_PT_LOAD, _SHT_SYMTAB, _SHT_RELA, _SHT_DYNSYM, _STT_FUNC = 1, 2, 4, 11, 2
_RELATIVE = {"x86_64": 8, "aarch64": 1027}  # R_X86_64_RELATIVE, R_AARCH64_RELATIVE
_MOST = 4096  # segments or sections believed


@dataclass(frozen=True, slots=True)
class _Section:
    name: int
    kind: int
    address: int
    offset: int
    size: int
    link: int


class Elf:
    """A program or library of this machine's kind, 64 bits wide.

    Args:
        fd: Open for reading; the caller closes it.

    Raises:
        ValueError: It is something else, or damaged.
        OSError: It cannot be read.
    """

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ)
        try:
            self._read()
        except (struct.error, OverflowError, ValueError) as error:
            self._map.close()
            raise ValueError(f"no ELF file of this machine: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._map.close()

    def section(self, name: str) -> tuple[int, bytes] | None:
        """The address and the content of the section of that name; None when it has none."""
        wanted = name.encode() + b"\0"
        for each in self._sections:
            start = self._names + each.name
            if self._map[start : start + len(wanted)] == wanted:
                return each.address, self._map[each.offset : each.offset + each.size]
        return None

    def offset(self, address: int) -> int:
        """Where in the file lies what is loaded there.

        Raises:
            ValueError: Nothing of it is.
        """
        for offset, start, size in self._segments:
            if start <= address < start + size:
                return address - start + offset
        raise ValueError(f"nothing of the file is loaded at {address:#x}")

    def read(self, address: int, size: int) -> bytes:
        """What is loaded there.

        Raises:
            ValueError: Less than that is.
        """
        offset = self.offset(address)
        if len(data := self._map[offset : offset + size]) < size:
            raise ValueError(f"the file has no {size} bytes for {address:#x}")
        return data

    def pointer(self, address: int) -> int:
        """The address that stands there, as it would be were the file loaded where it says.

        Raises:
            ValueError: Nothing is loaded there.
        """
        for table in self._sections:
            if table.kind == _SHT_RELA:
                whole = self._map[table.offset : table.offset + table.size]
                entries = np.frombuffer(whole[: len(whole) // _RELOCATION.itemsize * _RELOCATION.itemsize], _RELOCATION)
                found = entries["value"][
                    (entries["at"] == address) & (entries["kind"] == _RELATIVE.get(platform.machine()))
                ]
                if len(found):
                    return int(found[0])
        return int.from_bytes(self.read(address, 8), "little")

    def functions(self, names: Collection[str]) -> dict[str, int]:
        """Offset in the file of each of these functions that it defines, as its symbols tell."""
        found: dict[str, int] = {}
        for table in self._sections:
            if table.kind in (_SHT_DYNSYM, _SHT_SYMTAB) and table.link < len(self._sections):
                for name in set(names) - found.keys():
                    places = self._places(self._sections[table.link], name.encode() + b"\0")
                    if places and (offset := self._defined(table, places)) is not None:
                        found[name] = offset
        return found

    def _read(self) -> None:
        head = _HEADER.unpack_from(self._map)
        magic, width, order, _, _, _, machine, _, _, segments, sections = head[:11]
        if magic != b"\x7fELF" or (width, order) != (2, 1) or machine != _MACHINES.get(platform.machine()):
            raise ValueError("another format or machine")
        segment_size, segment_count, section_size, section_count, names = head[13:18]
        if max(segment_count, section_count) > _MOST:
            raise ValueError("more segments or sections than there can be")
        self._segments = [
            (offset, address, size)
            for kind, _, offset, address, _, size, _, _ in self._records(
                _SEGMENT, segments, segment_count, segment_size
            )
            if kind == _PT_LOAD
        ]
        self._sections = [
            _Section(name, kind, address, min(offset, len(self._map)), min(size, len(self._map)), link)
            for name, kind, _, address, offset, size, link, *_ in self._records(
                _SECTION, sections, section_count, section_size
            )
        ]
        self._names = self._sections[names].offset if names < len(self._sections) else 0

    def _records(self, layout: struct.Struct, start: int, count: int, size: int) -> Iterator[tuple[int, ...]]:
        if count and size < layout.size:
            raise ValueError("entries too small")
        return (layout.unpack_from(self._map, start + size * which) for which in range(count))

    def _places(self, strings: _Section, wanted: bytes) -> list[int]:
        """Where in a table of strings the name stands: linkers let one string be the end of another."""
        end = strings.offset + strings.size
        found = [self._map.find(wanted, strings.offset, end)]
        while found[-1] >= 0:
            found.append(self._map.find(wanted, found[-1] + 1, end))
        return [at - strings.offset for at in found[:-1]]

    def _defined(self, table: _Section, places: list[int]) -> int | None:
        """Where the function lies whose name stands at one of these places; None when the file only uses it."""
        whole = self._map[table.offset : table.offset + table.size]
        symbols = np.frombuffer(whole[: len(whole) // _SYMBOL.itemsize * _SYMBOL.itemsize], _SYMBOL)
        is_function = (symbols["info"] & 15 == _STT_FUNC) & (symbols["section"] != 0)
        for value in symbols["value"][is_function & np.isin(symbols["name"], places)].tolist():
            with suppress(ValueError):
                return self.offset(value)
        return None
