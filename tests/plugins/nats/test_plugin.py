from pxcap.core.registry import load_registry
from pxcap.plugins.nats.plugin import NATS, register_protocols


def test_registered_with_the_promised_columns() -> None:
    assert register_protocols() == (NATS,)
    assert NATS in load_registry().protocols
    assert [column.name for column in NATS.columns] == [
        "cmd",
        "body",
        "resp",
        "subject",
        "reply_to",
        "headers",
        "payload_size",
    ]
    assert (NATS.table, NATS.aliases, NATS.ports) == ("nats_events", ("nats_events.beta",), {4222})
