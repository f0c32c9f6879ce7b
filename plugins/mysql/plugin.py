"""Registers MySQL with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.functions import ScriptFunction, code_names
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec
from pxcap.plugins.mysql.recognise import recognise
from pxcap.plugins.mysql.wire import PORT

_T = ColumnType


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.mysql.parser import MysqlParser

    return MysqlParser(info)


MYSQL = ProtocolSpec(
    name="mysql",
    api=1,
    table="mysql_events",
    columns=(
        Column(
            "req_cmd",
            _T.INT,
            "Command byte, such as 3 COM_QUERY, 22 COM_STMT_PREPARE, 23 COM_STMT_EXECUTE; 11 is the login;"
            " NULL when the command was not captured.",
        ),
        Column(
            "req_body",
            _T.TEXT,
            "SQL, of a prepared statement too; else the argument: a database, a table, user and database of a login.",
        ),
        Column("resp_status", _T.INT, "0 unknown, 1 none (the command is never answered), 2 OK, 3 error."),
        Column("resp_body", _T.TEXT, "Resultset rows = N, OK with what it tells, or the error text; results by ;"),
        Column("req_params", _T.JSON, "Values bound to a prepared statement, query attributes, other options."),
        Column("resp_code", _T.INT, "Error code; NULL when there was no error."),
        Column("resp_sqlstate", _T.TEXT, "SQLSTATE of an error."),
        Column("resp_rows", _T.INT, "Rows of all result sets; NULL when there was none."),
        Column("affected_rows", _T.INT, "Rows changed, as OK tells; NULL when there was no OK."),
    ),
    summary="MySQL and MariaDB client/server protocol, text and prepared statements.",
    recognise=recognise,
    parser=_parser,
    ports=frozenset({PORT, 3307}),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol, both servers' dialects."""
    return (MYSQL,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.mysql.peer import COMPARISON

    return (COMPARISON,)


@hookimpl
def register_functions() -> tuple[ScriptFunction, ...]:
    """Names of the commands."""
    from pxcap.plugins.mysql.wire import COMMAND_NAMES

    return (code_names("mysql_command_name", "The name of a command, such as Query.", COMMAND_NAMES),)
