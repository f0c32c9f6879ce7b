"""Plans: equal parts are one, projections become one, and nothing grows without end."""

from functools import reduce

import pytest

from pxcap.core.errors import UsageError
from pxcap.scripts.language.builder import MAX_DEPTH, MAX_EXPRESSION_DEPTH, Builder
from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.plan import Aggregation, Call, Column, Expression, Literal, Operator, Project, Scan
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, Field, Semantic, Type

SCHEMA = (Field("a", INT64), Field("b", STRING))


@pytest.fixture
def builder() -> Builder:
    return Builder()


@pytest.fixture
def scan(builder: Builder) -> Operator:
    return builder.scan("t", SCHEMA, None, None)


def increased(builder: Builder, expression: Expression, by: int = 1) -> Expression:
    return builder.call("add", [expression, builder.literal(by, INT64)])


def test_equal_parts_are_one(builder: Builder) -> None:
    def plan() -> Operator:
        scan = builder.scan("t", SCHEMA, 1, None)
        one = builder.project(scan, {"x": increased(builder, builder.column("a", INT64))})
        two = builder.filter(one, builder.call("equal", [builder.column("x", INT64), builder.literal(1, INT64)]))
        three = builder.aggregate(two, ("x",), (Aggregation("n", "count", "x", INT64),))
        return builder.limit(builder.union([three, builder.rows(three.schema, ((1, 2),))]), 5)

    assert plan() is plan()
    joined = [builder.join((plan(), plan()), "inner", (("x",), ("x",)), (("x", 0, "x"),)) for _ in range(2)]
    assert joined[0] is joined[1]


def test_constants_of_other_types_are_others(builder: Builder) -> None:
    made = [
        builder.literal(*one) for one in ((1, INT64), (True, BOOLEAN), (1.0, FLOAT64), (-0.0, FLOAT64), (0.0, FLOAT64))
    ]
    assert len({id(one) for one in made}) == 5


def test_parts_made_elsewhere_are_taken_in(builder: Builder) -> None:
    def foreign() -> Expression:
        return Call("length", (Call("upper", (Column("b", STRING),), STRING),), INT64)

    assert builder.bound(foreign(), SCHEMA) is builder.bound(foreign(), SCHEMA)
    assert builder.call("add", [foreign(), Literal(1, INT64)]) is increased(builder, builder.bound(foreign(), SCHEMA))


def test_a_call_is_what_the_registry_makes_of_it(builder: Builder) -> None:
    address = builder.call("ip_to_pod_id", [builder.column("b", STRING)])
    assert builder.call("pod_id_to_service_name", [address]).function != "pod_id_to_service_name"


def test_projections_become_one(builder: Builder, scan: Operator) -> None:
    one = builder.project(scan, {"a": increased(builder, builder.column("a", INT64)), "b": builder.column("b", STRING)})
    two = builder.project(
        one, {"a": increased(builder, builder.column("a", INT64), 2), "b": builder.column("b", STRING)}
    )
    assert isinstance(two, Project)
    assert two.parent is scan
    assert dict(two.columns)["a"] is increased(builder, increased(builder, builder.column("a", INT64)), 2)


def test_nothing_is_computed_twice_for_it(builder: Builder, scan: Operator) -> None:
    one = builder.project(scan, {"a": increased(builder, builder.column("a", INT64))})
    twice = builder.call("add", [builder.column("a", INT64)] * 2)
    two = builder.project(one, {"x": twice})
    assert isinstance(two, Project)
    assert two.parent is one


def test_a_projection_that_changes_nothing_is_none(builder: Builder, scan: Operator) -> None:
    same: dict[str, Expression] = {one.name: builder.column(one.name, one.type) for one in SCHEMA}
    assert builder.project(scan, same) is scan
    assert builder.project(scan, dict(reversed(same.items()))) is not scan
    meant = builder.column("a", Type(INT64.data, Semantic.BYTES))
    assert builder.project(scan, same | {"a": meant}) is not scan


def test_what_a_column_means_is_kept_when_projections_become_one(builder: Builder, scan: Operator) -> None:
    meant = Type(INT64.data, Semantic.BYTES)
    one = builder.project(scan, {"x": increased(builder, builder.column("a", INT64))})
    two = builder.project(one, {"x": builder.typed(builder.column("x", INT64), meant)})
    assert isinstance(two, Project)
    assert isinstance(two.parent, Scan)
    assert two.schema == (Field("x", meant),)


def test_projections_stay_apart_before_they_are_too_much(builder: Builder, scan: Operator) -> None:
    plan: Operator = builder.project(scan, {"a": builder.column("a", INT64)})
    for at in range(2 * MAX_EXPRESSION_DEPTH):
        plan = builder.project(plan, {"a": increased(builder, builder.column("a", INT64), at)})
    depth = 0
    while isinstance(plan, Project):
        plan, depth = plan.parent, depth + 1
    assert depth in (2, 3)


def test_expressions_have_an_end(builder: Builder) -> None:
    wide: Expression = builder.column("a", INT64)
    with pytest.raises(ScriptError, match=r"an expression of 8191 parts, 13 deep: at most 5000 and 100 are allowed"):
        reduce(lambda one, _: builder.call("add", [one, one]), range(60), wide)
    deep: Expression = builder.column("a", INT64)
    with pytest.raises(ScriptError, match="101 deep"):
        reduce(lambda one, at: increased(builder, one, at), range(MAX_EXPRESSION_DEPTH + 1), deep)


def test_plans_have_an_end(builder: Builder, scan: Operator) -> None:
    with pytest.raises(ScriptError, match="a plan of 131071 parts"):
        reduce(lambda one, _: builder.union([one, one]), range(60), scan)
    with pytest.raises(ScriptError, match=f"{MAX_DEPTH + 1} deep"):
        reduce(builder.limit, range(MAX_DEPTH + 1), scan)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, float("nan"), float("inf"), "x" * 65537, "\0", "\ud800"])
def test_constants_no_column_holds(builder: Builder, value: float | str) -> None:
    with pytest.raises(ScriptError):
        builder.literal(value, STRING)


def test_bound_finds_types_again(builder: Builder) -> None:
    found = builder.bound(increased(builder, builder.column("a", INT64)), (Field("a", FLOAT64),))
    assert found.type == FLOAT64
    with pytest.raises(UsageError, match="add"):
        builder.bound(increased(builder, builder.column("a", INT64)), (Field("a", STRING),))
    with pytest.raises(ScriptError, match="unknown column 'a'"):
        builder.bound(builder.column("a", INT64), (Field("b", STRING),))
