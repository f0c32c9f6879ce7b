"""Numbers, layouts and limits of the MySQL protocol. All integers are little-endian.

Sources: "Client/Server Protocol" of the MySQL 8.4 source documentation (dev.mysql.com/doc/dev/mysql-server), page names
in quotes below; "Clients & Utilities: Client/Server Protocol" of the MariaDB knowledge base for the MARIADB_ names.
"""

from construct import Bytes, GreedyBytes, If, Int8ub, Int16ul, Int24ul, Int32ul, NullTerminated, Struct, this

from pxcap.core.layout import layout

PORT = 3306
HEADER = 4  # "MySQL Packets": length of 3 bytes, sequence id
COMPRESSED_HEADER = 7  # "Compressed Packet": length of 3 bytes, sequence id, length before compression
MAX_PAYLOAD = 0xFFFFFF  # a packet of this size is continued by the next one

# "Command Phase", and "COM_" pages. CONNECT is what the server logs a handshake as; it is never sent.
(SLEEP, QUIT, INIT_DB, QUERY, FIELD_LIST, CREATE_DB, DROP_DB, REFRESH, SHUTDOWN, STATISTICS) = range(10)
(PROCESS_INFO, CONNECT, PROCESS_KILL, DEBUG, PING, TIME, DELAYED_INSERT, CHANGE_USER) = range(10, 18)
(BINLOG_DUMP, TABLE_DUMP, CONNECT_OUT, REGISTER_SLAVE, STMT_PREPARE, STMT_EXECUTE) = range(18, 24)
(STMT_SEND_LONG_DATA, STMT_CLOSE, STMT_RESET, SET_OPTION, STMT_FETCH, DAEMON) = range(24, 30)
(BINLOG_DUMP_GTID, RESET_CONNECTION, CLONE, SUBSCRIBE_GROUP_REPLICATION) = range(30, 34)
STMT_BULK_EXECUTE = 0xFA  # MariaDB
LAST_COMMAND = SUBSCRIBE_GROUP_REPLICATION
COMMAND_NAMES = dict(
    enumerate(
        [
            "Sleep",
            "Quit",
            "InitDB",
            "Query",
            "FieldList",
            "CreateDB",
            "DropDB",
            "Refresh",
            "Shutdown",
            "Statistics",
            "ProcessInfo",
            "Connect",
            "ProcessKill",
            "Debug",
            "Ping",
            "Time",
            "DelayedInsert",
            "ChangeUser",
            "BinlogDump",
            "TableDump",
            "ConnectOut",
            "RegisterSlave",
            "StmtPrepare",
            "StmtExecute",
            "StmtSendLongData",
            "StmtClose",
            "StmtReset",
            "SetOption",
            "StmtFetch",
            "Daemon",
            "BinlogDumpGTID",
            "ResetConnection",
            "Clone",
            "SubscribeGroupReplication",
        ]
    )
) | {STMT_BULK_EXECUTE: "StmtBulkExecute"}

SILENT = frozenset({QUIT, STMT_SEND_LONG_DATA, STMT_CLOSE})  # commands that are never answered
STREAMS = frozenset({BINLOG_DUMP, BINLOG_DUMP_GTID, TABLE_DUMP, CLONE, SUBSCRIBE_GROUP_REPLICATION})  # replication
BARE = frozenset({SLEEP, QUIT, STATISTICS, PROCESS_INFO, DEBUG, PING, TIME, DAEMON, RESET_CONNECTION})  # no argument

# "Capabilities Flags"
CONNECT_WITH_DB, COMPRESS, LOCAL_FILES, PROTOCOL_41, SSL = 0x8, 0x20, 0x80, 0x200, 0x800
SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_ATTRS, PLUGIN_AUTH_LENENC = 0x8000, 0x80000, 0x100000, 0x200000
SESSION_TRACK, DEPRECATE_EOF, OPTIONAL_METADATA, ZSTD, QUERY_ATTRIBUTES = (1 << n for n in range(23, 28))
LONG_PASSWORD = 0x1  # MySQL sets it; a MariaDB peer leaves it out and then has extended capabilities
# MariaDB, "Connection phase": the upper 32 bits, in what MySQL fills with zeros
MARIADB_PROGRESS, MARIADB_BULK, MARIADB_EXTENDED_TYPES, MARIADB_CACHE_METADATA = 1, 4, 8, 16

# "SERVER_STATUS_flags_enum"
MORE_RESULTS, CURSOR_EXISTS, PS_OUT_PARAMS, STATE_CHANGED = 0x8, 0x40, 0x1000, 0x4000

OK, MORE_DATA, NULL, INFILE, EOF, ERR = 0x00, 0x01, 0xFB, 0xFB, 0xFE, 0xFF  # first bytes of answers

# "Text Resultset: Column Definition", field types
(DECIMAL, TINY, SHORT, LONG, FLOAT, DOUBLE, NULL_TYPE, TIMESTAMP, LONGLONG, INT24) = range(10)
(DATE, TIME_TYPE, DATETIME, YEAR, NEWDATE, VARCHAR, BIT, TIMESTAMP2, DATETIME2, TIME2) = range(10, 20)
VECTOR, JSON, NEWDECIMAL, ENUM, SET = 0xF2, 0xF5, 0xF6, 0xF7, 0xF8
TINY_BLOB, MEDIUM_BLOB, LONG_BLOB, BLOB, VAR_STRING, STRING, GEOMETRY = range(0xF9, 0x100)
UNSIGNED = 0x80  # in the second byte of a parameter's type
UNSIGNED_COLUMN = 0x20  # "Column Definition Flags"

MAX_SMALL = 65536  # longest packet that is waited for whole, where its content matters
KEEP = 65536  # least bytes kept of a request, whatever the body limit
MAX_AHEAD = 1 << 20  # bytes of requests that wait for the answers of those before them
MAX_STATEMENTS = 1024  # prepared statements remembered
MAX_TEXT = 1 << 20  # bytes of their texts and types
MAX_PARAMS = 65535  # "COM_STMT_PREPARE": a count of two bytes
MAX_COMPRESSED = 1 << 20  # longest compressed body kept to be decompressed

# "Protocol::HandshakeV10"
GREETING = layout(
    Struct(
        "version" / Int8ub,
        "server" / NullTerminated(GreedyBytes),
        "thread" / Int32ul,
        "challenge" / Bytes(8),
        "filler" / Int8ub,
        "low" / Int16ul,
        "charset" / Int8ub,
        "status" / Int16ul,
        "high" / Int16ul,
        "auth_size" / Int8ub,
        "reserved" / Bytes(6),
        "mariadb" / Int32ul,
        "rest" / GreedyBytes,
    ),
    "mysql greeting",
)

# "Protocol::HandshakeResponse41", its fixed part; what follows depends on the flags. An SSLRequest is this alone.
LOGIN = layout(
    Struct("flags" / Int32ul, "max_packet" / Int32ul, "charset" / Int8ub, "filler" / Bytes(19), "mariadb" / Int32ul),
    "mysql login",
)
LOGIN_SIZE = 32

# "COM_STMT_PREPARE Response"; `metadata` only with CLIENT_OPTIONAL_RESULTSET_METADATA
PREPARED = layout(
    Struct(
        "status" / Int8ub,
        "statement" / Int32ul,
        "columns" / Int16ul,
        "params" / Int16ul,
        "filler" / Int8ub,
    ),
    "mysql prepared",
)

# "ERR_Packet"; before PROTOCOL_41 was agreed on there is no SQLSTATE
ERROR = layout(Struct("header" / Int8ub, "code" / Int16ul, "rest" / GreedyBytes), "mysql error")
EXECUTE = layout(Struct("statement" / Int32ul, "flags" / Int8ub, "iterations" / Int32ul), "mysql execute")
FETCH = layout(Struct("statement" / Int32ul, "rows" / Int32ul), "mysql fetch")
LONG_DATA = layout(Struct("statement" / Int32ul, "param" / Int16ul, "data" / GreedyBytes), "mysql long data")
BULK = layout(Struct("statement" / Int32ul, "flags" / Int16ul), "mariadb bulk execute")
BINLOG = layout(
    Struct("position" / Int32ul, "flags" / Int16ul, "server_id" / Int32ul, "file" / GreedyBytes), "mysql binlog dump"
)
GTID_DUMP = layout(
    Struct("flags" / Int16ul, "server_id" / Int32ul, "name_size" / Int32ul, "file" / Bytes(this.name_size)),
    "mysql binlog dump gtid",
)
COMPRESSED = layout(Struct("size" / Int24ul, "sequence" / Int8ub, "plain" / Int24ul), "mysql compressed header")
DATE_VALUE = layout(
    Struct(
        "size" / Int8ub,
        "year" / Int16ul,
        "month" / Int8ub,
        "day" / Int8ub,
        "clock" / If(this.size >= 7, Struct("hour" / Int8ub, "minute" / Int8ub, "second" / Int8ub)),
        "micro" / If(this.size >= 11, Int32ul),
    ),
    "mysql date",
)
TIME_VALUE = layout(
    Struct(
        "size" / Int8ub,
        "negative" / Int8ub,
        "days" / Int32ul,
        "hour" / Int8ub,
        "minute" / Int8ub,
        "second" / Int8ub,
        "micro" / If(this.size >= 12, Int32ul),
    ),
    "mysql time",
)


def lenenc(buf: bytes, pos: int) -> tuple[int, int]:
    """A length-encoded integer ("Protocol::LengthEncodedInteger") at `pos` and the position behind it; -1 for NULL.

    Raises:
        IndexError: The bytes end before, or the first one is 0xff.
    """
    first = buf[pos]
    if first < NULL:
        return first, pos + 1
    if first == NULL:
        return -1, pos + 1
    size = (2, 3, 8)[first - 0xFC]
    end = pos + 1 + size
    if end > len(buf):
        raise IndexError(pos)
    return int.from_bytes(buf[pos + 1 : end], "little"), end


def lenenc_bytes(buf: bytes, pos: int) -> tuple[bytes, int]:
    """A length-encoded string and the position behind it; b"" for NULL.

    Raises:
        IndexError: The bytes end before.
    """
    size, pos = lenenc(buf, pos)
    if size > len(buf) - pos:
        raise IndexError(pos)
    return buf[pos : pos + max(size, 0)], pos + max(size, 0)


def is_tls(data: bytes, pos: int) -> bool:
    """Whether a record of TLS begins there (RFC 8446, section 5.1), and not a login of more than 64 KiB."""
    return data[pos] == 0x16 and data[pos + 1] == 3 and data[pos + 2] > 0
