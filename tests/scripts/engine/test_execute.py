"""Plans give the same on SQLite, PostgreSQL and when computed by hand."""

import math
from statistics import fmean

import pytest
from tests.scripts.conftest import CALLS, ROWS, START

from pxcap.cli.drawing.outputs import rows_of
from pxcap.core.columns import Table
from pxcap.core.errors import UsageError
from pxcap.scripts import functions
from pxcap.scripts.engine import execute
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.engine.execute import Limits, run_plans
from pxcap.scripts.names import Names
from pxcap.scripts.plan import (
    Aggregate,
    Aggregation,
    Call,
    Column,
    Expression,
    Filter,
    Join,
    Limit,
    Literal,
    Operator,
    Output,
    Project,
    Rows,
    Scan,
    Union,
)
from pxcap.scripts.types import FLOAT64, INT64, STRING, Field, Type
from pxcap.store import Store

AT = {column.name: n for n, column in enumerate(CALLS.columns)}


def scan(store: Store, start: int | None = None, stop: int | None = None) -> Scan:
    schema = StoreCatalog(store).schema("calls")
    assert schema is not None
    return Scan("calls", schema, start, stop)


def column(node: Operator, name: str) -> Column:
    return Column(name, next(field.type for field in node.schema if field.name == name))


def where(node: Operator, function: str, name: str, value: int | str) -> Filter:
    constant = Literal(value, STRING if isinstance(value, str) else INT64)
    return Filter(node, functions.call(function, (column(node, name), constant)))


def pick(node: Operator, **columns: Expression) -> Project:
    return Project(node, tuple(columns.items()))


def total(node: Operator, keys: tuple[str, ...], **wanted: tuple[str, str]) -> Aggregate:
    types = {field.name: field.type for field in node.schema}
    parts = [
        Aggregation(name, function, of, functions.resolve_aggregate(function, types[of]))
        for name, (of, function) in wanted.items()
    ]
    return Aggregate(node, keys, tuple(parts))


def run(store: Store, plan: Operator, limits: Limits | None = None) -> list[tuple[object, ...]]:
    catalog = StoreCatalog(store)
    ((_, table),) = run_plans(store, [Output("out", plan)], Names(), catalog.is_stored, limits)
    assert table.column_names == [field.name for field in plan.schema]
    return list(rows_of(table))


def test_a_table_as_it_is(store: Store) -> None:
    assert run(store, scan(store)) == ROWS


def test_a_range_of_time(store: Store) -> None:
    found = run(store, pick(scan(store, START + 5 * 10**9, START + 8 * 10**9), method=Column("method", STRING)))
    assert sorted(found) == sorted((row[AT["method"]],) for row in ROWS[5:8])


def test_conditions_on_every_type(store: Store) -> None:
    base = scan(store)
    for function, name, value in (
        ("equal", "method", "café"),
        ("equal", "status", 404),
        ("greaterThanEqual", "status", 404),
        ("lessThan", "latency", 5000),
        ("equal", "method", "it's"),
    ):
        found = run(store, where(where(base, function, name, value), "equal", "trace_role", 2))
        compare = {"equal": "__eq__", "greaterThanEqual": "__ge__", "lessThan": "__lt__"}[function]
        wanted = [
            row
            for row in ROWS
            if row[AT[name]] is not None
            and getattr(row[AT[name]], compare)(value) is True
            and row[AT["trace_role"]] == 2
        ]
        assert found == wanted, (function, name)


def test_groups(store: Store) -> None:
    base = scan(store)
    plan = total(
        base,
        ("method", "ok"),
        n=("latency", "count"),
        most=("latency", "max"),
        mean=("latency", "mean"),
        status=("status", "sum"),
    )
    groups: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    for row in ROWS:
        groups.setdefault((row[AT["method"]], row[AT["ok"]]), []).append(row)
    found = {row[:2]: row[2:] for row in run(store, plan)}
    assert set(found) == set(groups)
    for key, rows in groups.items():
        seen = [row[AT["latency"]] for row in rows if row[AT["latency"]] is not None]
        n, most, mean, status = found[key]
        assert (n, most, status) == (len(rows), max(seen), sum(row[AT["status"]] for row in rows))
        assert math.isclose(float(str(mean)), fmean(seen))


def test_one_group_of_nothing(store: Store) -> None:
    none = where(scan(store), "equal", "method", "nothing")
    assert run(store, total(none, (), n=("latency", "count"))) == [(0,)]
    assert run(store, total(none, ("method",), n=("latency", "count"))) == []


def test_joins(store: Store) -> None:
    base = scan(store)
    per = total(base, ("method",), n=("latency", "count"))
    rows = Rows((Field("method", STRING), Field("rank", INT64)), (("get", 1), ("none", 2)))
    for how, wanted in (
        ("inner", {("get", 34, 1)}),
        ("left", {("get", 34, 1), ("put", 33, None), ("café", 33, None)}),
        ("right", {("get", 34, 1), (None, None, 2)}),
        ("outer", {("get", 34, 1), ("put", 33, None), ("café", 33, None), (None, None, 2)}),
    ):
        columns = (("method", 0, "method"), ("n", 0, "n"), ("rank", 1, "rank"))
        assert set(run(store, Join(per, rows, how, ("method",), ("method",), columns))) == wanted


def test_unions_and_limits(store: Store) -> None:
    base = scan(store)
    one = pick(base, time_=column(base, "time_"), status=column(base, "status"))
    two = pick(base, status=column(base, "status"), time_=column(base, "time_"))
    newest = [(row[0], row[AT["status"]]) for row in ROWS[-3:]]
    assert run(store, Limit(one, 3)) == newest
    both = Union((Limit(one, 2), Limit(two, 1)))
    assert run(store, both) == sorted([*newest[-2:], newest[-1]])
    assert run(store, Limit(one, 0)) == []


def test_quantiles_are_exact(store: Store) -> None:
    plan = total(scan(store), (), q=("latency", "quantiles"))
    p50 = functions.call("pluck_float64", (Column("q", plan.schema[0].type), Literal("p50", STRING)))
    ((found,),) = run(store, pick(plan, p50=p50))
    seen = sorted(int(row[AT["latency"]]) for row in ROWS if row[AT["latency"]] is not None)
    middle = (seen[44] + seen[45]) / 2
    assert abs(float(str(found)) - middle) <= 1


def test_a_table_that_is_not_there_is_empty(store: Store) -> None:
    plan = total(Scan("kafka_events", (Field("req_cmd", INT64),)), (), n=("req_cmd", "count"))
    assert run(store, plan) == [(0,)]


def test_aliases_are_read(store: Store) -> None:
    schema = StoreCatalog(store).schema("calls.beta")
    assert schema is not None
    assert run(store, Scan("calls.beta", schema)) == ROWS


def test_several_outputs_of_one_table(store: Store) -> None:
    base = scan(store)
    outputs = [Output("a", total(base, ("status",), n=("ok", "count"))), Output("b", Limit(base, 1))]
    found = {output.name: list(rows_of(table)) for output, table in run_plans(store, outputs, Names())}
    assert sum(int(str(n)) for _, n in found["a"]) == 100
    assert found["b"] == ROWS[-1:]


def test_what_outputs_share_is_computed_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def outputs() -> list[Output]:
        def base() -> Operator:
            node = scan(store)
            kept = where(where(node, "notEqual", "method", "put"), "lessThan", "status", 500)
            length = functions.call("length", (column(node, "body"),))
            redacted = functions.call("redact_pii_best_effort", (column(node, "method"),))
            return pick(kept, who=redacted, size=length, latency=column(node, "latency"))

        groups = total(base(), ("who",), n=("size", "sum"), most=("latency", "max"))
        again = total(base(), ("who",), n=("size", "sum"), most=("latency", "max"))
        counts = total(scan(store), ("status",), n=("latency", "count"))
        return [
            Output("all", groups),
            Output("some", where(again, "equal", "who", "get")),
            Output("rows", Limit(base(), 3)),
            Output("counts", counts),
            Output("failed", where(counts, "greaterThanEqual", "status", 400)),
        ]

    def shown() -> dict[str, list[tuple[object, ...]]]:
        return {output.name: list(rows_of(table)) for output, table in run_plans(store, outputs(), Names())}

    found = shown()
    kept = [row for row in ROWS if row[AT["method"]] != "put" and row[AT["status"]] < 500]
    assert len(found["rows"]) == 3
    assert found["some"] == [row for row in found["all"] if row[0] == "get"]
    for who, size, most in found["all"]:
        mine = [row for row in kept if row[AT["method"]] == who]
        assert size == sum(len(row[AT["body"]].encode()) for row in mine)
        assert most == max(row[AT["latency"]] for row in mine if row[AT["latency"]] is not None)
    assert sum(n for _, n in found["counts"]) == 100
    assert found["failed"] == [row for row in found["counts"] if row[0] >= 400]
    monkeypatch.setattr(execute, "SHARED", 2)  # more is not fetched for others, but made for each
    assert shown() == found


@pytest.mark.parametrize("roles", [(2, 2), (1, 2), (2, None)])
def test_the_role_that_all_records_have_is_known(store: Store, roles: tuple[int | None, int | None]) -> None:
    same = Table("others", CALLS.columns, "The same, with other roles.")
    store.prepare([same])
    at = AT["trace_role"]
    with store.writer() as writer:
        writer.write("others", [(*row[:at], roles[n % 2], *row[at + 1 :]) for n, row in enumerate(ROWS)])
    schema = StoreCatalog(store).schema("others")
    assert schema is not None
    base = Scan("others", schema)
    clients = total(where(base, "equal", "trace_role", 1), ("method",), n=("latency", "count"))
    columns = (("status", 0, "status"), ("n", 1, "n"))
    both = Join(where(base, "notEqual", "trace_role", 1), clients, "left", ("method",), ("method",), columns)
    plan = total(both, (), rows=("status", "count"), most=("n", "max"))
    rows = sum(role not in (1, None) for role in roles) * 50
    assert run(store, plan) == [(rows, 17 if 1 in roles else None)]


def test_what_asks_for_too_much_is_told_so(store: Store) -> None:
    with pytest.raises(UsageError, match=r"output 'out' has 100 rows, at most 99 are shown"):
        run(store, scan(store), Limits(shown=99))
    with pytest.raises(UsageError, match=r"the script reads more than 99 rows of"):
        run(store, scan(store), Limits(read=99))


def test_a_sum_too_large_is_no_fault_of_ours(store: Store) -> None:
    rows = Rows((Field("x", INT64),), ((2**62,), (2**62,)))
    joined = Project(rows, (("x", Call("add", (Column("x", INT64), Column("x", INT64)), INT64)),))
    with pytest.raises(UsageError, match=r"^a value does not fit: .*Overflow in addition"):
        run(store, joined)


def test_what_takes_too_long_is_ended(store: Store) -> None:
    rows = Rows((Field("x", INT64),), tuple((n,) for n in range(2000)))
    huge: Operator = rows
    for _ in range(3):
        huge = Join(huge, rows, "inner", ("x",), ("x",), (("x", 0, "x"),))
        huge = Project(huge, (("x", Literal(1, INT64)),))
        rows = Rows((Field("x", INT64),), ((1,),) * 2000)
    plan = Aggregate(huge, (), (Aggregation("n", "count", "x", INT64),))
    with pytest.raises(UsageError, match=r"the script took longer than 0\.2 s"):
        run(store, plan, Limits(seconds=0.2))


def test_numbers_and_texts_of_any_kind(store: Store) -> None:
    values: list[tuple[bool | float | str, Type]] = [
        (-(2**63), INT64),
        (1e300, FLOAT64),
        ("o'clock \\ \n ☃", STRING),
        ("", STRING),
    ]
    plan = Limit(Project(scan(store), tuple((f"c{n}", Literal(*one)) for n, one in enumerate(values))), 1)
    assert run(store, plan) == [tuple(value for value, _ in values)]
