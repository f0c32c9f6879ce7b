"""Functions registered with DuckDB, and constants folded by it."""

import duckdb
import pytest

from pxcap.scripts import functions
from pxcap.scripts.functions.registry import udf_name
from pxcap.scripts.names import Known, Names
from pxcap.scripts.plan import Call, Column, Literal
from pxcap.scripts.types import FLOAT64, INT64, STRING, Type


def test_registered_functions_can_be_called() -> None:
    with duckdb.connect() as connection:
        functions.register(connection, Names({"h:1:2": Known(service="web")}))
        name = udf_name(functions.functions()["upid_to_service_name"], 0)
        query = f"SELECT {name}(u) FROM (VALUES ('h:1:2'), (NULL), ('10.0.0.1')) t(u)"
        assert connection.execute(query).fetchall() == [("web",), (None,), ("10.0.0.1",)]
        assert connection.execute("SELECT pxcap_url_encode_0('a b')").fetchall() == [("a%20b",)]


def test_functions_of_one_attribute_share_their_computation() -> None:
    known = functions.functions()
    assert udf_name(known["upid_to_service_name"], 0) == udf_name(known["pod_id_to_service_name"], 0)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (functions.call("add", [Literal(1, INT64), Literal(2.5, FLOAT64)]), Literal(3.5, FLOAT64)),
        (
            functions.call("add", [functions.call("itoa", [Literal(7, INT64)]), Literal("'", STRING)]),
            Literal("7'", STRING),
        ),
        (functions.call("add", [Column("x", INT64), Literal(1, INT64)]), None),
        (functions.call("divide", [Literal(1, INT64), Literal(0, INT64)]), None),
        (functions.call("multiply", [Literal(2**62, INT64), Literal(4, INT64)]), None),
        (functions.call("upid_to_service_name", [Literal("h:1:2", STRING)]), None),
        (functions.call("_exec_hostname", []), None),
        (functions.call("pluck", [Literal('{"a":1}', STRING), Literal("a", STRING)]), Literal("1", STRING)),
    ],
)
def test_fold(call: Call, expected: Literal | None) -> None:
    assert functions.fold(call) == expected


def test_folding_keeps_the_meaning() -> None:
    from pxcap.scripts.types import Data, Semantic

    duration = Type(Data.INT64, Semantic.DURATION_NS)
    assert functions.fold(functions.call("parse_duration", [Literal("1s", STRING)])) == Literal(10**9, duration)
