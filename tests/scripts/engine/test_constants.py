from pxcap.scripts import functions
from pxcap.scripts.engine.constants import simplified
from pxcap.scripts.plan import (
    Aggregate,
    Aggregation,
    Column,
    Expression,
    Filter,
    Join,
    Limit,
    Literal,
    Operator,
    Project,
    Rows,
    Scan,
    Union,
)
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, Field

SCAN = Scan("t", (Field("a", INT64), Field("b", STRING), Field("ok", BOOLEAN)))
A, B, OK = Column("a", INT64), Column("b", STRING), Column("ok", BOOLEAN)
C = Column("c", STRING)
EMPTY = Literal("", STRING)
BASE = Project(SCAN, (("a", A), ("b", B), ("ok", OK), ("c", EMPTY)))
WITHOUT = functions.call("equal", (C, EMPTY))


def call(name: str, *args: Expression) -> Expression:
    return functions.call(name, args)


def made(over: Operator, expression: Expression) -> Expression:
    (plan,) = simplified([Project(over, (("x", expression),))])
    assert isinstance(plan, Project)
    return plan.columns[0][1]


def test_constants_stand_where_they_are_used() -> None:
    assert made(BASE, C) == EMPTY
    assert made(BASE, call("add", C, Literal("x", STRING))) == Literal("x", STRING)
    assert made(BASE, call("length", call("add", B, C))) == call("length", call("add", B, EMPTY))
    assert made(SCAN, B) == B
    service = call("upid_to_service_name", C)  # the run decides it
    assert made(BASE, service) == call("upid_to_service_name", EMPTY)


def test_what_a_constant_decides_is_left_out() -> None:
    assert made(BASE, call("select", WITHOUT, B, C)) == B
    assert made(BASE, call("select", call("notEqual", C, EMPTY), B, C)) == EMPTY
    mixed = call("select", WITHOUT, A, Literal(1.5, FLOAT64))
    assert mixed.type.data is FLOAT64.data
    assert made(BASE, mixed) == call("select", Literal(True, BOOLEAN), A, Literal(1.5, FLOAT64))
    assert made(BASE, call("logicalAnd", OK, WITHOUT)) == OK
    assert made(BASE, call("logicalOr", WITHOUT, OK)) == Literal(True, BOOLEAN)
    assert made(BASE, call("logicalAnd", call("notEqual", C, EMPTY), OK)) == Literal(False, BOOLEAN)


def test_a_filter_that_keeps_all_is_left_out() -> None:
    assert simplified([Filter(BASE, WITHOUT)]) == [BASE]


def test_what_has_no_rows_is_left_out() -> None:
    none = Filter(BASE, call("notEqual", C, EMPTY))
    nothing = Rows(BASE.schema, ())
    assert simplified([none, Limit(Project(none, (("a", A),)), 3)]) == [nothing, Rows(BASE.schema[:1], ())]
    counted = (Aggregation("n", "count", "a", INT64),)
    assert simplified([Aggregate(none, ("a",), counted)]) == [Rows((Field("a", INT64), Field("n", INT64)), ())]
    assert simplified([Aggregate(none, (), counted)]) == [Aggregate(nothing, (), counted)]
    assert simplified([Union((none, BASE)), Union((none, none))]) == [Union((BASE,)), nothing]


def test_joins_with_nothing() -> None:
    none = Filter(SCAN, Literal(False, BOOLEAN))
    columns = (("a", 0, "a"), ("b", 1, "b"), ("there", 1, "ok"))

    def join(how: str, left: Operator, right: Operator) -> Operator:
        return simplified([Join(left, right, how, ("a",), ("a",), columns)])[0]

    for how in ("inner", "left", "right", "outer"):
        assert isinstance(join(how, none, none), Rows)
        assert isinstance(join(how, none, SCAN), Rows) == (how in ("inner", "left"))
        assert isinstance(join(how, SCAN, none), Rows) == (how in ("inner", "right"))
    assert isinstance(join("outer", SCAN, none), Join)
    alone = join("left", SCAN, none)
    assert isinstance(alone, Project)
    assert alone.parent == SCAN
    assert alone.columns[0] == ("a", A)
    assert alone.columns[1] == ("b", call("_unseen", EMPTY))
    there = call("select", Column("there", BOOLEAN), Column("b", STRING), Literal("nobody", STRING))
    assert made(Join(SCAN, none, "left", ("a",), ("a",), columns), there) == Literal("nobody", STRING)


def test_what_is_known_of_a_table_is_a_constant() -> None:
    plan = Filter(SCAN, call("equal", A, Literal(1, INT64)))
    assert simplified([plan], lambda scan: {"a": Literal(1, INT64)}) == [SCAN]
    assert simplified([plan], lambda scan: {"a": Literal(2, INT64)}) == [Rows(SCAN.schema, ())]


def test_operators_that_pass_constants_on() -> None:
    assert made(Limit(Filter(BASE, call("equal", A, Literal(1, INT64))), 3), C) == EMPTY
    assert made(Aggregate(BASE, ("c",), (Aggregation("n", "count", "a", INT64),)), C) == EMPTY
    assert made(Union((BASE, BASE)), C) == C
    columns = (("c", 0, "c"), ("d", 1, "c"))
    for how, kept in (("inner", "cd"), ("left", "c"), ("right", "d"), ("outer", "")):
        join = Join(BASE, BASE, how, ("a",), ("a",), columns)
        for name in "cd":
            column = Column(name, STRING)
            assert made(join, column) == (EMPTY if name in kept else column)


def test_a_group_of_nothing_is_not_decided() -> None:
    (plan,) = simplified([Aggregate(BASE, (), (Aggregation("least", "min", "a", INT64),))])
    assert plan == Aggregate(BASE, (), (Aggregation("least", "min", "a", INT64),))
