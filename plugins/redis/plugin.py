"""Registers Redis with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec
from pxcap.plugins.redis.recognise import recognise


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.redis.parser import RedisParser

    return RedisParser(info)


REDIS = ProtocolSpec(
    name="redis",
    api=1,
    table="redis_events",
    columns=(
        Column(
            "req_cmd",
            ColumnType.TEXT,
            "Command, upper case, without its subcommand; for a pushed message its kind; ? when it could not be read.",
        ),
        Column(
            "req_args",
            ColumnType.JSON,
            "The words behind the command as an array of strings; NULL for a pushed message.",
        ),
        Column(
            "resp",
            ColumnType.TEXT,
            "Reply: a string, number, boolean or null as text, anything nested as JSON; NULL when there was none.",
        ),
        Column("resp_error", ColumnType.BOOL, "Whether the reply is an error; NULL when there was none."),
    ),
    summary="Redis commands and replies, RESP2 and RESP3.",
    recognise=recognise,
    parser=_parser,
    ports=frozenset({6379}),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol, both of its versions."""
    return (REDIS,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.redis.peer import COMPARISON

    return (COMPARISON,)
