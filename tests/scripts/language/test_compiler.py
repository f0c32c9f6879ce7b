"""Whole scripts: what is called with what, what is shown, and that no script does harm."""

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scripts.language.conftest import HTTP, NOW, Compile, Tables

from pxcap.core.errors import UsageError
from pxcap.scripts.language.compiler import Invocation, compile_script
from pxcap.scripts.language.errors import NotFilled, ScriptError
from pxcap.scripts.language.signature import signature_of
from pxcap.scripts.plan import Aggregate, Filter, Join, Limit, Operator, Project, Scan

SERVICES = """
''' Latency by service.

'''import px

window = px.DurationNanos(10 * 1000 * 1000 * 1000)
no_probes = True

def series(start_time: str, svc: px.Service, n: int = 3):
    df = requests(start_time)
    df = df[px.contains(df.service, svc)]
    df = df.groupby(['service', 'timestamp']).agg(
        quantiles=('latency', px.quantiles)
        total=('latency', px.count),
        bytes=('resp_body_size', px.sum),
    )
    df.p99 = px.DurationNanos(px.floor(px.pluck_float64(df.quantiles, 'p99')))
    df.throughput = df.total / window
    df['time_'] = df['timestamp']
    return df[['time_', 'service', 'p99', 'throughput', 'bytes']].head(n)

def slowest(start_time: str):
    df = requests(start_time)
    limits = df.groupby('service').agg(q=('latency', px.quantiles))
    limits.limit = px.pluck_float64(limits.q, 'p99')
    df = df.merge(limits.drop('q'), how='inner', left_on='service', right_on='service', suffixes=['', '_x'])
    return df[df.latency >= px.floor(df.limit)]

def machines(start_time: str):
    df = px.DataFrame('process_stats', start_time=start_time)
    return df.groupby('upid').agg(rss=('rss_bytes', px.mean))

def requests(start_time: str):
    df = px.DataFrame('http_events', start_time=start_time)
    df.service = df.ctx['service']
    df.timestamp = px.bin(df.time_, window)
    return df[(df.req_path != '/healthz' or not no_probes) and df.remote_addr != '-']
"""


def script(tables: Tables, text: str = SERVICES, **arguments: str) -> list[str]:
    return [one.name for one in compile_script(text, "px/services", arguments, tables).outputs]


def operators(plan: Operator) -> list[type]:
    found: list[type] = []
    while not isinstance(plan, Scan):
        found.append(type(plan))
        plan = plan.left if isinstance(plan, Join) else plan.parent  # type: ignore[union-attr]
    return found


def test_functions_that_no_other_uses_are_called(catalog: Tables) -> None:
    found = compile_script(SERVICES, "px/services", {"start_time": "-5m", "svc": "web"}, catalog)
    assert [one.name for one in found.outputs] == ["series", "slowest"]
    assert [(one.name, type(one.error)) for one in found.refused] == [("machines", NotFilled)]
    series, slowest = (one.plan for one in found.outputs)
    assert isinstance(series, Limit)
    assert series.rows == 3
    assert [f"{one.name} {one.type.data} {one.type.semantic}".strip() for one in series.schema] == [
        "time_ TIME64NS Time",
        "service STRING Service",
        "p99 INT64 DurationNanos",
        "throughput FLOAT64 ThroughputPerNs",
        "bytes INT64 Bytes",
    ]
    assert operators(series) == [Limit, Project, Aggregate, Filter, Filter, Project, Project]
    assert operators(slowest) == [Filter, Join, Filter, Project, Project]


def test_functions_share_what_is_equal(catalog: Tables) -> None:
    found = compile_script(SERVICES, "px/services", {"start_time": "-5m", "svc": ""}, catalog)
    scans = set()
    for output in found.outputs:
        waiting: list[Operator] = [output.plan]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Scan):
                scans.add(id(one))
                assert one.start == NOW - 300_000_000_000
            waiting += [getattr(one, name) for name in ("parent", "left", "right") if hasattr(one, name)]
    assert len(scans) == 1


def test_invocations_are_called_by_their_outputs(catalog: Tables) -> None:
    wanted = [
        Invocation("series", "A", {"start_time": "-1m", "svc": "a"}),
        Invocation("series", "B", {"start_time": "-2m", "svc": "b", "n": "7"}),
        Invocation("slowest", "C"),
    ]
    found = compile_script(SERVICES, "px/services", {"start_time": "-3m"}, catalog, wanted)
    assert [one.name for one in found.outputs] == ["A", "B", "C"]
    assert found.refused == ()


def test_one_that_fails_leaves_the_others(catalog: Tables) -> None:
    wanted = [Invocation("series", "A"), Invocation("slwest", "B"), Invocation("slowest", "C", {"start": "-1m"})]
    wanted += [Invocation("slowest", "D", {"start_time": "soon"}), Invocation("slowest", "E", {"start_time": "-1m"})]
    found = compile_script(SERVICES, "px/services", {}, catalog, wanted)
    assert [one.name for one in found.outputs] == ["E"]
    assert [(one.name, str(one.error).split(": ", 1)[-1]) for one in found.refused] == [
        ("A", "series needs 'start_time' and 'svc'"),
        ("B", "unknown function 'slwest'; did you mean 'slowest'?"),
        ("C", "unknown argument of slowest 'start'; did you mean 'start_time'?"),
        ("D", "'soon' is not a time"),
    ]


REFUSED: dict[str, tuple[str, dict[str, str], str]] = {
    "an argument is missing": (SERVICES, {}, "px/x:9:1: series needs 'start_time' and 'svc'"),
    "an argument is not known": (
        SERVICES,
        {"start_tme": "-5m"},
        "px/x: unknown argument 'start_tme'; did you mean 'start_time'?",
    ),
    "a number is none": (
        SERVICES,
        {"start_time": "-5m", "svc": "", "n": "many"},
        "",
    ),
    "nothing is shown": ("import px\nx = 5", {}, "px/x shows nothing"),
    "arguments where none are taken": (
        "import px\npx.display(px.GetTables())",
        {"a": "b"},
        "px/x: unknown argument 'a'",
    ),
    "an error at the top": ("import px\npx.display(px.DataFrame('x'))", {}, "px/x:2:25: unknown table 'x'"),
    "no frame": ("def f():\n  return 5", {}, "px/x:1:1: 'f' is 5, expected a frame"),
}


@pytest.mark.parametrize(("text", "arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(catalog: Tables, text: str, arguments: dict[str, str], said: str) -> None:
    if not said:
        names = [one.name for one in compile_script(text, "px/x", arguments, catalog).refused]
        assert names == ["series", "machines"]
        return
    with pytest.raises(ScriptError) as error:
        compile_script(text, "px/x", arguments, catalog)
    assert str(error.value) == said


def test_only_rows_pxcap_does_not_have(catalog: Tables) -> None:
    found = compile_script("import px\npx.display(px.DataFrame('jvm_stats'), 'j')", "px/x", {}, catalog)
    assert found.outputs == ()
    assert [str(one.error) for one in found.refused] == [
        "px/x:2:12: pxcap does not fill the table 'jvm_stats' (memory of Java processes) yet"
    ]


def test_debug_shows_from_inside_functions_and_display_does_not(compiled: Compile) -> None:
    text = (
        "def f():\n  df = px.DataFrame('http_events')\n  px.debug(df, 'd')\n  px.display(df, 'x')\n  return df.head(1)"
    )
    assert [one.name for one in compiled(text).outputs] == ["_d", "f"]


HOSTILE = [
    "x = 10**10**10",
    "x = 'a' * 10**9",
    "x = 'a'\n" + "x = x + x\n" * 60,
    "x = [1]\n" + "x = [x, x]\n" * 60,
    "df = px.DataFrame('http_events')\n" + "df = df.append(df)\n" * 60,
    "df = px.DataFrame('http_events')\n" + "df = df.merge(df, 'inner', [], [], ['a', 'b'])\n" * 60,
    "df = px.DataFrame('http_events')\n"
    + "df = df.merge(df.groupby('note').agg(), 'inner', 'note', 'note', ['', 'x'])\n" * 60,
    "df = px.DataFrame('http_events')[['note']]\n"
    + "".join(f"df = df.merge(df.groupby('note').agg(), 'inner', 'note', 'note', ['', 'x{at}'])\n" for at in range(60)),
    "df = px.DataFrame('http_events')\nx = df.latency\n" + "x = x * x\n" * 60 + "df.x = x",
    "df = px.DataFrame('http_events')\n" + "df.latency = df.latency * df.latency\n" * 500,
    "def f():\n  return f()\nf()",
    "def f(n):\n  f(n)\n  f(n)\nf(1)",
    "px.display(px.bin)",
    "x = px.__dict__",
    "x = px.DataFrame.__call__.__globals__['__builtins__']",
    "x = (1).__class__.__base__.__subclasses__()",
    "__import__('os').system('id')",
    "exec('1')",
    "import os, sys",
    "from builtins import open",
    "x = '%s' % 1",
    "x = '{0.__class__}'.format(1)",
    f"x = {'[' * 150}{']' * 150}",
    f"x = {'not ' * 5000}True",
    f"x = {'-' * 1000}1",
    f"x = px.replace('a', '{'a' * 900}', '{'b' * 90}')",
    f"x = {'f(' * 190}1{')' * 190}",
    f"df = px.DataFrame('http_events')\ndf = df[{' or '.join(['df.latency == 5'] * 5000)}]",
    f"px.{'a' * 100_000}",
    f"df = px.DataFrame('http_events')\ndf['{'a' * 60_000}'] = 1",
    "def " + "f" * 10_000 + "(" + ", ".join(f"a{at}" for at in range(5000)) + "):\n  return 1",
    "px.display(px.DataFrame('http_events').head(9223372036854775808))",
    "px.display(px.DataFrame('http_events').rolling(9223372036854775807).agg(a=('latency', px.sum)))",
]


@pytest.mark.parametrize("text", HOSTILE, ids=[one[:40] for one in HOSTILE])
def test_hostile_scripts_are_refused_in_one_line(compiled: Compile, text: str) -> None:
    try:
        compiled(text)
    except UsageError as error:
        said = str(error)
    else:
        return
    assert len(said.splitlines()) == 1
    assert len(said) < 1000


NAMES = st.sampled_from(["df", "px", "x", "f", "a", "pxviews", "pxtrace", "str", "list", "None", "_"])
ATTRIBUTES = st.sampled_from(
    [
        "ctx",
        "agg",
        "groupby",
        "merge",
        "append",
        "head",
        "drop",
        "rolling",
        "stream",
        "latency",
        "req_path",
        "time_",
        "upid",
        "DataFrame",
        "display",
        "now",
        "seconds",
        "bin",
        "select",
        "count",
        "quantiles",
        "Service",
        "Bytes",
        "GetTables",
        "GetTracepointStatus",
        "script_reference",
        "equals_any",
        "__class__",
        "vis",
    ]
)
CONSTANTS = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "2.5",
        "1e300",
        "True",
        "False",
        "None",
        "'http_events'",
        "'process_stats'",
        "'latency'",
        "'-5m'",
        "''",
        "'pod'",
        "'inner'",
        "9223372036854775807",
    ]
)
OPERATORS = st.sampled_from(
    ["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "and", "or", "**", "//", "in", "is", "&", "if"]
)


def joined(parts: Sequence[str]) -> str:
    return ", ".join(parts)


EXPRESSIONS = st.recursive(
    NAMES | CONSTANTS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("({}).{}".format, inner, ATTRIBUTES),
        st.builds("px.{}({})".format, ATTRIBUTES, st.lists(inner, max_size=3).map(joined)),
        st.builds("df.{}({})".format, ATTRIBUTES, st.lists(inner, max_size=4).map(joined)),
        st.builds("({})({}, a={})".format, inner, inner, inner),
        st.builds("df[{}]".format, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("[{}]".format, st.lists(inner, max_size=3).map(joined)),
        st.builds("{{'a': {}}}".format, inner),
        st.builds("not {}".format, inner),
        st.builds("df.groupby({}).agg(a=('latency', px.{}))".format, inner, ATTRIBUTES),
    ),
    max_leaves=8,
)
STATEMENTS = st.one_of(
    EXPRESSIONS,
    st.builds("x = {}".format, EXPRESSIONS),
    st.builds("df = {}".format, EXPRESSIONS),
    st.builds("df.a = {}".format, EXPRESSIONS),
    st.builds("df[{}] = {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("x += {}".format, EXPRESSIONS),
    st.builds("px.display({}, {})".format, EXPRESSIONS, EXPRESSIONS),
    st.builds(
        "def f(x, a: {}={}):\n  df.x = {}\n  return {}".format, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS
    ),
    st.builds("import {}".format, NAMES),
    st.builds("from {} import {}".format, NAMES, ATTRIBUTES),
)
ANY = Tables([HTTP])


@settings(deadline=None, max_examples=200)
@given(st.lists(STATEMENTS, max_size=6))
def test_any_syntax_tree(statements: Sequence[str]) -> None:
    with suppress(UsageError):
        compile_script("\n".join(["import px", "df = px.DataFrame('http_events')", *statements]), "x", {}, ANY)


@settings(deadline=None)
@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SERVICES)))
    inserted = data.draw(st.text("()[]{}'\".,:= \n\tx0#\\", max_size=3))
    text = SERVICES[:at] + inserted + SERVICES[at + data.draw(st.integers(0, 3)) :]
    with suppress(UsageError):
        compile_script(text, "x", {"start_time": "-5m", "svc": ""}, ANY)
    with suppress(UsageError):
        signature_of(text)
