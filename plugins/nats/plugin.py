"""Registers NATS with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec
from pxcap.plugins.nats.recognise import recognise


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.nats.parser import NatsParser

    return NatsParser(info)


NATS = ProtocolSpec(
    name="nats",
    api=1,
    table="nats_events",
    columns=(
        Column(
            "cmd",
            ColumnType.TEXT,
            "Verb of the message that began it, upper case: PUB, MSG, SUB, PING, ...; -ERR or +OK when nothing asked for it;"
            " ? for a line the server could not read.",
        ),
        Column(
            "body",
            ColumnType.JSON,
            "Its arguments and payload; under jetstream what a JetStream subject says, under reply the message that answered.",
        ),
        Column(
            "resp",
            ColumnType.TEXT,
            "What answered: the reply's payload or status, +OK, the -ERR line, PONG, messages = N of a pull; NULL when nothing did.",
        ),
        Column("subject", ColumnType.TEXT, "Subject; NULL where the verb has none."),
        Column("reply_to", ColumnType.TEXT, "Subject an answer was asked for on; NULL when none was."),
        Column(
            "headers", ColumnType.JSON, "Message headers, a status as Status and Description; NULL when it has none."
        ),
        Column(
            "payload_size", ColumnType.INT64, "Payload on the wire, without headers; NULL where there is none.", "bytes"
        ),
    ),
    summary="NATS client protocol: publications, deliveries, requests with their replies, JetStream.",
    recognise=recognise,
    parser=_parser,
    ports=frozenset({4222}),
    aliases=("nats_events.beta",),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol, with and without headers."""
    return (NATS,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.nats.peer import COMPARISON

    return (COMPARISON,)
