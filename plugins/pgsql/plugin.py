"""Registers PostgreSQL with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec
from pxcap.plugins.pgsql.recognise import recognise
from pxcap.plugins.pgsql.wire import PORT


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.pgsql.parser import PgsqlParser

    return PgsqlParser(info)


PGSQL = ProtocolSpec(
    name="pgsql",
    api=1,
    table="pgsql_events",
    columns=(
        Column(
            "req_cmd",
            ColumnType.TEXT,
            "Query, Parse, Bind, Describe, Execute, Close, FunctionCall, Startup, CancelRequest, SSLRequest, GSSENCRequest,"
            " Sync (when it failed), Notification (pushed); NULL when the request was not seen.",
        ),
        Column("req", ColumnType.TEXT, "Statement; of a Startup who and where to; of a Notification its channel."),
        Column(
            "resp",
            ColumnType.TEXT,
            "Command tags with the names of the columns, an error with its details, or what else was answered.",
        ),
        Column(
            "req_params",
            ColumnType.JSON,
            "Parameters as an array, decoded by their types as far as known; of a Startup its settings as an object.",
        ),
        Column("resp_tag", ColumnType.TEXT, "Command tag, such as INSERT 0 1; of several statements all of them."),
        Column("resp_rows", ColumnType.INT64, "Rows returned, changed or copied, of all statements together."),
        Column("resp_sqlstate", ColumnType.TEXT, "SQLSTATE of the error; NULL when there was none."),
    ),
    summary="PostgreSQL protocol 3.0 and 3.2, simple and extended",
    recognise=recognise,
    parser=_parser,
    ports=frozenset({PORT}),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol."""
    return (PGSQL,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.pgsql.peer import COMPARISON

    return (COMPARISON,)
