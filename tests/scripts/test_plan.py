from pxcap.scripts.plan import (
    Aggregate,
    Aggregation,
    Call,
    Column,
    Filter,
    Join,
    Limit,
    Literal,
    Project,
    Scan,
    Union,
    columns_of,
    names,
)
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, Field

SCAN = Scan("t", (Field("a", INT64), Field("b", STRING)))
A, B = Column("a", INT64), Column("b", STRING)


def test_columns_of_an_expression() -> None:
    inner = Call("add", (A, Literal(1, INT64)), INT64)
    assert columns_of(Call("select", (inner, B, A), INT64)) == {"a", "b"}
    assert columns_of(Literal("a", STRING)) == set()


def test_what_each_operator_gives() -> None:
    made = Project(SCAN, (("x", A), ("one", Literal(1.0, FLOAT64))))
    assert made.schema == (Field("x", INT64), Field("one", FLOAT64))
    assert Filter(made, Literal(True, BOOLEAN)).schema == Limit(made, 1).schema == made.schema
    total = Aggregate(SCAN, ("b",), (Aggregation("n", "count", "a", INT64),))
    assert total.schema == (Field("b", STRING), Field("n", INT64))
    joined = Join(SCAN, total, "inner", ("b",), ("b",), (("b", 0, "b"), ("n", 1, "n"), ("b_x", 1, "b")))
    assert joined.schema == (Field("b", STRING), Field("n", INT64), Field("b_x", STRING))
    assert names(Union((made, made)).schema) == ("x", "one")
