from pxcap.scripts import functions
from pxcap.scripts.engine.graph import in_order
from pxcap.scripts.engine.pushdown import in_python, largest, replaced, sayable, shared, shrunk
from pxcap.scripts.plan import (
    Aggregate,
    Call,
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
)
from pxcap.scripts.types import BOOLEAN, INT64, STRING, Field, Type

SCAN = Scan("t", (Field("a", INT64), Field("b", STRING)))
A, B = Column("a", INT64), Column("b", STRING)
ONE = Literal(1, INT64)
PYTHON = functions.call("redact_pii_best_effort", (B,))


def call(name: str, *args: Expression, type_: Type = BOOLEAN) -> Call:
    return Call(name, args, type_)


def test_the_largest_parts_that_can_be_said() -> None:
    left = Project(Filter(SCAN, call("equal", A, ONE)), (("a", A),))
    hard = Project(left, (("b", call("hard", A, type_=STRING)),))
    right = Aggregate(SCAN, ("b",), ())
    root = Join(hard, right, "inner", ("b",), ("b",), (("b", 0, "b"),))

    def can(node: Operator) -> bool:
        return node is not hard and not isinstance(node, Rows)

    said = sayable([root], can)
    assert {id(node) for node in largest([root], said)} == {id(left), id(right)}
    assert largest([right], said) == [right]
    assert {id(node) for node in largest([root, Filter(right, call("equal", A, ONE))], said)} == {id(left), id(right)}
    other = Rows((Field("b", STRING),), ())
    changed = replaced(root, {id(right): other})
    assert other in in_order([changed])
    assert right not in in_order([changed])


def test_what_is_asked_for_apart_has_nothing_said_over_it() -> None:
    groups = Aggregate(SCAN, ("a",), ())
    one, two = Filter(groups, call("equal", A, ONE)), Limit(Filter(groups, call("lessThan", A, ONE)), 3)
    said = sayable([one, two], lambda _: True)
    assert largest([one, two], said) == [one, two]
    assert largest([one, two], said, {id(groups)}) == [groups]


def test_what_several_operators_read_is_shared_where_it_takes_effort() -> None:
    cheap = Filter(SCAN, call("equal", A, ONE))
    groups = Aggregate(cheap, ("a",), ())
    one, two = Filter(groups, call("equal", A, ONE)), Limit(groups, 3)
    assert shared([one, two, Limit(cheap, 2)]) == [groups]
    assert shared([one]) == []
    assert shared([cheap, Limit(cheap, 2)]) == []
    assert shared([groups, groups]) == [groups]
    slow = Project(SCAN, (("a", A), ("b", PYTHON)))
    over = Filter(slow, call("equal", A, ONE))
    assert shared([over, Limit(over, 2), slow]) == [slow]
    assert shared([over, Limit(over, 2)]) == [over]


def test_groups_and_first_rows_are_fewer() -> None:
    groups = Aggregate(SCAN, ("a",), ())
    few = Project(groups, (("a", A),))
    both = Join(few, SCAN, "inner", ("a",), ("a",), (("a", 0, "a"),))
    small = shrunk([both, Limit(SCAN, 5)])
    assert {id(groups), id(few)} < small
    assert not {id(both), id(SCAN)} & small
    assert len(small) == 3


def test_what_python_computes() -> None:
    assert in_python(PYTHON)
    assert in_python(functions.call("equal", (PYTHON, Literal("x", STRING))))
    assert not in_python(functions.call("length", (B,)))
    assert not in_python(A)
