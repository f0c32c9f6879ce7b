"""A small CQL server for tests: protocol versions 3, 4 and 5, enough for the real drivers to be content.

    python tests/live/cql_server.py PORT [--max-version N] [--password USER:PASSWORD] [--table-per-column]

It keeps no data. A statement gets what its text asks for: `SELECT n FROM ks.rows_25` gives 25 rows in pages, `..._fail` an
error, `CREATE TABLE` a schema change and the event of it, anything else Void. Types of bound values are told by the name
after `/* types: int text */` in the statement. It listens on loopback, prints `ready`, and runs until it is ended.
"""

import argparse
import hashlib
import re
import socket
import struct
import threading
import uuid
import zlib
from collections.abc import Sequence
from functools import cache

import lz4.block  # type: ignore[import-untyped]

TYPES = {
    "bigint": 2,
    "blob": 3,
    "boolean": 4,
    "double": 7,
    "int": 9,
    "timestamp": 11,
    "uuid": 12,
    "text": 13,
    "inet": 16,
}
HOST_ID, SCHEMA_ID = uuid.UUID(int=1).bytes, uuid.UUID(int=2).bytes
ITEM = (("id", "int"), ("name", "text"), ("price", "double"), ("at", "timestamp"))
LOCAL: tuple[tuple[str, str, bytes], ...] = (
    ("key", "text", b"local"),
    ("broadcast_address", "inet", b"\x7f\0\0\1"),
    ("cluster_name", "text", b"test"),
    ("cql_version", "text", b"3.4.6"),
    ("data_center", "text", b"dc1"),
    ("host_id", "uuid", HOST_ID),
    ("listen_address", "inet", b"\x7f\0\0\1"),
    ("partitioner", "text", b"org.apache.cassandra.dht.Murmur3Partitioner"),
    ("rack", "text", b"rack1"),
    ("release_version", "text", b"4.1.0"),
    ("rpc_address", "inet", b"\x7f\0\0\1"),
    ("schema_version", "uuid", SCHEMA_ID),
)


class CqlError(Exception):
    """An ERROR to be sent: code, message, further fields."""

    def __init__(self, code: int, text: str, extra: bytes = b"") -> None:
        super().__init__(text)
        self.body = struct.pack(">i", code) + string(text) + extra


def string(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()


def value(data: bytes | None) -> bytes:
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def columns(specs: Sequence[tuple[str, str]], flags: int = 1, front: bytes = b"") -> bytes:
    """Metadata; keyspace and table stand once in front of the columns, or without flag 1 with each of them."""
    table = string("ks") + string("t")
    every, each = (table, b"") if flags & 1 else (b"", table)
    body = struct.pack(">ii", flags, len(specs)) + front + every
    return body + b"".join(each + string(name) + struct.pack(">H", TYPES[kind]) for name, kind in specs)


def item(n: int) -> tuple[bytes, ...]:
    """Row `n` of every table."""
    return struct.pack(">i", n), b"name %d" % n, struct.pack(">d", n / 4), struct.pack(">q", 1_700_000_000_000 + n)


@cache
def cells(first: int, last: int) -> bytes:
    """The cells of the rows from `first` up to `last`."""
    return b"".join(value(cell) for n in range(first, last) for cell in item(n))


def crc24(data: bytes) -> int:
    crc = 0x875060
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1974F0B if crc & 0x800000 else 0)
    return crc & 0xFFFFFF


class Client:
    """One connection."""

    everyone: list["Client"] = []
    prepared: dict[bytes, str] = {}

    def __init__(self, sock: socket.socket, options: argparse.Namespace) -> None:
        self.sock, self.options = sock, options
        self.version = 0
        self.codec = ""
        self.framed = False
        self.registered = False
        self.buffer = b""
        self.lock = threading.Lock()

    def run(self) -> None:
        Client.everyone.append(self)
        try:
            while True:
                head = self.read(9)
                version, flags, stream, op, size = struct.unpack(">BBhBI", head)
                body = self.read(size)
                if flags & 1:
                    body = lz4.block.decompress(body[4:], uncompressed_size=int.from_bytes(body[:4], "big"))
                self.answer(version, flags, stream, op, body)
        except (ConnectionError, OSError):
            pass
        finally:
            Client.everyone.remove(self)
            self.sock.close()

    def read(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self.buffer += self.segment() if self.framed else self.receive(1, 65536)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def receive(self, least: int, most: int) -> bytes:
        data = b""
        while len(data) < least:
            piece = self.sock.recv(most - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def segment(self) -> bytes:
        """The payload of the next segment."""
        size = 5 if self.codec else 3
        head = self.receive(size + 3, size + 3)
        word = int.from_bytes(head[:size], "little")
        assert crc24(head[:size]) == int.from_bytes(head[size:], "little")
        length = word & 0x1FFFF
        data = self.receive(length + 4, length + 4)[:-4]
        unpacked = word >> 17 & 0x1FFFF if self.codec else 0
        return lz4.block.decompress(data, uncompressed_size=unpacked) if unpacked else data

    def send(self, op: int, stream: int, body: bytes, flags: int = 0, version: int = 0) -> None:
        with self.lock:
            if self.codec and not self.framed and len(body) > 64:
                body, flags = struct.pack(">I", len(body)) + lz4.block.compress(body, store_size=False), flags | 1
            data = struct.pack(">BBhBI", 0x80 | (version or self.version), flags, stream, op, len(body)) + body
            if not self.framed:
                self.sock.sendall(data)
                return
            most = 131071
            for at in range(0, len(data), most):
                self.sock.sendall(self.wrapped(data[at : at + most], len(data) <= most))

    def wrapped(self, payload: bytes, whole: bool) -> bytes:
        """A segment around a payload."""
        word, size = len(payload) | whole << 17, 3
        if self.codec:
            small, size = lz4.block.compress(payload, store_size=False), 5
            better = len(small) < len(payload)
            payload, unpacked = (small, len(payload)) if better else (payload, 0)
            word = len(payload) | unpacked << 17 | whole << 34
        head = word.to_bytes(size, "little")
        end = zlib.crc32(payload, zlib.crc32(b"\xfa\x2d\x55\xca")).to_bytes(4, "little")
        return head + crc24(head).to_bytes(3, "little") + payload + end

    def answer(self, version: int, flags: int, stream: int, op: int, body: bytes) -> None:
        most: int = self.options.max_version
        if version > most or version < 3:
            text = f"Invalid or unsupported protocol version ({version}); the lowest supported version is 3 and the greatest is {most}"
            self.send(0, stream, struct.pack(">i", 10) + string(text), version=most)
            return
        self.version = version
        if flags & 4:
            raise ConnectionError("no custom payloads here")
        try:
            if op == 5:
                supported = {"COMPRESSION": ["lz4"], "CQL_VERSION": ["3.4.6"]}
                lists = (string(k) + struct.pack(">H", len(v)) + b"".join(map(string, v)) for k, v in supported.items())
                self.send(6, stream, struct.pack(">H", len(supported)) + b"".join(lists))
            elif op == 1:
                self.startup(stream, body)
            elif op == 15:
                user, password = body[4:].split(b"\0")[1:3]
                if f"{user.decode()}:{password.decode()}" != self.options.password:
                    raise CqlError(0x100, "Provided username and/or password are incorrect")
                self.send(16, stream, value(None))
            elif op == 11:
                self.registered = True
                self.send(2, stream, b"")
            else:
                self.statement(stream, op, body, bool(flags & 2))
        except CqlError as error:
            self.send(0, stream, error.body)

    def startup(self, stream: int, body: bytes) -> None:
        if self.options.password:
            self.send(3, stream, string("org.apache.cassandra.auth.PasswordAuthenticator"))
        else:
            self.send(2, stream, b"")
        self.codec = "lz4" if b"COMPRESSION\0\x03lz4" in body else ""
        self.framed = self.version >= 5

    def statement(self, stream: int, op: int, body: bytes, traced: bool) -> None:
        front, flags = (uuid.UUID(int=3).bytes, 2) if traced else (b"", 0)
        if op == 9:
            size = int.from_bytes(body[:4], "big")
            self.send(8, stream, front + self.prepare(body[4 : 4 + size].decode()), flags)
            return
        if op == 13:
            self.send(8, stream, front + struct.pack(">i", 1), flags)
            return
        if op == 10:
            size = int.from_bytes(body[:2], "big")
            ident, pos = body[2 : 2 + size], 2 + size
            if ident not in Client.prepared:
                raise CqlError(0x2500, f"Prepared query with ID {ident.hex()} not found", body[: 2 + size])
            cql = Client.prepared[ident]
            pos += 2 + int.from_bytes(body[pos : pos + 2], "big") if self.version == 5 else 0
        else:
            size = int.from_bytes(body[:4], "big")
            cql, pos = body[4 : 4 + size].decode(), 4 + size
        result, event = self.result(cql, body, pos)
        if "warned" in cql:
            front, flags = front + struct.pack(">H", 1) + string("this is a warning"), flags | 8
        self.send(8, stream, front + result, flags)
        if event:
            for client in list(Client.everyone):
                if client.registered:
                    client.send(12, -1, string("SCHEMA_CHANGE") + event)

    def prepare(self, cql: str) -> bytes:
        ident = hashlib.md5(cql.encode()).digest()
        Client.prepared[ident] = cql
        types = re.search(r"/\* types: (.*?) \*/", cql)
        markers = [(f"p{n}", kind) for n, kind in enumerate(types[1].split() if types else [])]
        keys = struct.pack(">i", 0) if self.version > 3 else b""
        body = struct.pack(">i", 4) + string_bytes(ident)
        body += string_bytes(b"m" * 16) if self.version == 5 else b""
        body += columns(markers, 1, keys)
        return body + (columns(ITEM) if cql.startswith("SELECT") else struct.pack(">ii", 4, 0))

    def result(self, cql: str, body: bytes, pos: int) -> tuple[bytes, bytes]:
        """The RESULT of a statement, and the schema change to tell everyone."""
        if "_unavailable" in cql:
            raise CqlError(0x1000, "Cannot achieve consistency level QUORUM", struct.pack(">Hii", 4, 3, 1))
        if "_fail" in cql:
            raise CqlError(0x2200, "unconfigured table")
        if " system.local" in cql:
            return rows([(n, k) for n, k, _ in LOCAL], [[data for *_, data in LOCAL]]), b""
        if "system.peers_v2" in cql:
            raise CqlError(0x2200, "unconfigured table peers_v2")
        if " system" in cql:
            return rows([("peer", "inet")], []), b""
        if match := re.match(r"USE \"?(\w+)", cql):
            return struct.pack(">i", 3) + string(match[1]), b""
        if match := re.match(r"CREATE TABLE (\w+)\.(\w+)", cql):
            change = string("CREATED") + string("TABLE") + string(match[1]) + string(match[2])
            return struct.pack(">i", 5) + change, change
        match = re.match(r"SELECT .*?rows_(\d+)", cql)
        return (self.page(int(match[1]), body, pos), b"") if match else (struct.pack(">i", 1), b"")

    def page(self, total: int, body: bytes, pos: int) -> bytes:
        """Rows from where the paging state says, as many as the page size says."""
        wide = self.version >= 5
        flags = struct.unpack_from(">I" if wide else ">B", body, pos + 2)[0]
        pos += 6 if wide else 3
        if flags & 1:
            count = struct.unpack_from(">H", body, pos)[0]
            pos += 2
            for _ in range(count):
                pos += 4 + max(0, struct.unpack_from(">i", body, pos)[0])
        size, first = total, 0
        if flags & 4:
            size = struct.unpack_from(">i", body, pos)[0]
            pos += 4
        if flags & 8:
            first = struct.unpack_from(">ii", body, pos)[1]
        last = min(total, first + size)
        once = 0 if self.options.table_per_column else 1
        if flags & 2:  # without metadata
            front = struct.pack(">ii", 4 | (2 if last < total else 0), len(ITEM))
            front += value(struct.pack(">i", last)) if last < total else b""
        elif last < total:
            front = columns(ITEM, 2 | once, value(struct.pack(">i", last)))
        else:
            front = columns(ITEM, once)
        return struct.pack(">i", 2) + front + struct.pack(">i", last - first) + cells(first, last)


def string_bytes(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def rows(specs: Sequence[tuple[str, str]], cells: Sequence[Sequence[bytes]]) -> bytes:
    return (
        struct.pack(">i", 2)
        + columns(specs)
        + struct.pack(">i", len(cells))
        + b"".join(value(cell) for row in cells for cell in row)
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--max-version", type=int, default=5)
    parser.add_argument("--password", default="")
    parser.add_argument("--table-per-column", action="store_true", help="name the table with each column of an answer")
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", options.port)) as listener:
        print("ready", flush=True)
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Client(sock, options).run, daemon=True).start()


if __name__ == "__main__":
    main()
