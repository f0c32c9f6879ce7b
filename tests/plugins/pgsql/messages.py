"""Messages of both sides, as bytes."""

import struct


def m(kind: bytes, body: bytes = b"") -> bytes:
    """A message with a type."""
    return kind + struct.pack(">I", len(body) + 4) + body


def startup(*words: bytes, version: int = 0x30000) -> bytes:
    body = struct.pack(">I", version) + b"".join(word + b"\0" for word in words) + b"\0"
    return struct.pack(">I", len(body) + 4) + body


HELLO = m(b"R", struct.pack(">I", 0)) + m(b"S", b"server_version\x0016.4\0") + m(b"K", b"\0\0\x04\xd2key!")
SYNC, FLUSH, PARSED, BOUND, CLOSED, NO_DATA, SUSPENDED = (m(bytes([kind])) for kind in b"SH123ns")


def described(*columns: tuple[bytes, int, int]) -> bytes:
    """RowDescription of (name, type, format)."""
    parts = [name + b"\0" + struct.pack(">IhIhih", 0, 0, oid, -1, -1, code) for name, oid, code in columns]
    return m(b"T", struct.pack(">H", len(parts)) + b"".join(parts))


def values(items: tuple[bytes | None, ...]) -> bytes:
    parts = [struct.pack(">i", -1) if item is None else struct.pack(">i", len(item)) + item for item in items]
    return struct.pack(">H", len(items)) + b"".join(parts)


def row(*items: bytes | None) -> bytes:
    return m(b"D", values(items))


def done(tag: bytes) -> bytes:
    return m(b"C", tag + b"\0")


def ready(state: bytes = b"I") -> bytes:
    return m(b"Z", state)


def error(code: bytes, text: bytes, kind: bytes = b"E", severity: bytes = b"ERROR", more: bytes = b"") -> bytes:
    return m(kind, b"S" + severity + b"\0V" + severity + b"\0C" + code + b"\0M" + text + b"\0" + more + b"\0")


def query(sql: bytes) -> bytes:
    return m(b"Q", sql + b"\0")


def parse(name: bytes, sql: bytes, *types: int) -> bytes:
    return m(b"P", name + b"\0" + sql + b"\0" + struct.pack(f">H{len(types)}I", len(types), *types))


def bind(portal: bytes, name: bytes, *items: bytes | None, formats: tuple[int, ...] = ()) -> bytes:
    head = portal + b"\0" + name + b"\0" + struct.pack(f">H{len(formats)}H", len(formats), *formats)
    return m(b"B", head + values(items) + struct.pack(">HH", 1, 0))


def execute(portal: bytes = b"", limit: int = 0) -> bytes:
    return m(b"E", portal + b"\0" + struct.pack(">i", limit))


def describe(what: bytes = b"P") -> bytes:
    return m(b"D", what + b"\0")


def types(*oids: int) -> bytes:
    return m(b"t", struct.pack(f">H{len(oids)}I", len(oids), *oids))
