"""Parsing: what Python takes, what Pixie takes beside, and what nobody should have to."""

import ast
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.parsing import MAX_TEXT, parse

MENDED: dict[str, tuple[str, str]] = {
    "a comma is missing between lines": ("f(a=1\n  b=(2, 'x')\n  c=3)", "f(a=1,\n  b=(2, 'x'),\n  c=3)"),
    "a comma is missing behind a bracket": ("f(g(1) a=2)", "f(g(1), a=2)"),
    "a comma is missing behind a string": ("f('a'\n  b=1)", "f('a',\n  b=1)"),
    "strings in a row are one": ("f('a'\n  'b' c=1)", "f('a'\n  'b', c=1)"),
    "operators are no operands": ("f(not a or b and c d)", "f(not a or b and c, d)"),
    "a docstring and an import": ("'''doc\n'''import px\nx = 1", "'''doc\n'''\nimport px\nx = 1"),
    "the same in a function": ("def f():\n  '''doc'''x = 1\n  return x", "def f():\n  '''doc'''\n  x = 1\n  return x"),
    "two imports": ("import pxtraceimport px\n", "import pxtrace\nimport px\n"),
    "strings in lines of their own": (
        "R = '{'\n    'a'\n    # why\n    'b'\n    '}'\nC = f(1 2)",
        "R = ('{' 'a' 'b' '}')\nC = f(1, 2)",
    ),
}


@pytest.mark.parametrize(("text", "means"), MENDED.values(), ids=MENDED.keys())
def test_what_pixie_takes(text: str, means: str) -> None:
    assert ast.dump(parse(text, "x")) == ast.dump(ast.parse(means))


def test_lines_stay_where_they_are() -> None:
    tree = parse("'''doc'''import px\nf(a=1\n  b=2)\nx = 1", "x")
    assert [one.lineno for one in tree.body] == [1, 1, 2, 4]


def test_escapes_of_regular_expressions_give_no_warning() -> None:
    (statement,) = parse(r"x = '[\s\/]'", "x").body
    assert isinstance(statement, ast.Assign)
    assert ast.literal_eval(statement.value) == r"[\s\/]"


REFUSED: dict[str, tuple[str, str]] = {  # what Python says is its own: only that it is said in the right line
    "an open bracket": ("x = f(1\ny = 2", r"x:1:\d+: not PxL: .+"),
    "no statement": ("x = 1\nx = = 1", r"x:2:\d+: not PxL: .+"),
    "a line too far in": ("x = 1\n  y = 2", r"x:2:\d+: not PxL: .+"),
    "a NUL": ("x = '\0'", r"x(:1:\d+)?: not PxL: .+"),
    "deep brackets": (f"x = {'(' * 500}1{')' * 500}", r"x:1:\d+: not PxL: too many nested parentheses"),
    "deep signs": (f"x = {'-' * 100_000}1", "x: expressions are nested too deep to be read"),
    "a long sum": ("x = " + "+".join(["1"] * 100_000), "x: expressions are nested too deep to be read"),
    "a long number": (f"x = {'1' * 5000}", r"x:1:\d+: a number of more than 64 bits"),
    "a long text": ("#" * (MAX_TEXT + 1), f"x: a script of {MAX_TEXT + 1} characters, at most {MAX_TEXT} are read"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ScriptError) as error:
        parse(text, "x")
    assert re.fullmatch(said, str(error.value))


@given(st.text(st.sampled_from(" \n'\"()[]{},.:=+-abif\\#0\t\x0c\ud800\0é"), max_size=60) | st.text(max_size=60))
def test_any_text(text: str) -> None:
    with suppress(ScriptError):
        parse(text, "x")
