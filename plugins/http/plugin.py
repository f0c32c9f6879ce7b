"""Registers HTTP with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.functions import ScriptFunction, code_names
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, GivenFile, Parser, ProtocolSpec
from pxcap.plugins.http.h2 import descriptors
from pxcap.plugins.http.recognise import recognise

_T = ColumnType
COLUMNS = (
    Column("major_version", _T.INT, "HTTP version of the request (when not seen: of the response), first number."),
    Column("minor_version", _T.INT, "The same, second number."),
    Column("content_type", _T.INT, "Of the response, else of the request: 1 JSON, 2 gRPC, 0 other."),
    Column(
        "req_headers",
        _T.JSON,
        "Request headers in wire order; a repeated one has an array. HTTP/2: pseudo-headers and trailers too.",
    ),
    Column("req_method", _T.TEXT, "Method."),
    Column("req_path", _T.TEXT, "Request target as sent: path and query, URL, host and port, or *."),
    Column(
        "req_body",
        _T.TEXT,
        "Request body, decoded and cut at the body limit; a binary one as type and size; gRPC: a line a message.",
    ),
    Column("req_body_size", _T.INT64, "Its size on the wire, without chunk framing.", "bytes"),
    Column(
        "resp_headers",
        _T.JSON,
        "Response headers in wire order; a repeated one has an array. HTTP/2: :status and trailers too.",
    ),
    Column("resp_status", _T.INT, "Status code of the final response."),
    Column(
        "resp_message",
        _T.TEXT,
        "Reason phrase; gRPC: status and message; HTTP/2: what ended the stream early, if something did.",
    ),
    Column(
        "resp_body",
        _T.TEXT,
        "Response body, decoded and cut at the body limit; a binary one as type and size; gRPC: a line a message.",
    ),
    Column("resp_body_size", _T.INT64, "Its size on the wire, without chunk framing.", "bytes"),
)


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.http.parser import HttpParser

    return HttpParser(info)


HTTP = ProtocolSpec(
    name="http",
    api=1,
    table="http_events",
    columns=COLUMNS,
    summary="HTTP/1.0, HTTP/1.1, HTTP/2 in the clear, and gRPC: one record for each request and its final response.",
    recognise=recognise,
    parser=_parser,
    ports=frozenset({80, 3000, 5000, 8000, 8008, 8080, 8081, 8888, 50051}),
    files=(
        GivenFile(
            descriptors.NAME,
            "Types of gRPC services, to show messages with names: protoc --include_imports --descriptor_set_out=FILE.",
            descriptors.why_unusable,
        ),
    ),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol, two major versions."""
    return (HTTP,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.http.peer import COMPARISON

    return (COMPARISON,)


@hookimpl
def register_functions() -> tuple[ScriptFunction, ...]:
    """What codes of responses mean."""
    from pxcap.plugins.http.h2.grpc import STATUS
    from pxcap.plugins.http.reasons import REASONS

    statuses = dict(enumerate(STATUS))
    return (
        code_names("http_resp_message", "What a response code means, such as Not Found.", REASONS, "Unassigned"),
        code_names(
            "grpc_status_code_to_str", "The name of a gRPC status, such as UNAVAILABLE.", statuses, "unknown code"
        ),
    )
