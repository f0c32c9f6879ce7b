"""Expressions: what names, attributes, subscripts and calls come to, and what is no part of PxL."""

from collections.abc import Callable

import pytest

from pxcap.scripts.plan import Column, Filter, Operator, Project, names

REFUSED = {
    "x = [a for a in 1]": "1:5: a comprehension is not part of PxL",
    "x = 1 if True else 2": "1:5: 'if' (px.select chooses between values) is not part of PxL",
    "x = lambda: 1": "1:5: lambda is not part of PxL",
    "x = f'{1}'": "1:5: an f-string is not part of PxL",
    "x = (y := 1)": "1:6: ':=' is not part of PxL",
    "x = {1}": "1:5: a set is not part of PxL",
    "x = df[1:2]": "1:8: a slice is not part of PxL",
    "x = b'a'": "1:5: a constant of bytes is not part of PxL",
    "x = ...": "1:5: a constant of ellipsis is not part of PxL",
    "x = 1j": "1:5: a constant of complex is not part of PxL",
    "x = latncy": "1:5: unknown name 'latncy'",
    "latency = 1\nx = latncy": "2:5: unknown name 'latncy'; did you mean 'latency'?",
    "df = df[df.latncy > 5]": "1:9: unknown column 'latncy'; did you mean 'latency'? (columns here: ",
    "df = df['latncy']": "1:6: unknown column 'latncy'; did you mean 'latency'? (columns here: ",
    "df = df.groupbuy('x')": "1:6: a frame has no method 'groupbuy'; did you mean 'groupby'?",
    "x = px.bim(1, 2)": "1:5: px has no 'bim'; did you mean 'bin'?",
    "x = df.ctx['servce']": "1:5: unknown context 'servce'; did you mean 'service'? (there are: ",
    "x = df.drop('upid').ctx['pod']": "1:5: context 'pod' needs the column 'upid', found ",
    "df = df[1]": "1:6: a filter is 1, expected BOOLEAN",
    "df = df[df]": "1:6: what a frame is filtered by is a frame, expected an expression",
    "df = df[['latency', df.latency]]": "1:6: columns are chosen by a list of strings",
    "x = [1, 2][2]": "1:5: a list cannot be indexed by 2",
    "x = [1, 2][True]": "1:5: a list cannot be indexed by True",
    "x = {'a': 1}['b']": "1:5: unknown key 'b' (keys here: a)",
    "x = {1: 1}": "1:5: a key of a dictionary is 1, expected a string",
    "x = {**{}}": "1:5: a key of a dictionary is None, expected a string",
    "x = df.latency()": "1:5: a frame has no method 'latency'",
    "x = 'a'()": "1:5: the string 'a' cannot be called",
    "x = px()": "1:5: the module px cannot be called",
    "x = df.latency.mean": "1:5: the column 'latency' (INT64) has no 'mean'",
    "x = df.groupby('latency').head(5)": "1:5: a grouped frame has 'head' only after .agg(...)",
    "x = px.sum(df.latency)": "1:5: px.sum is of groups: agg(name=('column', px.sum))",
    "df = df.agg(1)": "1:13: agg takes name=('column', px.function) only",
    "df = df.agg(x=('latency', 5))": "1:15: x is made by 5, expected a function such as px.sum",
    "df = df.agg(x='latency')": "1:15: x of agg is the string 'latency', expected ('column', px.function)",
    "x = px.__class__": "1:5: px has no '__class__'",
    "x = df.__init__": "1:5: unknown column '__init__' (columns here: ",
    "x = ''.__class__.__mro__": "1:5: the string '' has no '__class__'",
    "x = px.now.__globals__": "1:5: the function px.now has no '__globals__'",
    "x = __import__('os')": "1:5: unknown name '__import__'",
    "x = open('/etc/passwd')": "1:5: unknown name 'open'",
    "x = str.format('a')": "1:5: the function str has no 'format'",
    "x = df.latency + df": "1:5: a side of '+' is a frame, expected an expression",
    "x = df.latency > None": "1:5: a side of '>' is None, expected an expression",
    "x = df.latency == 'a'": "1:5: equal(INT64, STRING): expected equal",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=REFUSED.keys())
def test_refused(refusal: Callable[[str], str], text: str, said: str) -> None:
    assert refusal(text).startswith(said)


def test_columns_by_attribute_and_by_subscript(plan: Callable[[str], Operator]) -> None:
    found = plan("name = 'resp_status'\ndf = df[df[name] == df.resp_status]")
    assert isinstance(found, Filter)
    left, right = found.condition.args  # type: ignore[union-attr]
    assert left is right
    assert isinstance(left, Column)


@pytest.mark.parametrize(
    "text", ["df[['latency', 'req_path']]", "df['latency', 'req_path']", "df[('latency', 'req_path')]", "df[c]"]
)
def test_columns_are_chosen(plan: Callable[[str], Operator], text: str) -> None:
    assert names(plan(f"c = ['latency', 'req_path']\ndf = {text}").schema) == ("latency", "req_path")


def test_lists_and_dictionaries_have_items(plan: Callable[[str], Operator]) -> None:
    text = "d = {'a': ['latency', 'req_path']}\ndf = df[[d['a'][-1]]]"
    assert names(plan(text).schema) == ("req_path",)


def test_context(plan: Callable[[str], Operator]) -> None:
    found = plan("df.pod = df.ctx['pod']\ndf = df[['pod']]")
    assert isinstance(found, Project)
    assert found.columns[0][1].function == "upid_to_pod_name"  # type: ignore[union-attr]


def test_recursion_has_an_end(refusal: Callable[[str], str]) -> None:
    assert refusal("def f(x):\n  return f(x)\nf(1)").endswith("calls and expressions are nested more than 150 deep")


def test_doubling_calls_have_an_end(refusal: Callable[[str], str]) -> None:
    text = "def f0(x):\n  return x\n"
    for at in range(1, 40):
        text += f"def f{at}(x):\n  f{at - 1}(x)\n  return f{at - 1}(x)\n"
    assert refusal(f"{text}f39(1)").endswith("the script does more than 200000 things")
