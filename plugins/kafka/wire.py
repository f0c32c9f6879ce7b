"""Kafka on the wire: limits, and the headers of frames and record batches.

Source: the Kafka protocol guide (kafka.apache.org/protocol) and `org.apache.kafka.common.record` of Apache Kafka 4.x:
`DefaultRecordBatch` (format v2), `LegacyRecord` (v0 and v1).
"""

from struct import Struct

from construct import Int8sb, Int8ub, Int16sb, Int16ub, Int32sb, Int32ub, Int64sb
from construct import Struct as Layout

from pxcap.core.layout import layout

PRODUCE, FETCH, METADATA, SHUTDOWN, OFFSET_COMMIT, OFFSET_FETCH = 0, 1, 3, 7, 8, 9
SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 17, 18, 36
UNSUPPORTED_VERSION = 35

REQUEST_HEAD = Struct(">iHhih")  # size, API key, version, correlation id, length of the client id
RESPONSE_HEAD = Struct(">ii")  # size, correlation id
REQUEST_HEAD_SIZE = REQUEST_HEAD.size
MIN_REQUEST = 8  # size of the smallest request: ControlledShutdown v0 has no client id
MAX_REQUEST = 1 << 30  # ten times the default socket.request.max.bytes; a longer one is taken for damage
MAX_RESPONSE = (1 << 31) - 1  # fetch.max.bytes may be set to it
MAX_TOKEN = 1 << 16  # longest raw SASL token; a longer one is taken for damage

KEEP = 1 << 18  # longest frame read whole; of a longer one only the parts that are shown are held

BATCH_START = Struct(">qiiB")  # base offset, length behind it, leader epoch (v0 and v1: CRC), magic
BATCH_START_SIZE = BATCH_START.size
BATCH_OVERHEAD = 12  # base offset and length, which the length does not count

BATCH = layout(
    Layout(
        "base_offset" / Int64sb,
        "length" / Int32sb,
        "leader_epoch" / Int32sb,
        "magic" / Int8ub,
        "crc" / Int32ub,
        "attributes" / Int16ub,
        "last_offset_delta" / Int32sb,
        "base_timestamp" / Int64sb,
        "max_timestamp" / Int64sb,
        "producer_id" / Int64sb,
        "producer_epoch" / Int16sb,
        "base_sequence" / Int32sb,
        "count" / Int32sb,
    ),
    "kafka record batch v2",
)
BATCH_SIZE = 61
ONE_BATCH = Struct(">8xi4xB40xi").unpack_from  # of the same: length, magic, count

MESSAGE = layout(
    Layout("offset" / Int64sb, "length" / Int32sb, "crc" / Int32ub, "magic" / Int8ub, "attributes" / Int8sb),
    "kafka message v0 and v1",
)
MESSAGE_SIZE = 18

CODING, LOG_APPEND_TIME, TRANSACTIONAL, CONTROL = 7, 8, 16, 32  # bits of the attributes
