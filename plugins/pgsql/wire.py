"""Byte layouts, names and limits of the PostgreSQL protocol 3.0 and 3.2. All integers are big-endian.

Source: PostgreSQL 18 documentation, chapter 54, "Frontend/Backend Protocol"; sections are of that chapter. A message is a
type byte, a length that counts itself but not the type, and a body; the layouts here begin at the body.
"""

from construct import (
    Array,
    Bytes,
    GreedyBytes,
    GreedyRange,
    If,
    Int8ub,
    Int16sb,
    Int16ub,
    Int32sb,
    Int32ub,
    NullTerminated,
    PrefixedArray,
    Struct,
    this,
)

from pxcap.core.layout import layout

PORT = 5432

# Section 54.7: first messages of a connection have no type, but a code where a version could stand.
SSL_REQUEST, GSSENC_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
MAJOR = 3
MAX_STARTUP = 10_000  # longest startup packet a server takes (MAX_STARTUP_PACKET_LENGTH)

HEADER_SIZE = 5
MAX_MESSAGE = 0x3FFFFFFF  # longest message a server sends or takes (PQ_LARGE_MESSAGE_LIMIT)
KEEP = 65536  # least bytes of a message that are kept, whatever the body limit: what matters lies in front

# Messages of the client, by type
BIND, CLOSE, COPY_DATA, COPY_DONE, COPY_FAIL = b"BCdcf"
DESCRIBE, EXECUTE, FLUSH, FUNCTION_CALL, PARSE = b"DEHFP"
PASSWORD, QUERY, SYNC, TERMINATE = b"pQSX"
# Messages of the server that are not of the client's, too
AUTHENTICATION, BACKEND_KEY, BIND_COMPLETE, CLOSE_COMPLETE, COMMAND_COMPLETE = b"RK23C"
COPY_IN, COPY_OUT, COPY_BOTH, DATA_ROW, EMPTY_QUERY, ERROR = b"GHWDIE"
FUNCTION_RESULT, NEGOTIATE, NO_DATA, NOTICE, NOTIFICATION = b"VvnNA"
PARAMETER_DESCRIPTION, PARAMETER_STATUS, PARSE_COMPLETE, PORTAL_SUSPENDED = b"tS1s"
READY, ROW_DESCRIPTION = b"ZT"

REQUESTS = frozenset(b"BCdcfDEHFPpQSX")
RESPONSES = frozenset(b"RK23CdcGHWDIEVvnNAtS1sZT")

AUTH_METHODS = {
    0: "trust",
    2: "Kerberos V5",
    3: "password",
    5: "md5",
    6: "SCM",
    7: "GSSAPI",
    9: "SSPI",
    10: "SASL",
}
AUTH_SASL = 10

_CSTRING = NullTerminated(GreedyBytes)
_FORMATS = PrefixedArray(Int16ub, Int16ub)  # 0 text, 1 binary
_VALUE = Struct("size" / Int32sb, "data" / If(this.size > 0, Bytes(this.size)))  # size -1: NULL

FIRST = layout(Struct("size" / Int32ub, "code" / Int32ub), "pgsql first message")
PARAMETERS = layout(GreedyRange(Struct("name" / _CSTRING, "value" / _CSTRING)), "pgsql startup parameters")
CANCEL_BODY = layout(Struct("pid" / Int32sb), "pgsql cancel request")  # then the secret key

PARSE_BODY = layout(
    Struct("name" / _CSTRING, "sql" / _CSTRING, "types" / PrefixedArray(Int16ub, Int32ub)), "pgsql Parse"
)
BIND_BODY = layout(
    Struct(
        "portal" / _CSTRING,
        "statement" / _CSTRING,
        "formats" / _FORMATS,
        "values" / PrefixedArray(Int16ub, _VALUE),
        "results" / _FORMATS,
    ),
    "pgsql Bind",
)
NAMED_BODY = layout(Struct("kind" / Int8ub, "name" / _CSTRING), "pgsql Describe and Close")
EXECUTE_BODY = layout(Struct("portal" / _CSTRING, "limit" / Int32sb), "pgsql Execute")
CALL_BODY = layout(
    Struct("function" / Int32ub, "formats" / _FORMATS, "values" / PrefixedArray(Int16ub, _VALUE), "result" / Int16ub),
    "pgsql FunctionCall",
)

AUTH_BODY = layout(Struct("code" / Int32ub), "pgsql Authentication")
FIELDS = layout(GreedyRange(Struct("code" / Int8ub, "text" / _CSTRING)), "pgsql ErrorResponse and NoticeResponse")
NOTIFICATION_BODY = layout(Struct("pid" / Int32ub, "channel" / _CSTRING, "payload" / _CSTRING), "pgsql Notification")
STATUS_BODY = layout(Struct("name" / _CSTRING, "value" / _CSTRING), "pgsql ParameterStatus")
TYPES_BODY = layout(PrefixedArray(Int16ub, Int32ub), "pgsql ParameterDescription")
ROW_BODY = layout(
    PrefixedArray(
        Int16ub,
        Struct(
            "name" / _CSTRING,
            "table" / Int32ub,
            "column" / Int16sb,
            "type" / Int32ub,
            "size" / Int16sb,
            "modifier" / Int32sb,
            "format" / Int16ub,
        ),
    ),
    "pgsql RowDescription",
)
COPY_BODY = layout(Struct("format" / Int8ub, "columns" / PrefixedArray(Int16ub, Int16ub)), "pgsql CopyResponse")
NEGOTIATE_BODY = layout(
    Struct("minor" / Int32ub, "count" / Int32ub, "options" / If(this.count < 1000, Array(this.count, _CSTRING))),
    "pgsql NegotiateProtocolVersion",
)
