"""Registers Kafka with pxcap."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.comparison import Comparison
from pxcap.core.functions import ScriptFunction, code_names
from pxcap.core.markers import hookimpl
from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec
from pxcap.plugins.kafka.recognise import recognise


def _parser(info: ConnectionInfo) -> Parser:
    """Its modules are loaded with the first connection that needs them."""
    from pxcap.plugins.kafka.parser import KafkaParser

    return KafkaParser(info)


KAFKA = ProtocolSpec(
    name="kafka",
    api=1,
    table="kafka_events",
    columns=(
        Column(
            "req_cmd",
            ColumnType.INT,
            "API key: 0 Produce, 1 Fetch, 3 Metadata, 18 ApiVersions, ...; NULL when the request was not seen.",
        ),
        Column("client_id", ColumnType.TEXT, "Client id of the request; NULL when it has none."),
        Column(
            "req_body",
            ColumnType.JSON,
            "The request's fields, records within the body limit; a raw SASL token as auth_bytes.",
        ),
        Column(
            "resp",
            ColumnType.JSON,
            "The response's fields, error codes with their names; NULL when there was none (also with acks=0).",
        ),
        Column("api_version", ColumnType.INT, "Version of the API; NULL when the request was not seen."),
        Column(
            "error_code",
            ColumnType.INT,
            "First error of the response, its own before those of topics and partitions; 0 none, NULL not known.",
        ),
    ),
    summary="Kafka requests and responses, every API of Apache Kafka 0.8 to 4.x.",
    recognise=recognise,
    parser=_parser,
    ports=frozenset({9092}),
    aliases=("kafka_events.beta",),
)


@hookimpl
def register_protocols() -> tuple[ProtocolSpec, ...]:
    """One protocol, all of its versions."""
    return (KAFKA,)


@hookimpl
def register_comparisons() -> tuple[Comparison, ...]:
    """With what tshark says."""
    from pxcap.plugins.kafka.peer import COMPARISON

    return (COMPARISON,)


@hookimpl
def register_functions() -> tuple[ScriptFunction, ...]:
    """Names of the APIs."""
    from pxcap.plugins.kafka.definitions import APIS

    names = {key: api.name for key, api in APIS.items()}
    return (code_names("kafka_api_key_name", "The API of a request's key, such as Produce.", names),)
