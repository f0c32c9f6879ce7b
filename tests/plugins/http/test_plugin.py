"""What the plugin declares."""

from pxcap.core.protocol import ConnectionInfo
from pxcap.plugins.http.plugin import HTTP, register_protocols


def test_the_table_has_the_promised_columns() -> None:
    assert register_protocols() == (HTTP,)
    assert HTTP.schema().name == "http_events"
    assert [column.name for column in HTTP.columns] == [
        "major_version", "minor_version", "content_type", "req_headers", "req_method", "req_path", "req_body",
        "req_body_size", "resp_headers", "resp_status", "resp_message", "resp_body", "resp_body_size",
    ]  # fmt: skip


def test_a_parser_waits_for_nothing_at_first() -> None:
    parser = HTTP.parser(ConnectionInfo())
    assert not parser.lockstep
    assert HTTP.parser(ConnectionInfo(midstream=True)).lockstep
