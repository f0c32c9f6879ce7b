"""Tables about tables, functions and machines."""

import json

import pytest
from tests.scripts.language.conftest import Compile, Tables

from pxcap.scripts.functions import aggregates, functions
from pxcap.scripts.language.introspection import SCHEMAS, rows_of
from pxcap.scripts.plan import Rows


@pytest.mark.parametrize("name", SCHEMAS)
def test_rows_fit_their_schema(compiled: Compile, catalog: Tables, name: str) -> None:
    (output,) = compiled(f"px.display(px.{name}())").outputs
    assert output.plan == Rows(SCHEMAS[name], rows_of(name, catalog))
    assert output.plan.rows
    assert {len(row) for row in output.plan.rows} == {len(SCHEMAS[name])}


def test_tables_and_columns(catalog: Tables) -> None:
    assert ("http_events", "HTTP.") in rows_of("GetTables", catalog)
    assert ("http_events", "req_path", "TEXT", "Path.") in rows_of("GetSchemas", catalog)


def test_functions_are_those_of_the_registry(catalog: Tables) -> None:
    rows = rows_of("GetUDFList", catalog)
    assert {row[0] for row in rows} == {name for name in functions() if not name.startswith("_")}
    assert ("length", "INT64", '{"args": ["STRING"]}', functions()["length"].doc) in rows
    assert {row[0] for row in rows_of("GetUDAList", catalog)} == set(aggregates())


def test_table_functions_tell_of_themselves(catalog: Tables) -> None:
    found = {name: json.loads(relation) for name, _, _, relation in rows_of("GetUDTFList", catalog)}
    assert found["GetTables"]["relation"] == [
        {"name": "table_name", "type": "STRING"},
        {"name": "table_desc", "type": "STRING"},
    ]


def test_agents(catalog: Tables) -> None:
    assert rows_of("GetAgentStatus", catalog) == (("one", 1, "one", "192.0.2.1", "AGENT_STATE_HEALTHY", 5, 7, False),)


def test_what_is_not_offered_says_so(compiled: Compile) -> None:
    text = (
        "px.display(px.GetAgentStatus(False), 'agents')\n"
        "df = px.GetTracepointStatus()\ndf = df[df.state == 'running']\npx.display(df, 'points')"
    )
    found = compiled(text)
    assert [one.name for one in found.outputs] == ["agents"]
    assert [(one.name, str(one.error)) for one in found.refused] == [
        ("points", "test:3:6: px.GetTracepointStatus: pxcap has no tracepoints yet")
    ]
