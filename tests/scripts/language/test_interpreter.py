"""Statements: assignments, functions and their scopes, imports."""

from collections.abc import Callable

import pytest
from tests.scripts.language.conftest import Compile, Tables

from pxcap.scripts.language.errors import Place
from pxcap.scripts.language.interpreter import views_module
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.values import UserFunction
from pxcap.scripts.plan import Limit, Operator, names

REFUSED = {
    "for a in [1]:\n  pass": "1:1: 'for' is not part of PxL",
    "while True:\n  pass": "1:1: 'while' is not part of PxL",
    "if True:\n  pass": "1:1: 'if' is not part of PxL",
    "class A:\n  pass": "1:1: 'class' is not part of PxL",
    "async def f():\n  pass": "1:1: 'async' is not part of PxL",
    "del df": "1:1: 'del' is not part of PxL",
    "assert True": "1:1: assert is not part of PxL",
    "global df": "1:1: 'global' is not part of PxL",
    "x: int = 5": "1:1: annassign is not part of PxL",
    "return 5": "1:1: return outside a function",
    "a = b = 1": "1:1: one assignment has one target in PxL",
    "a, b = 1, 2": "1:1: only a name, or a column of a frame that has a name, can be assigned to",
    "df.head(5).x = 1": "1:1: only a name, or a column of a frame that has a name, can be assigned to",
    "df[5] = 1": "1:1: a column is set by its name, found 5",
    "x = 1\nx.y = 2": "2:1: 'x' is 1: nothing in it can be assigned to",
    "df.x = df": "1:1: the column 'x' is set to a frame, expected an expression",
    "import pxviews\ndf = pxviews.http_graph('-5 m', 1)": "2:6: '-5 m' is not a time (write -5m, 2026-11-28T10:00:00Z or ns since the epoch)",
    "df.x = None": "1:1: the column 'x' is set to None, expected an expression",
    "df.x = [1]": "1:1: the column 'x' is set to a list, expected an expression",
    "import os": "1:1: unknown module 'os' (modules here: px, pxtrace, pxviews)",
    "import pxviws": "1:1: unknown module 'pxviws'; did you mean 'pxviews'? (modules here: px, pxtrace, pxviews)",
    "from os import path": "1:1: unknown module 'os' (modules here: px, pxtrace, pxviews)",
    "from px import nothing_like_it": "1:1: px has no 'nothing_like_it'",
    "from . import px": "1:1: importfrom is not part of PxL",
    "def f(*a):\n  pass": "1:1: f: parameters have names, types and defaults in PxL, nothing else",
    "def f(a):\n  pass\nf()": "3:1: f needs 'a'",
    "def f(a):\n  pass\nf(b=1)": "3:5: f has no argument 'b' (it has: a)",
    "@df\ndef f(a):\n  pass": "2:1: a frame is no decorator",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=REFUSED.keys())
def test_refused(refusal: Callable[[str], str], text: str, said: str) -> None:
    assert refusal(text).startswith(said)


def test_errors_in_functions_stand_where_they_are(refusal: Callable[[str], str]) -> None:
    assert refusal("def f(df):\n  return df.latncy\nf(df)").startswith("2:10: unknown column 'latncy'")


@pytest.mark.parametrize(
    "text",
    [
        "df.head_ = 1\ndf = df.head(5)",
        "n = 2\nn += 3\ndf = df.head(n)",
        "def f(df, n=5):\n  return df.head(n)\ndf = f(df)",
        "def f(df, n):\n  return df.head(n)\ndf = f(n=5, df=df)",
        "n = 4\ndef f(df):\n  n2 = n + 1\n  return df.head(n2)\ndf = f(df)",
        "def f(df):\n  def g(n):\n    return df.head(n)\n  return g(5)\ndf = f(df)",
        "def f(df):\n  return df.head(5)\n  return df\ndf = f(df)",
        "def f():\n  pass\nx = f()\ndf = df.head(n=5)",
        "def f(df: px.DataFrame, n: int):\n  return df.head(n)\ndf = f(df, 5)",
        "from px import seconds as s\ndf.x = s(1)\ndf = df.head(5)",
        "import px as p\ndf = p.DataFrame('http_events').head(5)",
        "@px.vis.vega('{}')\ndef f(df):\n  return df.head(5)\ndf = f(df)",
    ],
)
def test_statements(plan: Callable[[str], Operator], text: str) -> None:
    found = plan(text)
    assert isinstance(found, Limit)
    assert found.rows == 5


def test_a_function_sees_what_names_stand_for_when_it_is_called(plan: Callable[[str], Operator]) -> None:
    found = plan("n = 1\ndef f(df):\n  return df.head(n)\nn = 5\ndf = f(df)")
    assert isinstance(found, Limit)
    assert found.rows == 5


def test_a_column_is_added_to(plan: Callable[[str], Operator]) -> None:
    assert names(plan("df.x = df.latency\ndf.x += 1\ndf['x'] -= 2\ndf = df[['x']]").schema) == ("x",)


def test_names_of_px_can_be_replaced(plan: Callable[[str], Operator]) -> None:
    text = "px.Pod = str\ndef f(df, pod: px.Pod):\n  return df[px.contains(df.req_path, pod)]\ndf = f(df, 'a')"
    assert "req_path" in names(plan(text).schema)


def test_globals_are_not_changed_from_inside(plan: Callable[[str], Operator]) -> None:
    assert "x" not in names(plan("def f():\n  df.x = 1\n  return df\nf()").schema)


def test_views_are_written_in_pxl(compiled: Compile, catalog: Tables) -> None:
    views = views_module(Session(catalog))
    assert {"http_graph", "inbound_http_summary", "container_process_summary", "processes"} <= set(views.known())
    assert all(isinstance(views.attribute(name), UserFunction) for name in views.known())
    shown = [f"px.display(pxviews.{name}('-5m', px.now()), '{name}')" for name in ("http_graph", "pod_resource_stats")]
    found = compiled("\n".join(["import pxviews", *shown]))
    assert [one.name for one in found.outputs] == ["http_graph"]
    (missing,) = found.refused
    assert missing.name == "pod_resource_stats"
    problem = "pxcap does not fill the table 'process_stats' (CPU, memory and I/O of processes) yet"
    assert (missing.error.place, str(missing.error).partition(": ")[2]) == (Place("test", 4, 12), problem)
