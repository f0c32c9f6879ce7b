"""Byte layouts, names and limits of the CQL native protocol. All integers are big-endian, but for those of v5 frames.

Source: `native_protocol_v3.spec`, `v4.spec` and `v5.spec` of Apache Cassandra 5.0; sections are those of v5. What v5 calls
an envelope is called a frame by the older versions; here it is a **message**, and a v5 frame a **segment**.
"""

from construct import (
    Bytes,
    GreedyBytes,
    If,
    Int8sb,
    Int8ub,
    Int16sb,
    Int16ub,
    Int32sb,
    Int32ub,
    Prefixed,
    PrefixedArray,
    Struct,
    this,
)

from pxcap.core.layout import layout

PORT = 9042

# Section 2.4: one byte, its top bit set in responses. 65 and 66 are those of DataStax Enterprise.
VERSIONS = frozenset({1, 2, 3, 4, 5, 6, 65, 66})
OLD = 3  # versions below have a header of 8 bytes and are not decoded further
WIDE = 5  # versions from here on have flags of 4 bytes in queries, and segments after the handshake
DSE1, DSE2 = 65, 66
METADATA_IDS = frozenset({5, 6, DSE2})  # versions in which a result metadata has an id

COMPRESSED, TRACING, PAYLOAD, WARNING, BETA = 0x01, 0x02, 0x04, 0x08, 0x10
FLAGS = COMPRESSED | TRACING | PAYLOAD | WARNING | BETA

(ERROR, STARTUP, READY, AUTHENTICATE, CREDENTIALS, OPTIONS, SUPPORTED, QUERY, RESULT) = range(9)
(PREPARE, EXECUTE, REGISTER, EVENT, BATCH, AUTH_CHALLENGE, AUTH_RESPONSE, AUTH_SUCCESS) = range(9, 17)
OPCODES = (
    "ERROR",
    "STARTUP",
    "READY",
    "AUTHENTICATE",
    "CREDENTIALS",  # v1 only
    "OPTIONS",
    "SUPPORTED",
    "QUERY",
    "RESULT",
    "PREPARE",
    "EXECUTE",
    "REGISTER",
    "EVENT",
    "BATCH",
    "AUTH_CHALLENGE",
    "AUTH_RESPONSE",
    "AUTH_SUCCESS",
)
DSE_CANCEL = 0xFF  # request of DataStax Enterprise that ends or refills continuous paging
REQUESTS = frozenset(
    {STARTUP, CREDENTIALS, OPTIONS, QUERY, PREPARE, EXECUTE, REGISTER, BATCH, AUTH_RESPONSE, DSE_CANCEL}
)
RESPONSES = frozenset({ERROR, READY, AUTHENTICATE, SUPPORTED, RESULT, EVENT, AUTH_CHALLENGE, AUTH_SUCCESS})

VOID, ROWS, SET_KEYSPACE, PREPARED, SCHEMA_CHANGE = range(1, 6)  # section 4.2.5

# Flags of query parameters, section 4.1.4
(VALUES, SKIP_METADATA, PAGE_SIZE, PAGING_STATE, SERIAL, TIMESTAMP, NAMES, KEYSPACE, NOW) = (1 << n for n in range(9))
CONTINUOUS = 0x80000000  # DataStax Enterprise

# Flags of metadata, section 4.2.5.2
GLOBAL_TABLE, MORE_PAGES, NO_METADATA, METADATA_CHANGED = 1, 2, 4, 8

CONSISTENCIES = (
    "ANY",
    "ONE",
    "TWO",
    "THREE",
    "QUORUM",
    "ALL",
    "LOCAL_QUORUM",
    "EACH_QUORUM",
    "SERIAL",
    "LOCAL_SERIAL",
    "LOCAL_ONE",
)
BATCH_TYPES = ("LOGGED", "UNLOGGED", "COUNTER")
EVENTS = ("TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE")

HEADER_SIZE, OLD_HEADER_SIZE = 9, 8
MAX_MESSAGE = 256 << 20  # section 2.8: the longest the protocol allows
MAX_SEGMENT = (1 << 17) - 1  # section 2.2
KEEP = 65536  # least bytes kept of a message, whatever the body limit: metadata lies in front
MAX_PACKED = 1 << 20  # longest compressed body kept to be decompressed
MAX_UNPACKED = 8 << 20  # most that may come out of it
MAX_COLUMNS = 65536
MAX_DEPTH = 16  # of types within types

_STRING = Prefixed(Int16ub, GreedyBytes)
_INET = Prefixed(Int8ub, GreedyBytes)

# Section 2.4 to 2.8 of v5, 2 of v3 and v4; and 2 of v1 and v2
HEADER = layout(
    Struct("version" / Int8ub, "flags" / Int8ub, "stream" / Int16sb, "opcode" / Int8ub, "size" / Int32ub), "cql header"
)
OLD_HEADER = layout(
    Struct("version" / Int8ub, "flags" / Int8ub, "stream" / Int8sb, "opcode" / Int8ub, "size" / Int32ub),
    "cql header before v3",
)

# Section 3: what the small messages are made of
STRINGS = layout(PrefixedArray(Int16ub, _STRING), "cql string list")
STRING_MAP = layout(PrefixedArray(Int16ub, Struct("key" / _STRING, "value" / _STRING)), "cql string map")
MULTIMAP = layout(
    PrefixedArray(Int16ub, Struct("key" / _STRING, "values" / PrefixedArray(Int16ub, _STRING))), "cql string multimap"
)
BYTES_MAP = layout(
    PrefixedArray(Int16ub, Struct("key" / _STRING, "size" / Int32sb, "value" / If(this.size > 0, Bytes(this.size)))),
    "cql bytes map",
)

# Section 4.2.6
SCHEMA_EVENT = layout(Struct("change" / _STRING, "target" / _STRING, "keyspace" / _STRING), "cql schema change")
NODE_EVENT = layout(Struct("change" / _STRING, "address" / _INET, "port" / Int32sb), "cql node event")

# Section 9: what follows the message of an error, by code
_LEVEL = "consistency" / Int16ub
_COUNTS = ("received" / Int32sb, "required" / Int32sb)
_REASONS = "reasons" / PrefixedArray(Int32ub, Struct("address" / _INET, "code" / Int16ub))
UNAVAILABLE = layout(Struct(_LEVEL, "required" / Int32sb, "alive" / Int32sb), "cql unavailable")
WRITE_TIMEOUT = layout(Struct(_LEVEL, *_COUNTS, "write_type" / _STRING), "cql write timeout")
READ_TIMEOUT = layout(Struct(_LEVEL, *_COUNTS, "data_present" / Int8ub), "cql read timeout")
READ_FAILURE = layout(Struct(_LEVEL, *_COUNTS, _REASONS, "data_present" / Int8ub), "cql read failure")
READ_FAILURE_V4 = layout(
    Struct(_LEVEL, *_COUNTS, "failures" / Int32sb, "data_present" / Int8ub), "cql read failure of v4"
)
WRITE_FAILURE = layout(Struct(_LEVEL, *_COUNTS, _REASONS, "write_type" / _STRING), "cql write failure")
WRITE_FAILURE_V4 = layout(
    Struct(_LEVEL, *_COUNTS, "failures" / Int32sb, "write_type" / _STRING), "cql write failure of v4"
)
CAS_UNKNOWN = layout(Struct(_LEVEL, *_COUNTS), "cql compare-and-set result unknown")
FUNCTION_FAILURE = layout(
    Struct("keyspace" / _STRING, "function" / _STRING, "arg_types" / PrefixedArray(Int16ub, _STRING)),
    "cql function failure",
)
ALREADY_EXISTS = layout(Struct("keyspace" / _STRING, "table" / _STRING), "cql already exists")
UNPREPARED = layout(Struct("id" / _STRING), "cql unprepared")
