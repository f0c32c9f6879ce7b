"""What CQL declares."""

from pxcap.core.testing.golden import as_record
from pxcap.plugins.cql.plugin import CQL, register_protocols


def test_columns_are_those_promised() -> None:
    names = [column.name for column in CQL.columns]
    assert names == [
        "req_op",
        "req_body",
        "resp_op",
        "resp_body",
        "req_params",
        "resp_code",
        "resp_rows",
        "protocol_version",
    ]
    assert (CQL.name, CQL.table, register_protocols()) == ("cql", "cql_events", (CQL,))
    schema = CQL.schema()
    assert as_record(schema, tuple(range(len(schema.columns))))["table"] == "cql_events"
