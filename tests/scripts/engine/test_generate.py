import pytest

from pxcap.scripts import functions
from pxcap.scripts.engine.generate import Generator, NotInSql, literal, quoted
from pxcap.scripts.engine.sources import postgres_scan
from pxcap.scripts.names import Known, Names
from pxcap.scripts.plan import Aggregate, Call, Column, Filter, Limit, Literal, Project, Rows, Scan
from pxcap.scripts.types import BOOLEAN, INT64, STRING, TIME, Data, Field

SCAN = Scan("t", (Field("time_", TIME), Field("a", INT64)))


def test_names_and_constants() -> None:
    assert quoted('a"b') == '"a""b"'
    assert literal("it's", Data.STRING) == "CAST('it''s' AS TEXT)"
    assert literal("a\0b", Data.STRING) == "CAST('ab' AS TEXT)"
    assert literal(True, Data.BOOLEAN) == "CAST(TRUE AS BOOLEAN)"
    assert literal(-5, Data.INT64) == "CAST(-5 AS BIGINT)"
    assert literal(float("inf"), Data.FLOAT64) == "CAST('inf' AS DOUBLE PRECISION)"


def test_each_operator_is_a_step_and_shared_ones_stand_once() -> None:
    positive = functions.call("greaterThan", (Column("a", INT64), Literal(0, INT64)))
    text = Generator("postgres", postgres_scan, Names()).statement(Limit(Filter(SCAN, positive), 3), True)
    assert text.startswith('WITH s0 AS NOT MATERIALIZED (SELECT CAST("time_" AS BIGINT) AS "time_"')
    assert text.count("FROM s0") == 1
    assert text.endswith('SELECT * FROM s2 ORDER BY "time_" ASC NULLS FIRST, "a" ASC NULLS FIRST')
    assert "LIMIT 3" in text


def test_texts_are_ordered_by_their_bytes() -> None:
    rows = Rows((Field("s", STRING),), (("x",), (None,)))
    assert 'ORDER BY "s" COLLATE "C"' in Generator("postgres", postgres_scan, Names()).statement(rows, True)
    assert "COLLATE" not in Generator("duckdb", postgres_scan, Names()).statement(rows, True)


def test_conditions_are_such_that_an_index_may_serve() -> None:
    least, most = (
        functions.call("lessThan", (one, Column("a", INT64))) for one in (Literal(1, INT64), Literal(5, INT64))
    )
    either = functions.call(
        "logicalOr", (least, functions.call("logicalAnd", (most, functions.call("logicalNot", (most,)))))
    )
    text = Generator("duckdb", postgres_scan, Names()).step(Filter(SCAN, either))
    bare = 'CAST({} AS BIGINT) < r."a"'
    not_known = f"(NOT COALESCE(COALESCE({bare.format(5)}, FALSE), FALSE))"
    assert text.endswith(f" WHERE ({bare.format(1)} OR ({bare.format(5)} AND {not_known}))")


def test_what_postgresql_cannot_say_is_told() -> None:
    redacted = functions.call("redact_pii_best_effort", (Literal("x", STRING),))
    plan = Project(SCAN, (("x", redacted),))
    with pytest.raises(NotInSql):
        Generator("postgres", postgres_scan, Names()).step(plan)
    assert "redact" in Generator("duckdb", postgres_scan, Names()).step(plan)


def test_a_function_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(Exception, match="nothing_like_it"):
        Generator("duckdb", postgres_scan, Names()).step(Filter(SCAN, Call("nothing_like_it", (), BOOLEAN)))


def test_postgresql_joins_each_table_of_names_once() -> None:
    names = Names({"h:1:1": Known(service="shop"), "shop": Known(node="h")})
    service = functions.call("upid_to_service_name", (Column("upid", STRING),))
    node = functions.call("service_name_to_node_name", (service,))
    plan = Project(Scan("t", (Field("upid", STRING),)), (("a", service), ("b", service), ("c", node)))
    text = Generator("postgres", postgres_scan, names).step(plan)
    assert text.count("LEFT JOIN") == 2
    assert """jsonb_each_text('{"h:1:1": "shop"}'::jsonb) n0 ON n0.key = r."upid" LEFT JOIN""" in text
    assert 'n1 ON n1.key = COALESCE(n0.value, r."upid")' in text
    assert "JOIN" not in Generator("duckdb", postgres_scan, names).step(plan)
    nobody = functions.call("upid_to_service_name", (Literal("", STRING),))
    assert "JOIN" not in Generator("postgres", postgres_scan, names).step(Project(SCAN, (("a", nobody),)))


def test_postgresql_makes_rows_of_a_table_again_but_not_groups() -> None:
    kept = Filter(SCAN, functions.call("greaterThan", (Column("a", INT64), Literal(0, INT64))))
    groups = Aggregate(kept, ("a",), ())
    text = Generator("postgres", postgres_scan, Names()).statement(Limit(groups, 3))
    assert text.count("NOT MATERIALIZED") == 2
    assert "s2 AS (SELECT" in text
    assert "MATERIALIZED" not in Generator("duckdb", postgres_scan, Names()).statement(groups)


def test_numbers_as_truths_are_compared() -> None:
    a = Column("a", INT64)
    both = Filter(SCAN, functions.call("logicalAnd", (a, a)))
    assert Generator("postgres", postgres_scan, Names()).step(both).endswith('WHERE ((r."a" <> 0) AND (r."a" <> 0))')
