"""Messages of real protocols as construct declarations, each with bytes that fit: what the layout compiler is held to.

They are here, not in `plugins`, because they are yardsticks: some are declared in more detail than a parser needs.
"""

import struct
from typing import Any

from construct import (
    Array,
    BitsInteger,
    BitStruct,
    Bytes,
    Computed,
    Const,
    CString,
    Enum,
    Flag,
    FlagsEnum,
    Float64b,
    GreedyBytes,
    GreedyRange,
    If,
    IfThenElse,
    Int8ub,
    Int8ul,
    Int16sb,
    Int16ub,
    Int16ul,
    Int24ul,
    Int32sb,
    Int32ub,
    Int32ul,
    Int64sb,
    Int64ul,
    Optional,
    Padding,
    PascalString,
    Prefixed,
    PrefixedArray,
    RepeatUntil,
    Select,
    Struct,
    Switch,
    Terminated,
    VarInt,
    ZigZag,
    obj_,
    this,
)

# RFC 1035, sections 4.1.1 to 4.1.3; names without compression
DNS_FLAGS = BitStruct(
    "qr" / Flag,
    "opcode" / BitsInteger(4),
    "aa" / Flag,
    "tc" / Flag,
    "rd" / Flag,
    "ra" / Flag,
    "z" / BitsInteger(3),
    "rcode" / BitsInteger(4),
)
DNS_COUNTS = ("queries" / Int16ub, "answers" / Int16ub, "authority" / Int16ub, "additional" / Int16ub)
DNS_QUESTION = Struct(
    "labels" / RepeatUntil(obj_ == b"", Prefixed(Int8ub, GreedyBytes)), "qtype" / Int16ub, "qclass" / Int16ub
)
DNS_RECORD = Struct("rtype" / Int16ub, "rclass" / Int16ub, "ttl" / Int32ub, "rdata" / Prefixed(Int16ub, GreedyBytes))

# MySQL client/server protocol: packet, and Protocol::HandshakeV10
MYSQL_PACKET = Struct("size" / Int24ul, "sequence" / Int8ul, "payload" / Bytes(this.size))
MYSQL_HANDSHAKE = Struct(
    "version" / Const(10, Int8ul),
    "server" / CString("utf8"),
    "thread" / Int32ul,
    "salt" / Bytes(8),
    Padding(1),
    "capabilities_low" / Int16ul,
    "charset" / Int8ul,
    "status" / Int16ul,
    "capabilities_high" / Int16ul,
    "salt_size" / Int8ul,
    Padding(10),
    "salt_rest" / If(this.capabilities_high & 0x08, Bytes(12)),
    "plugin" / Optional(CString("utf8")),
)
MYSQL_LENGTH = Struct(
    "first" / Int8ul,
    "value" / Switch(this.first, {0xFC: Int16ul, 0xFD: Int24ul, 0xFE: Int64ul}, default=Computed(this.first)),
)

# PostgreSQL frontend/backend protocol 3.0: message formats
PGSQL_MESSAGE = Struct("kind" / Bytes(1), "size" / Int32ub, "body" / Bytes(this.size - 4))
PGSQL_DATA_ROW = Struct(
    "columns" / PrefixedArray(Int16ub, Struct("size" / Int32sb, "value" / If(this.size >= 0, Bytes(this.size)))),
)
PGSQL_TYPED = Struct(
    "kind" / Int8ub,
    "size" / Int32ub,
    "body"
    / Switch(
        this.kind,
        {
            ord("Q"): Struct("query" / CString("utf8")),
            ord("C"): Struct("tag" / CString("utf8")),
            ord("Z"): Struct("status" / Int8ub),
            ord("D"): PGSQL_DATA_ROW,
            ord("E"): Struct("fields" / GreedyRange(Struct("code" / Int8ub, "value" / CString("utf8")))),
            ord("T"): PrefixedArray(
                Int16ub,
                Struct(
                    "name" / CString("utf8"),
                    "table" / Int32ub,
                    "column" / Int16ub,
                    "type" / Int32ub,
                    "length" / Int16sb,
                    "modifier" / Int32sb,
                    "format" / Int16ub,
                ),
            ),
        },
        default=Bytes(this.size - 4),
    ),
)

# Kafka protocol guide: request header v1 and v2, Produce v7, a record of record batch v2
KAFKA_STRING = Struct("size" / Int16sb, "text" / If(this.size >= 0, Bytes(this.size)))
KAFKA_HEADER = Struct(
    "size" / Int32ub, "api" / Int16sb, "version" / Int16sb, "correlation" / Int32sb, "client" / KAFKA_STRING
)
KAFKA_PRODUCE = Struct(
    "transaction" / KAFKA_STRING,
    "acks" / Int16sb,
    "timeout" / Int32sb,
    "topics"
    / PrefixedArray(
        Int32ub,
        Struct(
            "name" / PascalString(Int16ub, "utf8"),
            "partitions"
            / PrefixedArray(Int32ub, Struct("index" / Int32sb, "records" / Prefixed(Int32ub, GreedyBytes))),
        ),
    ),
)
KAFKA_RECORD = Struct(
    "length" / ZigZag,
    "attributes" / Int8ub,
    "timestamp" / ZigZag,
    "offset" / ZigZag,
    "key_size" / ZigZag,
    "key" / If(this.key_size >= 0, Bytes(this.key_size)),
    "value_size" / ZigZag,
    "value" / If(this.value_size >= 0, Bytes(this.value_size)),
    "headers"
    / PrefixedArray(ZigZag, Struct("key" / Prefixed(ZigZag, GreedyBytes), "value" / Prefixed(ZigZag, GreedyBytes))),
)

# CQL binary protocol v4, sections 2 and 4.1.4
CQL_HEADER = (
    "version" / Int8ub,
    "flags" / FlagsEnum(Int8ub, compression=1, tracing=2, custom_payload=4, warning=8),
    "stream" / Int16sb,
    "opcode" / Enum(Int8ub, ERROR=0, STARTUP=1, QUERY=7, RESULT=8, PREPARE=9, EXECUTE=10),
    "length" / Int32ub,
)
CQL_QUERY = Struct(*CQL_HEADER, "query" / Prefixed(Int32ub, GreedyBytes), "consistency" / Int16ub, "options" / Int8ub)

# RFC 9113, section 4.1 and 6.5; HTTP/2 SETTINGS
HTTP2_SETTINGS = Struct(
    "length" / BitStruct("size" / BitsInteger(24)),
    "kind" / Const(4, Int8ub),
    "flags" / Int8ub,
    "stream" / Const(0, Int32ub),
    "settings" / Array(this.length.size // 6, Struct("id" / Int16ub, "value" / Int32ub)),
)

# The shapes that remain
READINGS = Struct("count" / Int16ub, "values" / Array(this.count, Float64b), "times" / Array(this.count, Int64sb))
TAGGED = Struct(
    "magic" / Const(b"PB"),
    "wide" / Flag,
    "value" / IfThenElse(this.wide, Int32ub, Int16ub),
    "rest"
    / Select(
        Struct("kind" / Const(b"\x01"), "a" / Int32ub, Terminated), Struct("kind" / Const(b"\x02"), "b" / Int16ub)
    ),
)
NUMBERS = Struct("id" / VarInt, "ports" / GreedyRange(Int16ub))


def _text(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def _sized(data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + data


def _row(*values: bytes) -> bytes:
    return struct.pack(">H", len(values)) + b"".join(map(_sized, values))


_HANDSHAKE = b"\x0a8.0.36\x00" + struct.pack(
    "<L8sxHBHHB10x12s", 42, b"saltsalt", 0xFFFF, 255, 2, 0xDFFF, 21, b"morepepper!\x00"
)
_ROW = _row(b"1", b"Ada Lovelace", b"1815-12-10")
_RECORD = bytes.fromhex("30 00 04 02 06 6b6579 12 76616c756576616c75 02 02 68 04 7631")

DECLARATIONS: dict[str, tuple[Any, bytes]] = {
    "dns header and question": (
        Struct("ident" / Int16ub, "flags" / DNS_FLAGS, *DNS_COUNTS, "question" / DNS_QUESTION),
        bytes.fromhex("1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001"),
    ),
    "dns record": (DNS_RECORD, bytes.fromhex("0001 0001 0000003c 0004 c0000201")),
    "mysql packet": (MYSQL_PACKET, b"\x09\x00\x00\x00\x03SELECT 1"),
    "mysql handshake": (MYSQL_HANDSHAKE, _HANDSHAKE + b"caching_sha2_password\x00"),
    "mysql length": (MYSQL_LENGTH, b"\xfc\x00\x04"),
    "pgsql message": (PGSQL_MESSAGE, b"Q" + struct.pack(">L", 13) + b"SELECT 1\x00"),
    "pgsql data row": (PGSQL_DATA_ROW, _ROW),
    "pgsql typed message": (PGSQL_TYPED, b"D" + struct.pack(">L", 4 + len(_ROW)) + _ROW),
    "kafka request header": (KAFKA_HEADER, struct.pack(">Lhhl", 40, 3, 9, 7) + _text(b"producer-1")),
    "kafka produce": (
        KAFKA_PRODUCE,
        b"\xff\xff"
        + struct.pack(">hlL", -1, 30000, 1)
        + _text(b"orders")
        + struct.pack(">Ll", 1, 0)
        + _sized(b"x" * 80),
    ),
    "kafka record": (KAFKA_RECORD, _RECORD),
    "cql query": (
        CQL_QUERY,
        struct.pack(">BBhBL", 4, 0, 3, 7, 30) + _sized(b"SELECT * FROM system.local") + b"\x00\x01\x00",
    ),
    "http2 settings": (HTTP2_SETTINGS, bytes.fromhex("00000c 04 00 00000000 0003 00000064 0004 0000ffff")),
    "readings": (READINGS, struct.pack(">H8d8q", 8, *range(8), *range(8))),
    "tagged": (TAGGED, b"PB\x01\x00\x00\x00\x07\x01\x00\x00\x00\x09"),
    "numbers": (NUMBERS, b"\x96\x01" + bytes(range(40))),
}
