"""Writes messages from the schema, with what a reader should make of them: the other way round, sharing no reading code."""

import random
import struct
from typing import Any

from pxcap.plugins.kafka.types import Field

NUMBERS = {"int8": "b", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q"}


def uvarint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes((value & 127 | 128,))
        value >>= 7
    return out + bytes((value,))


def varint(value: int) -> bytes:
    return uvarint(value << 1 ^ value >> 63)


class Maker:
    """Makes random messages of a layout; `compact` for flexible versions."""

    def __init__(self, rng: random.Random, compact: bool, most: int = 3) -> None:
        self.rng = rng
        self.compact = compact
        self.most = most
        self.top: int = 0
        self.nested: int = 0

    @property
    def error_code(self) -> int:
        return self.top or self.nested

    def message(self, fields: tuple[Field, ...]) -> tuple[bytes, dict[str, Any]]:
        """The bytes and the object that is their JSON."""
        return self.struct(fields, 0)

    def struct(self, fields: tuple[Field, ...], depth: int) -> tuple[bytes, dict[str, Any]]:
        data, found = b"", {}
        for field in fields:
            if field.tag is None:
                part, value = self.value(field, depth)
                data += part
                self.put(found, field, value, depth)
        if not self.compact:
            return data, found
        tagged = [field for field in fields if field.tag is not None and self.rng.random() < 0.6]
        unknown = [90 + at for at in range(self.rng.randrange(2))] if fields else []
        data += uvarint(len(tagged) + len(unknown))
        for field in tagged:
            part, value = self.value(field, depth)
            data += uvarint(field.tag or 0) + uvarint(len(part)) + part
            self.put(found, field, value, depth)
        for tag in unknown:
            data += uvarint(tag) + uvarint(3) + b"new"
            found[f"tag_{tag}"] = "new"
        return data, found

    def put(self, found: dict[str, Any], field: Field, value: Any, depth: int) -> None:
        if field.array and not isinstance(value, list) and value is not None:
            raise TypeError(field.name)
        if field.flag == "secret" and value is not None:
            value = "[redacted]"
        found[field.name] = value
        if field.type == "int16" and not field.array and field.name.endswith("error_code") and value:
            found[field.name.removesuffix("code") + "name"] = ERROR_NAMES[value]
            if depth:
                self.nested = self.nested or value
            else:
                self.top = self.top or value

    def value(self, field: Field, depth: int) -> tuple[bytes, Any]:
        if field.array:
            if field.nullable and self.rng.random() < 0.3:
                return self.length("i", -1), None
            count = self.rng.randrange(self.most)
            one = Field("", field.type, False, False, None, "", field.fields)
            parts = [self.value(one, depth + 1) for _ in range(count)]
            return self.length("i", count) + b"".join(part for part, _ in parts), [value for _, value in parts]
        if field.type == "{}":
            if field.nullable and self.rng.random() < 0.3:
                return b"\xff", None
            data, found = self.struct(field.fields, depth + 1)
            return (b"\1" if field.nullable else b"") + data, found
        return self.scalar(field)

    def scalar(self, field: Field) -> tuple[bytes, Any]:
        rng = self.rng
        if field.type == "bool":
            flag = rng.random() < 0.5
            return bytes((flag,)), flag
        if field.type == "float64":
            number = rng.choice((0.5, -1e300, 0.0))
            return struct.pack(">d", number), number
        if field.type == "uuid":
            return bytes(15) + b"\1", "AAAAAAAAAAAAAAAAAAAAAQ"
        if field.name.endswith("error_code"):
            code = rng.choice((0, 0, 3, 35, -1))
            return struct.pack(">h", code), code
        if field.type in NUMBERS:
            value = rng.choice((0, 1, 100)) if "u" in field.type else rng.choice((0, -1, 100, 7))
            return struct.pack(f">{NUMBERS[field.type]}", value), value
        prefix = "h" if field.type == "string" else "i"
        if field.nullable and rng.random() < 0.3:
            return self.length(prefix, -1), None
        if field.type == "records":
            return self.length(prefix, 0), {"size": 0, "record_count": 0, "record_batches": []}
        text = rng.choice(("", "orders", 'quote " and \\', "caf\u00e9", "x" * 200))
        return self.length(prefix, len(text.encode())) + text.encode(), text

    def length(self, prefix: str, value: int) -> bytes:
        return uvarint(value + 1) if self.compact else struct.pack(f">{prefix}", value)


ERROR_NAMES = {3: "UNKNOWN_TOPIC_OR_PARTITION", 35: "UNSUPPORTED_VERSION", -1: "UNKNOWN_SERVER_ERROR"}


def sized(data: bytes | None) -> bytes:
    return varint(-1) if data is None else varint(len(data)) + data


def record(at: int, key: bytes | None, value: bytes | None, *headers: tuple[bytes, bytes | None]) -> bytes:
    """A record of format v2, `at` behind the batch's first offset and timestamp."""
    body = b"\0" + varint(at) + varint(at) + sized(key) + sized(value) + varint(len(headers))
    body += b"".join(varint(len(name)) + name + sized(content) for name, content in headers)
    return varint(len(body)) + body


def batch(data: bytes, count: int, base: int = 0, attributes: int = 0) -> bytes:
    """A batch around records that are compressed already, if they are."""
    head = struct.pack(">hiqqqhii", attributes, count - 1, 1000, 1000 + count, -1, -1, -1, count)
    return struct.pack(">qiibI", base, 9 + len(head) + len(data), 4, 2, 0) + head + data


def message(offset: int, magic: int, key: bytes | None, value: bytes, coding: int = 0) -> bytes:
    """A message of format v0 or v1."""

    def lengthened(data: bytes | None) -> bytes:
        return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data

    body = struct.pack(">Ibb", 0, magic, coding) + (struct.pack(">q", 5) if magic else b"")
    body += lengthened(key) + lengthened(value)
    return struct.pack(">qi", offset, len(body)) + body


def request(
    key: int, version: int, ident: int, body: bytes = b"", client: bytes | None = b"c", tags: bytes = b""
) -> bytes:
    """A request frame; `tags` ends the header of flexible versions."""
    name = b"\xff\xff" if client is None else struct.pack(">h", len(client)) + client
    frame = struct.pack(">hhi", key, version, ident) + name + tags + body
    return struct.pack(">i", len(frame)) + frame


def response(ident: int, body: bytes = b"", tags: bytes = b"") -> bytes:
    """A response frame."""
    return struct.pack(">ii", 4 + len(tags) + len(body), ident) + tags + body


def text(value: str) -> bytes:
    """A string of versions that are not flexible."""
    return struct.pack(">h", len(value.encode())) + value.encode()


def beat(ident: int) -> bytes:
    """A Heartbeat request, small and of a fixed form."""
    return request(12, 1, ident, text("group") + struct.pack(">i", 3) + text(f"member-{ident}"))


def beaten(ident: int, code: int = 0) -> bytes:
    """Its response."""
    return response(ident, struct.pack(">ih", 0, code))
