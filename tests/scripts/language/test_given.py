"""Arguments as text become what annotations say."""

import pytest
from tests.scripts.language.conftest import NOW, Compile

from pxcap.scripts.language.compiler import Invocation
from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.plan import Literal, Project

VALUES: dict[str, tuple[str, str, object]] = {
    "a string": ("x: str", "5", "5"),
    "nothing said": ("x", "5", "5"),
    "a service": ("x: px.Service", "web", "web"),
    "an integer": ("x: int", "-5", -5),
    "a number": ("x: float", "1e3", 1000.0),
    "true": ("x: bool", "True", True),
    "false": ("x: bool", "no", False),
    "a time": ("x: px.Time", "-5m", NOW - 300_000_000_000),
    "a duration": ("x: px.DurationNanos", "5", 5),
    "the type of its default": ("x=5", "7", 7),
    "an annotation that is replaced": ("x: px.Pod", "a", "a"),
}


@pytest.mark.parametrize(("parameter", "text", "value"), VALUES.values(), ids=VALUES.keys())
def test_value(compiled: Compile, parameter: str, text: str, value: object) -> None:
    script = f"px.Pod = str\ndef f({parameter}):\n  df = px.DataFrame('http_events')\n  df.x = x\n  return df[['x']]"
    (output,) = compiled(script, {}, [Invocation("f", "out", {"x": text})]).outputs
    assert isinstance(output.plan, Project)
    found = output.plan.columns[0][1]
    assert isinstance(found, Literal)
    assert found.value == value
    assert type(found.value) is type(value)


def test_a_list(compiled: Compile) -> None:
    script = "def f(columns: list):\n  return px.DataFrame('http_events')[columns]"
    (output,) = compiled(script, {"columns": "latency, req_path,"}).outputs
    assert [one.name for one in output.plan.schema] == ["latency", "req_path"]


REFUSED = {
    ("int", "five"): "argument 'x' of f is 'five', expected a whole number",
    ("float", "5m"): "argument 'x' of f is '5m', expected a number",
    ("float", "nan"): "nan is not a number",
    ("int", "9" * 30): "a number of more than 64 bits",
    ("int", "9" * 5000): "argument 'x' of f is '9",
    ("bool", "maybe"): "argument 'x' of f is 'maybe', expected true or false",
    ("px.Time", "soon"): "'soon' is not a time",
}


@pytest.mark.parametrize(
    ("kind", "said"), REFUSED.items(), ids=lambda one: one[:20] if isinstance(one, str) else one[0]
)
def test_refused(compiled: Compile, kind: tuple[str, str], said: str) -> None:
    with pytest.raises(ScriptError) as error:
        compiled(f"def f(x: {kind[0]}):\n  return px.DataFrame('http_events')", {"x": kind[1]})
    assert said in str(error.value)
