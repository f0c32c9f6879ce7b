"""What SQLite is asked for; that the results stay the same is shown in test_execute.py."""

from collections.abc import Callable

from pxcap.scripts import functions
from pxcap.scripts.engine.chains import MOST, Reading, readings
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.names import Names
from pxcap.scripts.plan import (
    Aggregate,
    Column,
    Expression,
    Filter,
    Join,
    Limit,
    Literal,
    Operator,
    Project,
    Scan,
    names,
)
from pxcap.scripts.types import BOOLEAN, INT64, STRING, Field

SCAN = Scan("t", (Field("a", INT64), Field("b", STRING), Field("ok", BOOLEAN)))
A, B, OK = Column("a", INT64), Column("b", STRING), Column("ok", BOOLEAN)


def call(name: str, *args: Expression) -> Expression:
    return functions.call(name, args)


def text(value: str) -> Literal:
    return Literal(value, STRING)


def number(value: int) -> Literal:
    return Literal(value, INT64)


def read(*plans: Operator) -> list[Reading]:
    return readings(plans, Names())


def over(condition: Expression) -> tuple[str, list[Operator]]:
    """The statement for a filter, and the operators that are left."""
    plan = Filter(SCAN, condition)
    (one,) = read(plan)
    return one.text, in_order([one.tops[id(plan)](Scan("x", one.schema))])


def test_conditions_on_texts_are_left_to_sqlite() -> None:
    both = call("logicalAnd", call("notEqual", B, text("o'x")), call("logicalOr", call("equal", B, text("p")), OK))
    found, left = over(both)
    assert found.endswith("""WHERE "b" <> 'o''x'""")
    assert len([node for node in left if isinstance(node, Filter)]) == 1
    found, left = over(call("logicalOr", call("equal", B, text("p")), call("equal", B, text("q"))))
    assert found.endswith("""WHERE ("b" = 'p' OR "b" = 'q')""")
    assert not [node for node in left if isinstance(node, Filter)]


def test_conditions_on_numbers_are_decided_by_both() -> None:
    found, left = over(call("greaterThanEqual", A, number(400)))
    assert found.endswith('WHERE "a" >= 400')
    assert [node for node in left if isinstance(node, Filter)]


def test_what_sqlite_might_see_in_another_way_is_not_asked() -> None:
    for condition in (
        call("lessThan", B, text("x")),  # its order of texts
        call("notEqual", A, number(1)),
        call("equal", number(1), A),
        call("equal", OK, Literal(True, BOOLEAN)),
        call("equal", B, text("a\0b")),
        call("logicalOr", call("equal", A, number(1)), call("equal", A, number(2))),
        call("logicalNot", call("equal", B, text("x"))),
        call("contains", B, text("x")),
    ):
        found, left = over(condition)
        assert "WHERE" not in found, condition
        assert [node for node in left if isinstance(node, Filter)]


def test_of_what_is_long_only_the_length_is_read() -> None:
    kept = call("notEqual", B, text(""))
    plan = Project(Filter(SCAN, kept), (("n", call("add", call("length", B), A)),))
    (one,) = read(plan)
    assert one.text == """SELECT "a", length(CAST("b" AS BLOB)) FROM "t" WHERE "b" <> ''"""
    assert [field.type.data for field in one.schema] == ["INT64", "INT64"]
    assert names(one.tops[id(plan)](Scan("x", one.schema)).schema) == ("n",)


def test_lengths_of_what_is_computed_here_are_not_asked_of_sqlite() -> None:
    slow = Project(SCAN, (("s", call("redact_pii_best_effort", B)),))
    (one,) = read(Project(slow, (("n", call("length", Column("s", STRING))),)))
    assert one.text == """SELECT "b" FROM "t\""""


def test_the_process_is_computed_by_sqlite() -> None:
    schema = (Field("upid", STRING), Field("local_addr", STRING), Field("local_port", INT64))
    parts = tuple(Column(one.name, one.type) for one in schema)
    plan = Project(Scan("t", schema), (("upid", functions.call("_process", parts)),))
    (one,) = read(plan)
    assert len(one.schema) == 1
    assert one.text.startswith('SELECT (CASE WHEN "upid" <> ')


def test_a_condition_is_told_in_the_columns_of_the_scan() -> None:
    renamed = Project(SCAN, (("x", A), ("y", call("add", A, A)), ("z", B)))
    x, y, z = Column("x", INT64), Column("y", INT64), Column("z", STRING)
    plan = Filter(Filter(renamed, call("equal", y, number(1))), call("lessThan", x, number(9)))
    (one,) = read(Filter(plan, call("equal", z, text("b"))))
    assert one.text == """SELECT "a", "b" FROM "t" WHERE "a" < 9 AND "b" = 'b'"""


def test_a_scan_is_read_once_for_all_that_want_the_same_rows() -> None:
    def some(value: str, column: Column) -> Operator:
        return Project(Filter(SCAN, call("equal", B, text(value))), (("v", column),))

    one, two, three = some("x", A), some("x", OK), some("y", A)
    found = read(one, two, three)
    assert [reading.text for reading in found] == [
        """SELECT "a", "ok" FROM "t" WHERE "b" = 'x'""",
        """SELECT "a" FROM "t" WHERE "b" = 'y'""",
    ]
    assert [reading.tops.keys() for reading in found] == [{id(one), id(two)}, {id(three)}]


def test_a_scan_is_read_once_for_all_that_leave_out_little() -> None:
    def all_but(value: str, *more: str) -> Operator:
        plan: Operator = SCAN
        for one in (value, *more):
            plan = Filter(plan, call("notEqual", B, text(one)))
        return Project(plan, (("v", A),))

    one, two = all_but("x"), all_but("y", "x")
    (found,) = read(one, two)
    assert found.text == """SELECT "a", "b" FROM "t" WHERE "b" <> 'x'"""
    left = [in_order([found.tops[id(plan)](Scan("x", found.schema))]) for plan in (one, two)]
    assert [sum(isinstance(node, Filter) for node in nodes) for nodes in left] == [0, 1]
    assert read(Limit(SCAN, 2), one)[0].text == 'SELECT "a", "b", "ok" FROM "t"'


def test_chains_part_where_several_read_and_end_at_what_is_computed_once() -> None:
    base = Project(SCAN, (("b", B), ("n", call("length", B)), ("a", A)))
    n = Column("n", INT64)
    one, two = Project(base, (("v", n),)), Project(Filter(base, call("notEqual", B, text("x"))), (("v", A),))
    (found,) = read(one, two)
    assert found.tops.keys() == {id(one), id(two)}
    (found,) = read(one, Limit(base, 1))
    assert found.tops.keys() == {id(one), id(base)}
    (found,) = readings([one, two], Names(), {id(base)})
    assert found.tops.keys() == {id(base)}
    (found,) = read(one, base)
    assert found.tops.keys() == {id(one), id(base)}


def test_what_several_read_keeps_its_rows() -> None:
    narrow = Filter(SCAN, call("equal", B, text("x")))
    both = Join(narrow, SCAN, "inner", ("a",), ("a",), (("a", 0, "a"),))
    assert sorted("WHERE" in one.text for one in read(both)) == [False, True]
    above = Filter(Aggregate(SCAN, ("a",), ()), call("equal", A, number(1)))
    assert not any("WHERE" in one.text for one in read(above))
    base = Project(SCAN, (("b", B), ("a", A)))
    assert [one.text for one in read(Filter(base, call("notEqual", B, text("x"))), Limit(base, 1))] == [
        'SELECT "a", "b" FROM "t"'
    ]


def test_what_python_computes_is_computed_once() -> None:
    slow = Project(SCAN, (("s", call("redact_pii_best_effort", B)), ("b", B)))
    s = Column("s", STRING)
    plan = Project(
        Filter(Filter(slow, call("notEqual", s, text(""))), call("notEqual", B, text("y"))), (("x", s), ("y", s))
    )
    (one,) = read(plan)
    assert one.text.endswith("""WHERE "b" <> 'y'""")
    steps = in_order([one.tops[id(plan)](Scan("x", one.schema))])
    assert str(steps).count("python 0") > 1
    kept = [name for node in steps if isinstance(node, Project) for name, _ in node.columns if name == "python 0"]
    assert kept == ["python 0"]
    again = Project(plan, (("z", call("redact_pii_best_effort", Column("x", STRING))),))
    assert read(again)[0].tops.keys() == {id(plan)}


def test_expressions_do_not_grow_without_bound() -> None:
    plan: Operator = Project(SCAN, (("a", A),))
    for _ in range(60):
        plan = Project(plan, (("a", call("add", A, A)),))
    (one,) = read(plan)
    assert id(plan) not in one.tops
    made: Callable[[Operator], Operator] = next(iter(one.tops.values()))
    assert len(str(made(Scan("x", one.schema))).split("Column")) < 2 * MOST
