"""Frames: what each operation gives, and that the old frame stays what it is."""

from collections.abc import Callable

import pytest

from pxcap.scripts.language import frames
from pxcap.scripts.language.builder import Builder
from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.values import Frame
from pxcap.scripts.plan import (
    Aggregate,
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
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, TIME, Field, Type

SCHEMA = (Field("time_", TIME), Field("name", STRING), Field("size", INT64), Field("ok", BOOLEAN))


@pytest.fixture
def builder() -> Builder:
    return Builder()


@pytest.fixture
def frame(builder: Builder) -> Frame:
    return frames.source(builder, "t", SCHEMA, None, None)


def columns(frame: Frame) -> tuple[str, ...]:
    return names(frame.plan.schema)


def test_source_with_a_range(builder: Builder) -> None:
    scan = frames.source(builder, "t", SCHEMA, 5, None).plan
    assert scan == Scan("t", SCHEMA, 5, None)
    with pytest.raises(ScriptError, match="'t' has no 'time_' to choose by"):
        frames.source(builder, "t", SCHEMA[1:], 5, None)


def test_assign_makes_another_frame(builder: Builder, frame: Frame) -> None:
    new = frames.assign(builder, frame, "twice", builder.call("add", [builder.column("size", INT64)] * 2))
    assert columns(new) == ("time_", "name", "size", "ok", "twice")
    assert columns(frame) == ("time_", "name", "size", "ok")


def test_assigned_columns_keep_their_place(builder: Builder, frame: Frame) -> None:
    new = frames.assign(builder, frame, "name", builder.literal(1, INT64))
    assert columns(new) == columns(frame)
    assert frames.column(builder, new, "name").type == INT64


def test_a_column_assigned_to_itself_changes_nothing(builder: Builder, frame: Frame) -> None:
    assert frames.assign(builder, frame, "size", builder.column("size", INT64)) == frame


def test_columns_of_other_frames_are_found_by_name(builder: Builder, frame: Frame) -> None:
    other = frames.keep(builder, frame, ["size"], lambda error: error)
    assert columns(frames.assign(builder, other, "x", frames.column(builder, frame, "size"))) == ("size", "x")
    with pytest.raises(ScriptError, match="unknown column 'name'"):
        frames.assign(builder, other, "x", frames.column(builder, frame, "name"))


def test_types_are_those_of_the_frame_assigned_to(builder: Builder, frame: Frame) -> None:
    other = frames.assign(builder, frame, "size", builder.literal(0.5, FLOAT64))
    doubled = builder.call("add", [frames.column(builder, frame, "size"), builder.literal(1, INT64)])
    new = frames.assign(builder, other, "x", doubled)
    assert frames.column(builder, new, "x").type == FLOAT64


def test_keep_orders(builder: Builder, frame: Frame) -> None:
    assert columns(frames.keep(builder, frame, ["size", "time_"], lambda error: error)) == ("size", "time_")
    with pytest.raises(ScriptError, match="'size' is chosen twice"):
        frames.keep(builder, frame, ["size", "size"], lambda error: error)
    with pytest.raises(ScriptError, match="no column is chosen"):
        frames.keep(builder, frame, [], lambda error: error)


def test_a_column_chosen_before_it_is_made(builder: Builder, frame: Frame) -> None:
    chosen = frames.keep(builder, frame, ["size", "kind"], lambda error: error)
    made = frames.assign(builder, chosen, "kind", builder.literal("x", STRING))
    assert columns(frames.settled(made)) == ("size", "kind")
    for use in (
        lambda: frames.settled(chosen),
        lambda: frames.column(builder, chosen, "kind"),
        lambda: frames.head(builder, chosen, 1),
        lambda: frames.append(builder, [frame, chosen]),
    ):
        with pytest.raises(ScriptError, match="unknown column 'kind'"):
            use()


def test_drop(builder: Builder, frame: Frame) -> None:
    assert columns(frames.drop(builder, frame, ["name", "ok"])) == ("time_", "size")
    with pytest.raises(ScriptError, match="unknown column 'sizes'; did you mean 'size'"):
        frames.drop(builder, frame, ["sizes"])
    with pytest.raises(ScriptError, match="no column is left"):
        frames.drop(builder, frame, columns(frame))


def test_where(builder: Builder, frame: Frame) -> None:
    plan = frames.where(builder, frame, builder.column("ok", BOOLEAN)).plan
    assert plan == Filter(frame.plan, builder.column("ok", BOOLEAN))
    assert frames.where(builder, frame, builder.literal(True, BOOLEAN)) is frame
    assert isinstance(frames.where(builder, frame, builder.literal(False, BOOLEAN)).plan, Filter)
    with pytest.raises(ScriptError, match="a filter is the column 'size'"):
        frames.where(builder, frame, builder.column("size", INT64))


def test_head(builder: Builder, frame: Frame) -> None:
    assert frames.head(builder, frame, 3).plan == Limit(frame.plan, 3)
    assert frames.head(builder, frame, 1_000_000_000) is frame
    with pytest.raises(ScriptError, match="head of -1 rows"):
        frames.head(builder, frame, -1)


def test_aggregate(builder: Builder, frame: Frame) -> None:
    made = frames.aggregation(builder, frame, "total", "size", "sum")
    plan = frames.aggregate(builder, frame, ["name"], [made]).plan
    assert plan == Aggregate(frame.plan, ("name",), (made,))
    assert names(plan.schema) == ("name", "total")
    assert names(frames.aggregate(builder, frame, ["name"], []).plan.schema) == ("name",)
    with pytest.raises(ScriptError, match="two columns 'name'"):
        frames.aggregate(builder, frame, ["name"], [frames.aggregation(builder, frame, "name", "size", "sum")])
    with pytest.raises(ScriptError, match="agg of nothing"):
        frames.aggregate(builder, frame, [], [])


def test_rolling_groups_by_windows(builder: Builder, frame: Frame) -> None:
    made = frames.aggregation(builder, frame, "total", "size", "sum")
    plan = frames.aggregate(builder, frames.rolling(builder, frame, 1000, "time_"), ["name"], [made]).plan
    assert isinstance(plan, Aggregate)
    assert plan.keys == ("time_", "name")
    assert isinstance(plan.parent, Project)
    assert dict(plan.parent.columns)["time_"] is builder.call(
        "bin", (builder.column("time_", TIME), builder.literal(1000, INT64))
    )
    with pytest.raises(ScriptError, match="windows are of 'time_', found 'size'"):
        frames.rolling(builder, frame, 1000, "size")
    with pytest.raises(ScriptError, match="a window of 0 ns"):
        frames.rolling(builder, frame, 0, "time_")


def test_merge_renames_what_both_have(builder: Builder, frame: Frame) -> None:
    right = frames.keep(builder, frame, ["name", "size"], lambda error: error)
    merged = frames.merge(builder, (frame, right), "inner", (["name"], ["name"]), ("", "_r"))
    assert columns(merged) == ("time_", "name", "size", "ok", "name_r", "size_r")
    assert isinstance(merged.plan, Join)
    assert (merged.plan.how, merged.plan.left_on, merged.plan.right_on) == ("inner", ("name",), ("name",))
    assert columns(frames.merge(builder, (right, right), "inner", ([], []), ("_x", "_y"))) == (
        *("name_x", "size_x", "name_y", "size_y"),
    )


@pytest.mark.parametrize(
    ("how", "filled"), [("left", "right"), ("right", "left"), ("outer", "left right"), ("inner", "")]
)
def test_rows_without_a_partner_have_nothing_for_its_columns(
    builder: Builder, frame: Frame, how: str, filled: str
) -> None:
    merged = frames.merge(builder, (frame, frame), how, (["size"], ["size"]), ("_left", "_right"))
    assert columns(merged) == tuple(f"{name}_{side}" for side in ("left", "right") for name in columns(frame))
    made = dict(merged.plan.columns) if isinstance(merged.plan, Project) else {}
    selected = {name: one for name, one in made.items() if isinstance(one, Call)}
    assert sorted(selected) == sorted(f"{name}_{side}" for side in filled.split() for name in columns(frame))
    for name, one in selected.items():
        mark, column, nothing = one.args
        assert (one.function, mark, column) == (
            "select",
            Column(f"_{name.split('_')[-1]}", BOOLEAN),
            Column(name, one.type),
        )
        assert isinstance(nothing, Literal)
        assert not nothing.value


def test_merge_without_keys_joins_all_with_all(builder: Builder, frame: Frame) -> None:
    window = frames.aggregate(builder, frame, [], [frames.aggregation(builder, frame, "_left", "size", "sum")])
    merged = frames.merge(builder, (frame, window), "inner", ([], []), ("", ""))
    assert columns(merged) == (*columns(frame), "_left")
    assert isinstance(merged.plan, Project)
    assert isinstance(merged.plan.parent, Join)
    assert (merged.plan.parent.left_on, merged.plan.parent.right_on) == (("_left_",), ("_right",))


def test_merge_refuses(builder: Builder, frame: Frame) -> None:
    def merge(how: str, left: list[str], right: list[str], suffixes: tuple[str, str] = ("_x", "_y")) -> Frame:
        return frames.merge(builder, (frame, frame), how, (left, right), suffixes)

    with pytest.raises(ScriptError, match="cannot be 'cross', expected inner, left, right or outer"):
        merge("cross", [], [])
    with pytest.raises(ScriptError, match="left_on has 1 and right_on 2 columns"):
        merge("inner", ["name"], ["name", "size"])
    with pytest.raises(ScriptError, match=r"merged on 'name' \(STRING\) and 'size' \(INT64\), expected one data type"):
        merge("inner", ["name"], ["size"])
    with pytest.raises(ScriptError, match="both sides give a column 'time_'"):
        merge("inner", ["name"], ["name"], ("", ""))
    assert columns(merge("inner", ["time_"], ["size"]))[0] == "time__x"


def test_append(builder: Builder, frame: Frame) -> None:
    turned = frames.keep(builder, frame, ["ok", "size", "name", "time_"], lambda error: error)
    plan = frames.append(builder, [frame, turned]).plan
    assert plan == Union((frame.plan, turned.plan))
    assert names(plan.schema) == columns(frame)
    with pytest.raises(ScriptError, match="unknown column 'ok'"):
        frames.append(builder, [frame, frames.drop(builder, frame, ["ok"])])
    with pytest.raises(ScriptError, match="has the column 'ok', too"):
        frames.append(builder, [frames.drop(builder, frame, ["ok"]), frame])
    with pytest.raises(ScriptError, match="'ok' is BOOLEAN in the first frame, but not in the other"):
        frames.append(builder, [frame, frames.assign(builder, frame, "ok", builder.literal(1, INT64))])


@pytest.mark.parametrize("name", ["", "x" * 64, "é" * 32])
def test_names_that_a_database_would_cut(builder: Builder, frame: Frame, name: str) -> None:
    with pytest.raises(ScriptError, match="a column's name has 1 to 63 bytes"):
        frames.assign(builder, frame, name, builder.literal(1, INT64))


def test_frames_are_values(plan: Callable[[str], Operator]) -> None:
    changed = plan("other = df\nother.x = 1\nother = other[['x']]\ndef f(df):\n  df.y = 1\n  return df\nf(df)")
    assert "x" not in names(changed.schema)
    assert "y" not in names(changed.schema)


def test_a_cast_changes_the_meaning_only(builder: Builder, frame: Frame) -> None:
    meant = builder.typed(frames.column(builder, frame, "size"), Type(INT64.data, TIME.semantic))
    new = frames.assign(builder, frame, "size", meant)
    assert frames.column(builder, new, "size").type == Type(INT64.data, TIME.semantic)
    assert frames.column(builder, frame, "size").type == INT64
