from pxcap.core.registry import load_registry
from pxcap.plugins.kafka.plugin import KAFKA, register_protocols


def test_the_table_is_as_promised() -> None:
    names = [column.name for column in KAFKA.columns]
    assert names == ["req_cmd", "client_id", "req_body", "resp", "api_version", "error_code"]
    assert (KAFKA.table, KAFKA.aliases) == ("kafka_events", ("kafka_events.beta",))
    assert register_protocols() == (KAFKA,)


def test_it_is_found() -> None:
    assert "kafka" in {spec.name for spec in load_registry().protocols}
