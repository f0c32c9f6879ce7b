from pxcap.scripts.engine.graph import in_order, merged, prune, readers
from pxcap.scripts.plan import (
    Aggregate,
    Aggregation,
    Call,
    Column,
    Filter,
    Join,
    Limit,
    Literal,
    Operator,
    Project,
    Scan,
    Union,
    names,
)
from pxcap.scripts.types import BOOLEAN, INT64, STRING, TIME, Field

SCAN = Scan("t", (Field("time_", TIME), Field("a", INT64), Field("b", STRING), Field("c", INT64)))
A, B, C = Column("a", INT64), Column("b", STRING), Column("c", INT64)
POSITIVE = Call("greaterThan", (C, Literal(0, INT64)), BOOLEAN)


def scanned(root: Operator) -> set[str]:
    return {name for node in in_order([root]) if isinstance(node, Scan) for name in names(node.schema)}


def test_parents_come_first_and_each_operator_once() -> None:
    one, two = Filter(SCAN, POSITIVE), Project(SCAN, (("a", A),))
    both = Join(one, two, "inner", ("a",), ("a",), (("a", 0, "a"),))
    order = in_order([both, one])
    assert order == [SCAN, one, two, both]


def test_turning_back_early() -> None:
    one = Filter(SCAN, POSITIVE)
    assert in_order([Limit(one, 3)], {id(one)}) == [one, Limit(one, 3)]


def test_equal_operators_become_one() -> None:
    def made(least: int) -> Operator:
        scan = Scan("t", (Field("a", INT64), Field("c", INT64)))
        return Filter(Project(scan, (("c", C),)), Call("greaterThan", (C, Literal(least, INT64)), BOOLEAN))

    one, two, three = merged([made(0), made(1), made(0)])
    assert one is three
    assert one == made(0)
    assert two == made(1)
    assert isinstance(one, Filter)
    assert isinstance(two, Filter)
    assert one.parent is two.parent
    (both,) = merged([Union((made(0), made(0)))])
    assert isinstance(both, Union)
    assert both.parents[0] is both.parents[1]


def test_readers_are_counted() -> None:
    one = Filter(SCAN, POSITIVE)
    both = Join(one, SCAN, "inner", ("a",), ("a",), (("a", 0, "a"),))
    count = readers([both, one])
    assert (count[id(SCAN)], count[id(one)], count[id(both)]) == (2, 2, 1)


def test_a_deep_plan_needs_no_deep_calls() -> None:
    plan: Operator = SCAN
    for _ in range(10_000):
        plan = Filter(Project(plan, (("c", C),)), POSITIVE)
    assert len(in_order([plan])) == 20_001
    assert len(in_order(prune(merged([plan])))) == 20_001


def test_only_what_is_asked_for_is_read() -> None:
    assert scanned(prune([Project(SCAN, (("x", A),))])[0]) == {"a"}
    assert scanned(prune([Project(Filter(SCAN, POSITIVE), (("x", B),))])[0]) == {"b", "c"}
    counted = Aggregate(SCAN, ("b",), (Aggregation("n", "count", "a", INT64), Aggregation("m", "max", "c", INT64)))
    assert scanned(prune([Project(counted, (("n", Column("n", INT64)),))])[0]) == {"b"}  # rows are counted
    assert scanned(prune([Project(counted, (("m", Column("m", INT64)),))])[0]) == {"b", "c"}
    assert scanned(prune([Project(Limit(SCAN, 3), (("x", A),))])[0]) == {"a", "time_"}
    unused = Project(Project(SCAN, (("a", A), ("d", POSITIVE))), (("a", A),))
    assert scanned(prune([unused])[0]) == {"a"}
    nothing = Project(SCAN, (("one", Literal(1, INT64)),))
    assert len(scanned(prune([nothing])[0])) == 1


def test_keys_of_a_join_are_read() -> None:
    joined = Join(SCAN, Project(SCAN, (("k", C), ("v", B))), "left", ("c",), ("k",), (("a", 0, "a"), ("v", 1, "v")))
    assert scanned(prune([Project(joined, (("a", A),))])[0]) == {"a", "c"}


def test_parents_of_a_union_have_their_columns_in_one_order() -> None:
    turned = Project(SCAN, (("b", B), ("a", A)))
    union = Union((Project(SCAN, (("a", A), ("b", B))), turned))
    (pruned,) = prune([union])
    assert isinstance(pruned, Union)
    assert [names(parent.schema) for parent in pruned.parents] == [("a", "b"), ("a", "b")]


def test_what_two_outputs_share_stays_shared() -> None:
    base = Filter(SCAN, POSITIVE)
    one, two = prune([Project(base, (("x", A),)), Project(base, (("y", B),))])
    assert isinstance(one, Project)
    assert isinstance(two, Project)
    assert one.parent is two.parent
    assert scanned(one) == {"a", "b", "c"}


def test_a_join_of_which_only_one_side_is_asked_is_left_out() -> None:
    groups = Filter(
        Project(Aggregate(SCAN, ("a",), ()), (("k", A),)), Call("greaterThan", (Column("k", INT64), C), BOOLEAN)
    )
    columns = (("b", 0, "b"), ("k", 1, "k"))

    def joined(how: str, right: Operator, name: str) -> Operator:
        join = Join(SCAN, right, how, ("c",), ("k",), columns)
        return prune([Project(join, (("x", Column(name, STRING)),))])[0]

    def has_join(plan: Operator) -> bool:
        return any(isinstance(node, Join) for node in in_order([plan]))

    assert not has_join(joined("left", groups, "b"))
    assert has_join(joined("left", groups, "k"))
    assert has_join(joined("inner", groups, "b"))  # it leaves rows out
    assert has_join(joined("left", Project(SCAN, (("k", A),)), "b"))  # it may give rows twice
