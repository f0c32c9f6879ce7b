from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.engine.pushdown import conditions, largest, replaced
from pxcap.scripts.plan import Aggregate, Call, Column, Expression, Filter, Join, Literal, Operator, Project, Rows, Scan
from pxcap.scripts.types import BOOLEAN, INT64, STRING, Field, Type

SCAN = Scan("t", (Field("a", INT64), Field("b", STRING)))
A, B = Column("a", INT64), Column("b", STRING)


def call(name: str, *args: Expression, type_: Type = BOOLEAN) -> Call:
    return Call(name, args, type_)


def over(condition: Expression) -> list[str]:
    return [text for found in conditions([Filter(SCAN, condition)]).values() for text in found]


def test_simple_comparisons_go_to_the_scan() -> None:
    both = call("logicalAnd", call("equal", A, Literal(2, INT64)), call("equal", B, Literal("o'x", STRING)))
    assert sorted(over(both)) == ['"a" = 2', "\"b\" = 'o''x'"]
    assert over(call("greaterThanEqual", A, Literal(400, INT64))) == ['"a" >= 400']


def test_what_sqlite_might_see_in_another_way_does_not() -> None:
    for condition in (
        call("lessThan", B, Literal("x", STRING)),  # its order of texts
        call("notEqual", A, Literal(1, INT64)),
        call("equal", Literal(1, INT64), A),
        call("equal", A, Literal(True, BOOLEAN)),
        call("equal", B, Literal("a\0b", STRING)),
        call("logicalOr", call("equal", A, Literal(1, INT64)), call("equal", A, Literal(2, INT64))),
        call("contains", B, Literal("x", STRING)),
    ):
        assert not over(condition), condition


def test_a_condition_is_told_in_the_columns_of_the_scan() -> None:
    renamed = Project(SCAN, (("x", A), ("y", call("add", A, A, type_=INT64))))
    x, y = Column("x", INT64), Column("y", INT64)
    found = conditions(
        [Filter(Filter(renamed, call("equal", y, Literal(1, INT64))), call("lessThan", x, Literal(9, INT64)))]
    )
    assert [text for texts in found.values() for text in texts] == ['"a" < 9']


def test_a_scan_that_something_else_reads_keeps_its_rows() -> None:
    narrow = Filter(SCAN, call("equal", A, Literal(1, INT64)))
    both = Join(narrow, SCAN, "inner", ("a",), ("a",), (("a", 0, "a"),))
    assert not any(conditions([both]).values())
    above = Filter(Aggregate(SCAN, ("a",), ()), call("equal", A, Literal(1, INT64)))
    assert not any(conditions([above]).values())


def test_a_scan_that_another_output_reads_keeps_its_rows() -> None:
    few = Filter(SCAN, call("greaterThanEqual", A, Literal(1, INT64)))
    for other in (SCAN, Aggregate(SCAN, ("b",), ()), Filter(SCAN, call("equal", A, Literal(0, INT64)))):
        assert not any(conditions([other, few]).values())
    shown = Project(SCAN, (("a", A),))
    assert not any(conditions([shown, Filter(shown, call("equal", A, Literal(0, INT64)))]).values())


def test_the_largest_parts_that_can_be_said() -> None:
    left = Project(Filter(SCAN, call("equal", A, Literal(1, INT64))), (("a", A),))
    hard = Project(left, (("b", call("hard", A, type_=STRING)),))
    right = Aggregate(SCAN, ("b",), ())
    root = Join(hard, right, "inner", ("b",), ("b",), (("b", 0, "b"),))

    def can(node: Operator) -> bool:
        return node is not hard and not isinstance(node, Rows)

    tops = largest(root, can)
    assert {id(node) for node in tops} == {id(left), id(right)}
    assert largest(right, can) == [right]
    other = Rows((Field("b", STRING),), ())
    changed = replaced(root, {id(right): other})
    assert other in in_order([changed])
    assert right not in in_order([changed])
