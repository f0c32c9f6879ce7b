"""Where the members of kernel structures lie, as the running kernel itself tells (BTF).

The layout is that of Documentation/bpf/btf.rst: a header, a section of type records of varying length, and a section of
names. Reading means walking all records once to know where each begins (0.1 s for the 130,000 of a distribution's
kernel); members are looked at only when they are asked for. It happens at the first question.
"""

import struct
from functools import cached_property
from pathlib import Path

from pxcap.core.errors import CaptureError

KERNEL = Path("/sys/kernel/btf/vmlinux")
HINT = "boot a distribution's kernel, which describes its types: sudo apt-get install linux-image-$(dpkg --print-architecture)"

_MAGIC = 0xEB9F
_HEADER = struct.Struct("=HBBIIIII")  # magic, version, flags, header size, types at, size, names at, size
_TYPE = struct.Struct("=III")  # name, info, size or type
_MEMBER = struct.Struct("=III")  # name, type, offset in bits
_MAX_FILE = 256 << 20  # kernels have 5 to 20 MB
_MAX_DEPTH = 64  # of typedefs of typedefs

_STRUCT, _UNION = 4, 5
_INDIRECT = {8, 9, 10, 11, 18}  # typedef, volatile, const, restrict, type tag
# Bytes behind a record of each kind: a fixed number, and so many for each of its `vlen` parts.
_TRAILING = dict.fromkeys((2, 7, 8, 9, 10, 11, 12, 16, 18), (0, 0))
_TRAILING |= {1: (4, 0), 3: (12, 0), 14: (4, 0), 17: (4, 0)}  # int, array, var, declaration tag
_TRAILING |= {4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 15: (0, 12), 19: (0, 12)}  # struct ... enum64


class UnknownMemberError(CaptureError):
    """The kernel has no such structure or member: another kernel may, so a caller may have something else to try."""


class Btf:
    """The types of one BTF file.

    Args:
        path: The file; the running kernel's unless told.
    """

    def __init__(self, path: Path = KERNEL) -> None:
        self.path = path

    def offset(self, name: str, path: str) -> int:
        """Bytes from the beginning of a structure to a member.

        Args:
            name: The structure, such as "sock_common".
            path: The member, such as "skc_family", or one within it: "ns.inum". Members of anonymous structures and
                unions are found as C finds them.

        Raises:
            UnknownMemberError: The kernel has no such structure or member, or it begins within a byte (a bit field).
            CaptureError: The kernel has no BTF, or it is damaged.
        """
        found, within = 0, self._named(name)
        for part in path.split("."):
            place = self._member(self._resolved(within), part, set())
            if place is None:
                raise UnknownMemberError(f"{self.path}: structure {name} has no member {path}", HINT)
            bits, within = place
            found += bits
        if found % 8:
            raise UnknownMemberError(f"{self.path}: {name}.{path} is a bit field, at bit {found}", HINT)
        return found // 8

    def size(self, name: str) -> int:
        """Bytes a structure takes; raises as `offset` does."""
        return self._record(self._named(name))[2]

    def _named(self, name: str) -> int:
        number = self._types[1].get(name)
        if number is None:
            raise UnknownMemberError(f"{self.path}: no structure {name}", HINT)
        return number

    def _member(self, number: int, name: str, seen: set[int]) -> tuple[int, int] | None:
        """(offset in bits, type) of a member, looked for in anonymous members not `seen` yet as well."""
        _, info, _ = self._record(number)
        if info >> 24 & 31 not in (_STRUCT, _UNION) or number in seen:
            return None
        seen.add(number)
        mask = 0xFFFFFF if info >> 31 else 0xFFFFFFFF  # with the flag, the size of a bit field is above
        begin = self._types[0][number] + _TYPE.size
        for at in range(begin, begin + (info & 0xFFFF) * _MEMBER.size, _MEMBER.size):
            label, kind, bits = _MEMBER.unpack_from(self._data, at)
            if label and self._name(label) == name:
                return bits & mask, kind
            inner = None if label else self._member(self._resolved(kind), name, seen)
            if inner is not None:
                return (bits & mask) + inner[0], inner[1]
        return None

    def _resolved(self, number: int) -> int:
        """The type behind typedefs and qualifiers."""
        for _ in range(_MAX_DEPTH):
            _, info, behind = self._record(number)
            if info >> 24 & 31 not in _INDIRECT:
                return number
            number = behind
        raise self._damaged(f"type {number} is a typedef of itself")

    def _record(self, number: int) -> tuple[int, int, int]:
        places = self._types[0]
        if not number:
            return 0, 0, 0  # void
        if number >= len(places):
            raise self._damaged(f"type {number} of {len(places) - 1}")
        return _TYPE.unpack_from(self._data, places[number])

    @cached_property
    def _types(self) -> tuple[list[int], dict[str, int]]:
        """Where each type's record is, and the numbers of the structures and unions that have a name and members."""
        begin, end = self._sections[:2]
        data, unpack, trailing = self._data, _TYPE.unpack_from, _TRAILING
        places: list[int] = [0]
        named: dict[str, int] = {}
        try:
            while begin < end:
                label, info, _ = unpack(data, begin)
                kind, parts = info >> 24 & 31, info & 0xFFFF
                fixed, each = trailing[kind]
                if label and parts and kind in (_STRUCT, _UNION):
                    named.setdefault(self._name(label), len(places))
                places.append(begin)
                begin += 12 + fixed + each * parts
        except KeyError as error:
            raise self._damaged(f"type {len(places)} is of the unknown kind {error}") from error
        except struct.error as error:
            raise self._damaged("the last type is cut short") from error
        if begin != end:
            raise self._damaged("the last type is cut short")
        return places, named

    @cached_property
    def _sections(self) -> tuple[int, int, int, int]:
        """Where the types begin and end, and the names."""
        data = self._data
        if len(data) < _HEADER.size:
            raise self._damaged(f"{len(data)} bytes, expected a header of {_HEADER.size}")
        magic, version, _, header, types, types_size, names, names_size = _HEADER.unpack_from(data)
        if magic != _MAGIC or version != 1:
            raise self._damaged(f"magic {magic:#x} and version {version}, expected {_MAGIC:#x} and 1")
        found = (header + types, header + types + types_size, header + names, header + names + names_size)
        if max(found) > len(data):
            raise self._damaged(f"its sections end at byte {max(found)}, the file at {len(data)}")
        return found

    @cached_property
    def _data(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                data = file.read(_MAX_FILE + 1)
        except OSError as error:
            raise CaptureError(
                f"{self.path}: {error.strerror}: the kernel does not describe its types", HINT
            ) from error
        if len(data) > _MAX_FILE:
            raise self._damaged(f"larger than {_MAX_FILE >> 20} MiB")
        return data

    def _name(self, label: int) -> str:
        _, _, begin, end = self._sections
        stop = self._data.find(b"\0", begin + label, end)
        if stop < 0:
            raise self._damaged(f"name {label} lies outside the names")
        return self._data[begin + label : stop].decode("ascii", "replace")

    def _damaged(self, what: str) -> CaptureError:
        return CaptureError(f"{self.path}: not valid BTF: {what}", HINT)
