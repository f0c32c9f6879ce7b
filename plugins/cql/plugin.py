"""Registers CQL with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.functions import ScriptFunction, code_names
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec
from pxcap.plugins.cql.recognise import recognise
from pxcap.plugins.cql.wire import PORT

_T = ColumnType


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.cql.parser import CqlParser

    return CqlParser(info)


CQL = ProtocolSpec(
    name="cql",
    api=1,
    table="cql_events",
    columns=(
        Column(
            "req_op", _T.INT, "Opcode of the request, such as 7 QUERY, 10 EXECUTE; NULL for an event the server pushed."
        ),
        Column(
            "req_body",
            _T.TEXT,
            "Statement, a prepared one by its text, a batch as CQL writes it; else the opcode's name.",
        ),
        Column("resp_op", _T.INT, "Opcode of the response, such as 0 ERROR, 8 RESULT; NULL when there was none."),
        Column(
            "resp_body",
            _T.TEXT,
            "What was answered; for rows their number, the column names and each row as a JSON array, a line each.",
        ),
        Column("req_params", _T.JSON, "Bound values by type, consistency and other options, keys in wire order."),
        Column("resp_code", _T.INT, "Error code; NULL when the response is no error."),
        Column("resp_rows", _T.INT, "Rows of the result; NULL when it is not made of rows."),
        Column(
            "protocol_version", _T.INT, "Protocol version of the request, or of the response where that was not seen."
        ),
    ),
    summary="CQL native protocol v3, v4 and v5 of Cassandra and ScyllaDB.",
    recognise=recognise,
    parser=_parser,
    ports=frozenset({PORT, 9142, 19042}),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol, all its versions."""
    return (CQL,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.cql.peer import COMPARISON

    return (COMPARISON,)


@hookimpl
def register_functions() -> tuple[ScriptFunction, ...]:
    """Names of the opcodes, as Pixie writes them."""
    from pxcap.plugins.cql.wire import OPCODES

    names = {code: "".join(word.capitalize() for word in name.split("_")) for code, name in enumerate(OPCODES)}
    return (code_names("cql_opcode_name", "The name of an opcode, such as Query.", names),)
