"""CQL messages made by hand, for tests: an encoder that shares nothing with the plugin but the names of opcodes."""

import struct
import zlib
from collections.abc import Sequence

import lz4.block  # type: ignore[import-untyped]

from pxcap.plugins.cql.wire import BATCH, EXECUTE, PREPARE, QUERY, RESULT

INT, TEXT = struct.pack(">H", 9), struct.pack(">H", 13)


def string(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def long_string(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">i", len(data)) + data


def value(data: bytes | None) -> bytes:
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def string_map(pairs: dict[str, str]) -> bytes:
    return struct.pack(">H", len(pairs)) + b"".join(string(k) + string(v) for k, v in pairs.items())


def message(
    opcode: int, body: bytes = b"", stream: int = 0, version: int = 4, flags: int = 0, response: bool = False
) -> bytes:
    return struct.pack(">BBhBI", version | response << 7, flags, stream, opcode, len(body)) + body


def answer(opcode: int, body: bytes = b"", stream: int = 0, version: int = 4, flags: int = 0) -> bytes:
    return message(opcode, body, stream, version, flags, response=True)


def parameters(flags: int = 0, rest: bytes = b"", wide: bool = False, consistency: int = 1) -> bytes:
    return struct.pack(">HI" if wide else ">HB", consistency, flags) + rest


def values(*items: bytes | None) -> bytes:
    return struct.pack(">H", len(items)) + b"".join(map(value, items))


def query(cql: str, stream: int = 0, version: int = 4, flags: int = 0, params: bytes | None = None) -> bytes:
    rest = parameters(wide=version >= 5) if params is None else params
    return message(QUERY, long_string(cql) + rest, stream, version, flags)


def prepare(cql: str, stream: int = 0, version: int = 4) -> bytes:
    return message(PREPARE, long_string(cql) + (bytes(4) if version >= 5 else b""), stream, version)


def execute(ident: bytes, items: Sequence[bytes | None], stream: int = 0, version: int = 4) -> bytes:
    metadata_id = string(b"m" * 16) if version == 5 else b""
    return message(EXECUTE, string(ident) + metadata_id + parameters(1, values(*items), version >= 5), stream, version)


def batch(kind: int, statements: Sequence[bytes], stream: int = 0, version: int = 4) -> bytes:
    body = struct.pack(">BH", kind, len(statements)) + b"".join(statements) + parameters(wide=version >= 5)
    return message(BATCH, body, stream, version)


def columns(pairs: Sequence[tuple[str, bytes]], flags: int = 1, front: bytes = b"") -> bytes:
    table = string("ks") + string("t") if flags & 1 else b""
    specs = b"".join(string(name) + kind for name, kind in pairs)
    return struct.pack(">ii", flags, len(pairs)) + front + table + specs


def rows_body(
    pairs: Sequence[tuple[str, bytes]], rows: Sequence[Sequence[bytes | None]], flags: int = 1, front: bytes = b""
) -> bytes:
    cells = b"".join(value(cell) for row in rows for cell in row)
    metadata = struct.pack(">ii", flags, len(pairs)) + front if flags & 4 else columns(pairs, flags, front)
    return struct.pack(">i", 2) + metadata + struct.pack(">i", len(rows)) + cells


def rows(
    pairs: Sequence[tuple[str, bytes]], cells: Sequence[Sequence[bytes | None]], stream: int = 0, version: int = 4
) -> bytes:
    return answer(RESULT, rows_body(pairs, cells), stream, version)


def void(stream: int = 0, version: int = 4) -> bytes:
    return answer(RESULT, struct.pack(">i", 1), stream, version)


def prepared(
    ident: bytes,
    markers: Sequence[tuple[str, bytes]],
    result: Sequence[tuple[str, bytes]] = (),
    stream: int = 0,
    version: int = 4,
) -> bytes:
    keys = struct.pack(">iH", 1, 0) if version > 3 else b""
    metadata_id = string(b"m" * 16) if version == 5 else b""
    body = struct.pack(">i", 4) + string(ident) + metadata_id + columns(markers, front=keys)
    body += columns(result) if result else struct.pack(">ii", 4, 0)
    return answer(RESULT, body, stream, version)


def crc24(data: bytes) -> int:
    crc = 0x875060
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1974F0B
    return crc


def segment(payload: bytes, self_contained: bool = True, packed: bool = False) -> bytes:
    """A v5 segment; `packed` in the LZ4 format, compressed where that makes it smaller."""
    word, size, data = len(payload), 3, payload
    if packed:
        squeezed = lz4.block.compress(payload, store_size=False)
        smaller = len(squeezed) < len(payload)
        data = squeezed if smaller else payload
        word, size = len(data) | (len(payload) if smaller else 0) << 17, 5
    word |= self_contained << (34 if packed else 17)
    head = word.to_bytes(size, "little")
    checksum = zlib.crc32(data, zlib.crc32(b"\xfa\x2d\x55\xca"))
    return head + crc24(head).to_bytes(3, "little") + data + checksum.to_bytes(4, "little")


def segments(payload: bytes, size: int, packed: bool = False) -> bytes:
    """A long message in several segments."""
    return b"".join(segment(payload[at : at + size], False, packed) for at in range(0, len(payload), size))


STARTUP_BODY = string_map({"CQL_VERSION": "3.0.0"})


def startup(stream: int = 0, version: int = 4, **options: str) -> bytes:
    return message(1, string_map({"CQL_VERSION": "3.0.0", **options}), stream, version)


def ready(stream: int = 0, version: int = 4) -> bytes:
    return answer(2, b"", stream, version)


def number(n: int) -> bytes:
    return struct.pack(">i", n)
