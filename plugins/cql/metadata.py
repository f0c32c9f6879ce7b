"""Column specifications of results and statements (sections 4.2.5.2 and 4.2.5.4), each parsed once.

The same metadata comes with every result of a statement, so what was parsed is found again by its bytes.
"""

from struct import Struct

from pxcap.core.text import quote
from pxcap.plugins.cql.datatypes import read_string, read_type
from pxcap.plugins.cql.fast import loop_for
from pxcap.plugins.cql.types import DataType, Decode, Loop, Metadata
from pxcap.plugins.cql.wire import GLOBAL_TABLE, MAX_COLUMNS, METADATA_CHANGED, MORE_PAGES, NO_METADATA

_U16, _I32, _II = Struct(">H").unpack_from, Struct(">i").unpack_from, Struct(">ii").unpack_from
_PREFIX = 16  # bytes by which remembered metadata is looked up: keyspace and table, mostly
_MAX_PREFIXES, _MAX_ALIKE, _LONGEST = 64, 8, 8192  # remembered, with one prefix; and the longest of them, bytes

Specs = tuple[bytes, tuple[str, ...], tuple[DataType, ...], str, tuple[Decode, ...], Loop | None]


class Columns:
    """Reads metadata; remembers the column specifications it has seen, within bounds."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, bytes], list[Specs]] = {}

    def result(self, buf: bytes, pos: int) -> tuple[Metadata, int]:
        """Metadata of a result, and the position behind it.

        Raises:
            struct.error, ValueError: The bytes end before, or are not metadata.
        """
        flags, count = _II(buf, pos)
        pos += 8
        paging_state = new_id = None
        if flags & MORE_PAGES:
            paging_state, pos = _sized(buf, pos + 4, _I32(buf, pos)[0])
        if flags & METADATA_CHANGED:
            new_id, pos = _sized(buf, pos + 2, _U16(buf, pos)[0])
        if flags & NO_METADATA:
            return Metadata(_bounded(count), paging_state=paging_state, new_id=new_id), pos
        made, pos = self._specs(buf, pos, flags, count)
        made.paging_state, made.new_id = paging_state, new_id
        return made, pos

    def markers(self, buf: bytes, pos: int, with_keys: bool) -> tuple[Metadata, int]:
        """Metadata of the markers of a statement; `with_keys`: from v4 on the partition key's markers stand in front.

        Raises:
            struct.error, ValueError: As above.
        """
        flags, count = _II(buf, pos)
        pos += 8
        if with_keys:
            pos += 4 + 2 * _bounded(_I32(buf, pos)[0])
        return self._specs(buf, pos, flags, count)

    def _specs(self, buf: bytes, pos: int, flags: int, count: int) -> tuple[Metadata, int]:
        key = (flags & GLOBAL_TABLE, _bounded(count), buf[pos : pos + _PREFIX])
        alike = self._known.get(key, ())
        for known in alike:
            if buf.startswith(known[0], pos):
                break
        else:
            names, types, end = _read_specs(buf, pos, flags, count)
            decoders = tuple(item.decode for item in types)
            known = buf[pos:end], names, types, f"[{','.join(map(quote, names))}]", decoders, loop_for(decoders)
            if end - pos <= _LONGEST:
                self._remember(key, known)
        raw, names, types, header, decoders, loop = known
        return Metadata(count, names, types, None, None, header, decoders, loop), pos + len(raw)

    def _remember(self, key: tuple[int, int, bytes], specs: Specs) -> None:
        if key not in self._known and len(self._known) >= _MAX_PREFIXES:
            self._known.clear()
        alike = self._known.setdefault(key, [])
        alike.insert(0, specs)
        del alike[_MAX_ALIKE:]


def _read_specs(buf: bytes, pos: int, flags: int, count: int) -> tuple[tuple[str, ...], tuple[DataType, ...], int]:
    names, types = [], []
    if flags & GLOBAL_TABLE:
        _, pos = read_string(buf, pos)
        _, pos = read_string(buf, pos)
    for _ in range(count):
        if not flags & GLOBAL_TABLE:
            _, pos = read_string(buf, pos)
            _, pos = read_string(buf, pos)
        name, pos = read_string(buf, pos)
        item, pos = read_type(buf, pos)
        names.append(name)
        types.append(item)
    return tuple(names), tuple(types), pos


def _bounded(count: int) -> int:
    if not 0 <= count <= MAX_COLUMNS:
        raise ValueError(f"{count} columns")
    return count


def _sized(buf: bytes, pos: int, size: int) -> tuple[bytes | None, int]:
    if size < 0:
        return None, pos
    if pos + size > len(buf):
        raise ValueError("an identifier is cut short")
    return buf[pos : pos + size], pos + size
