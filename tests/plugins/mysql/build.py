"""Packets as clients and servers send them, and a parser fed with them."""

import struct
from collections.abc import Iterable

from pxcap.core.protocol import REQUEST, RESPONSE, ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk, Inbox
from pxcap.plugins.mysql.parser import MysqlParser

FLAGS = 0x01BFF7DF  # everything to CLIENT_DEPRECATE_EOF but TLS and compression


def packet(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes((sequence,)) + body


def greeting(flags: int = FLAGS, mariadb: int = 0) -> bytes:
    low, high = struct.pack("<H", flags & 0xFFFF), struct.pack("<H", flags >> 16)
    head = b"\x0a8.4.0\0" + struct.pack("<I", 7) + b"AAAAAAAA\0" + low + b"\x2d\2\0" + high
    return packet(0, head + b"\x15" + bytes(6) + struct.pack("<I", mariadb) + b"AAAAAAAAAAAA\0mysql_native_password\0")


def login_body(flags: int = FLAGS, charset: int = 45) -> bytes:
    fixed = struct.pack("<IIB", flags, 1 << 24, charset) + bytes(23)
    return fixed + b"app\0\x14SECRETSECRETSECRET!!shop\0mysql_native_password\0\x0b\4prog\5tests"


def ok(sequence: int = 1, affected: int = 0, status: int = 2, header: int = 0) -> bytes:
    return packet(sequence, bytes((header, affected, 0)) + struct.pack("<HH", status, 0))


def column(sequence: int) -> bytes:
    return packet(sequence, b"\3def\4shop\1t\1t\1n\1n\x0c\x2d\0" + struct.pack("<IBHB", 400, 0xFD, 0, 0) + b"\0\0")


def rows(*cells: bytes) -> bytes:
    parts = [packet(1, b"\1"), column(2)]
    parts += [packet(3 + at, bytes((len(cell),)) + cell) for at, cell in enumerate(cells)]
    return b"".join(parts) + ok(3 + len(cells), header=0xFE)


def query(sql: bytes) -> bytes:
    return packet(0, b"\3" + sql)


def chunk(data: bytes, offset: int = 0, time: int = 1) -> Chunk:
    return Chunk(data, offset, [offset], [time])


def inbox(data: bytes) -> Inbox:
    found = Inbox()
    found.add(chunk(data))
    return found


class Talk:
    """A parser and what it was fed; each `ask` and `tell` is one time unit later."""

    def __init__(self, midstream: bool = False, **settings: bool) -> None:
        self.parser = MysqlParser(ConnectionInfo(midstream=midstream, settings=Settings(**settings)))  # type: ignore[arg-type]
        self.rows: list[Row] = []
        self.time = 0
        self._offsets = [0, 0]

    def feed(self, side: int, data: bytes) -> "Talk":
        self.time += 1
        self.rows += self.parser.feed(side, chunk(data, self._offsets[side], self.time))
        self._offsets[side] += len(data)
        return self

    def ask(self, data: bytes) -> "Talk":
        return self.feed(REQUEST, data)

    def tell(self, data: bytes) -> "Talk":
        return self.feed(RESPONSE, data)

    def lose(self, side: int, size: int) -> "Talk":
        self.time += 1
        self.rows += self.parser.gap(side, size, self.time, "gap")
        self._offsets[side] += size
        return self

    def login(self, flags: int = FLAGS) -> "Talk":
        self.tell(greeting(flags)).ask(packet(1, login_body(flags))).tell(ok(2))
        self.rows = []
        return self

    def finish(self) -> list[Row]:
        self.rows += self.parser.finish(self.time)
        return self.rows


def brief(found: Iterable[Row]) -> list[tuple[object, ...]]:
    """Of each row: command, text, status, answer, note."""
    return [(row[1], row[2], row[3], row[4], row[-1]) for row in found]
