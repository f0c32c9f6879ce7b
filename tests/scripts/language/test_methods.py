"""The methods of frames as scripts call them."""

from collections.abc import Callable

import pytest
from tests.scripts.language.conftest import Tables

from pxcap.scripts.language.methods import METHODS, grouped_method, method
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.values import Frame, Grouped
from pxcap.scripts.plan import Aggregate, Join, Limit, Operator, Union, names

SAME: dict[str, tuple[str, str]] = {
    "drop by list": ("df.drop(['latency', 'note'])", "df.drop(columns=['latency', 'note'])"),
    "drop of several": ("df.drop('latency', 'note')", "df.drop(['latency', 'note'])"),
    "drop of one": ("df.drop('note')", "df.drop(['note'])"),
    "head": ("df.head()", "df.head(n=5)"),
    "a hint for agents": ("df.head(5, 1)", "df.head(5)"),
    "groups by a name": ("df.groupby('note').agg()", "df.groupby(by=['note']).agg()"),
    "no groups": ("df.groupby([]).agg(a=('latency', px.sum))", "df.agg(a=('latency', px.sum))"),
    "groups of nothing said": ("df.groupby().agg(a=('latency', px.sum))", "df.agg(a=('latency', px.sum))"),
    "a stream": ("df.stream()", "df"),
    "windows": ("df.rolling('5s').agg(a=('latency', px.sum))", "df.rolling(px.seconds(5), on='time_').agg(a=('latency', px.sum))"),
    "append of a list": ("df.append([df, df])", "df.append(objs=[df, df])"),
    "append in turn": ("df.append(df)", "df.append([df])"),
    "default suffixes": (
        "df.merge(df, 'inner', 'note', 'note')",
        "df.merge(right=df, how='inner', left_on=['note'], right_on=['note'], suffixes=['_x', '_y'])",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_the_same(plan: Callable[[str], Operator], one: str, other: str) -> None:
    assert plan(f"df = {one}") == plan(f"df = {other}")


def test_what_they_make(plan: Callable[[str], Operator]) -> None:
    grouped = plan("df = df.groupby(['note', 'resp_status']).agg(n=('latency', px.count), p=('latency', px.quantiles))")
    assert isinstance(grouped, Aggregate)
    assert names(grouped.schema) == ("note", "resp_status", "n", "p")
    assert [one.function for one in grouped.aggregations] == ["count", "quantiles"]
    assert isinstance(plan("df = df.append(df)"), Union)
    assert isinstance(plan("df = df.head(3)"), Limit)
    joined = plan("df = df.merge(df, how='inner', left_on=['note'], right_on='note')")
    assert isinstance(joined, Join)
    assert (joined.how, joined.left_on, joined.right_on) == ("inner", ("note",), ("note",))


REFUSED = {
    "df = df.merge(df, 'inner', 'note', 'note', suffixes=['_x'])": "1:53: suffixes of merge is a list,"
    " expected a list of two strings",
    "df = df.merge(df, 'inner', 'note', 'note', ['', ''])": "1:6: both sides give a column 'time_'"
    " (choose other suffixes, or drop one of the columns)",
    "df = df.append(5)": "1:16: objs of append is 5, expected a frame or a list of frames",
    "df = df.append([])": "1:16: objs of append is a list, expected a frame or a list of frames",
    "df = df.rolling('often')": "1:17: 'often' is not a duration (write it as -5m, 30s, 1h30m or 500ms)",
    "df = df.rolling(1.5)": "1:17: window of rolling is 1.5, expected a whole number",
    "df = df.rolling('5s', 'latency')": "1:6: windows are of 'time_', found 'latency'",
    "df = df.agg()": "1:6: agg of nothing: expected groups, or name=('column', px.function)",
    "df = df.groupby('note').agg(note=('latency', px.sum))": "1:6: the groups would have two columns 'note'",
    "df = df.groupby('note')": "2:1: 'output' is a grouped frame, expected a frame: .agg(...) is missing",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=REFUSED.keys())
def test_refused(refusal: Callable[[str], str], text: str, said: str) -> None:
    assert refusal(text) == said


def test_there_are_no_others(catalog: Tables) -> None:
    session = Session(catalog)
    frame = Frame(session.builder.rows((), ()))
    assert method(session, frame, "pivot") is None
    assert all(method(session, frame, name) for name in METHODS)
    assert grouped_method(session, Grouped(frame, ()), "agg").name == "agg"
