"""The module px: tables, times, types, what shows frames."""

from collections.abc import Callable

import pytest
from tests.scripts.language.conftest import NOW, Compile, Tables

from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.px import DEBUGGED, kind, px_module
from pxcap.scripts.language.session import Session
from pxcap.scripts.plan import Call, Filter, Limit, Literal, Operator, Project, Scan, names
from pxcap.scripts.types import INT64, Data, Semantic, Type

S = 1_000_000_000


def scan(plan: Operator) -> Scan:
    while not isinstance(plan, Scan):
        plan = plan.parent  # type: ignore[union-attr]
    return plan


RANGES: dict[str, tuple[int | None, int | None]] = {
    "": (None, None),
    "start_time='-5m'": (NOW - 300 * S, None),
    "start_time='-5m', end_time='-1m'": (NOW - 300 * S, NOW - 60 * S),
    "[], '-5m'": (NOW - 300 * S, None),
    "start_time=None": (None, None),
    "start_time=px.now() - px.minutes(5)": (NOW - 300 * S, None),
    "start_time=px.now() + px.parse_duration('-5m'), end_time=px.now()": (NOW - 300 * S, NOW + 1),
    "start_time=px.now() + px.parse_duration(''), end_time=px.now()": (0, NOW + 1),
    "start_time=5": (5, None),
    "start_time=-5": (NOW - 5, None),
    "start_time='2023-11-14T22:13:20Z'": (NOW, None),
    "start_time=px.strptime('2023-11-14', '%Y-%m-%d')": (1_699_920_000 * S, None),
}


@pytest.mark.parametrize(("arguments", "found"), RANGES.items(), ids=RANGES.keys())
def test_a_table_has_a_range(
    plan: Callable[[str], Operator], arguments: str, found: tuple[int | None, int | None]
) -> None:
    made = scan(plan(f"df = px.DataFrame('http_events', {arguments})"))
    assert (made.table, made.start, made.stop) == ("http_events", *found)


def test_tables_that_were_new_once(plan: Callable[[str], Operator]) -> None:
    assert scan(plan("df = px.DataFrame('http_events.beta')")).table == "http_events"
    assert scan(plan("df = px.DataFrame('kafka_events.beta')")).table == "kafka_events.beta"


def test_select_chooses_columns(plan: Callable[[str], Operator]) -> None:
    made = plan("df = px.DataFrame(table='kafka_events.beta', select=['req_cmd', 'upid'], start_time='-5m')")
    assert names(made.schema) == ("req_cmd", "upid")
    assert "time_" in names(scan(made).schema)


def test_a_row_without_a_process_has_its_address_for_one(plan: Callable[[str], Operator]) -> None:
    made = plan("df = df[['upid']]")
    assert isinstance(made, Project)
    assert isinstance(made.columns[0][1], Call)
    assert made.schema[0].type == Type(Data.STRING, Semantic.UPID)


REFUSED = {
    "df = px.DataFrame('http_evnts')": "1:19: unknown table 'http_evnts'; did you mean 'http_events'?",
    "df = px.DataFrame('http_events', ['latncy'])": "1:34: unknown column 'latncy'; did you mean 'latency'?",
    "df = px.DataFrame('http_events', start_time=df.latency)": "1:45: start_time of px.DataFrame is the column",
    "df = px.DataFrame('http_events', start_time=1.5)": "1:45: start_time of px.DataFrame is 1.5, expected a time such as",
    "x = px.Service(5)": "1:16: expr of px.Service is 5, expected STRING",
    "x = px.Bytes('5')": "1:14: expr of px.Bytes is the string '5', expected INT64",
    "x = px.seconds('5')": "1:16: unit of px.seconds is the string '5', expected a whole number",
    "x = px.days(1000000)": "1:5: a number of more than 64 bits",
    "x = px.parse_duration('soon')": "1:23: 'soon' is not a duration",
    "x = px.equals_any(df.latency, [])": "1:31: comparisons of px.equals_any is a list, expected a list with something",
    "x = px.equals_any(df.latency, [df])": "1:31: comparisons of px.equals_any is a list, expected a list of expr",
    "x = px.script_reference('a', 'px/b', 5)": "1:38: args of px.script_reference is 5, expected a dictionary",
    "x = px.script_reference('a', 'px/b', {'x': df})": "1:5: the argument 'x' of a script is a frame",
    "px.display(5)": "1:1: 'output' is 5, expected a frame",
    "x = list('a')": "1:5: list is a type of arguments only",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=REFUSED.keys())
def test_refused(refusal: Callable[[str], str], text: str, said: str) -> None:
    assert refusal(text).startswith(said)


CONSTANTS: dict[str, tuple[object, Type]] = {
    "px.DurationNanos(5)": (5, Type(Data.INT64, Semantic.DURATION_NS)),
    "px.Bytes(5.5)": (5.5, Type(Data.FLOAT64, Semantic.BYTES)),
    "px.Percent(1)": (1, Type(Data.INT64, Semantic.PERCENT)),
    "px.Service('a')": ("a", Type(Data.STRING, Semantic.SERVICE)),
    "px.milliseconds(2)": (2_000_000, Type(Data.INT64, Semantic.DURATION_NS)),
    "px.now()": (NOW, Type(Data.TIME64NS, Semantic.TIME_NS)),
    "px.parse_time('')": (0, Type(Data.TIME64NS, Semantic.TIME_NS)),
    "px.parse_time('-1s')": (NOW - S, Type(Data.TIME64NS, Semantic.TIME_NS)),
    "px.now() - px.parse_time('-5m')": (300 * S, Type(Data.INT64, Semantic.DURATION_NS)),
    "px.format_duration(2 * px.parse_duration('-5m'))": ("-10m", Type(Data.STRING)),
    "px.uint128('a-b')": ("a-b", Type(Data.STRING, Semantic.UPID)),
    "px.make_upid(1, 2, 3)": ("1:2:3", Type(Data.STRING, Semantic.UPID)),
    "px.equals_any(5, [4, 5])": (True, Type(Data.BOOLEAN)),
}


@pytest.mark.parametrize(("text", "found"), CONSTANTS.items(), ids=CONSTANTS.keys())
def test_constants(plan: Callable[[str], Operator], text: str, found: tuple[object, Type]) -> None:
    made = plan(f"df.x = {text}\ndf = df[['x']]")
    assert isinstance(made, Project)
    literal = made.columns[0][1]
    assert isinstance(literal, Literal)
    assert (literal.value, literal.type) == found


def test_functions_of_columns(plan: Callable[[str], Operator]) -> None:
    made = plan("df = df[px.equals_any(df.req_path, ['/a', '/b'])]")
    assert isinstance(made, Filter)
    assert made.condition.function == "logicalOr"  # type: ignore[union-attr]
    for function in ("parse_duration", "format_duration"):
        made = plan(f"df.x = px.{function}(df.{'note' if function == 'parse_duration' else 'latency'})\ndf = df[['x']]")
        assert made.columns[0][1].function == function  # type: ignore[union-attr]


def test_a_script_reference_has_its_arguments_in_turn(plan: Callable[[str], Operator]) -> None:
    made = plan("df.x = px.script_reference(df.note, 'px/a', {'b': df.req_path, 'c': '-5m'})\ndf = df[['x']]")
    call = made.columns[0][1]  # type: ignore[union-attr]
    assert call.function == "script_reference"
    assert [getattr(one, "value", None) or one.name for one in call.args] == [
        "note",
        "px/a",
        "b",
        "req_path",
        "c",
        "-5m",
    ]
    assert call.type.semantic is Semantic.SCRIPT_REFERENCE


def test_display_and_debug(compiled: Compile) -> None:
    found = compiled("df = px.DataFrame('http_events')\npx.display(df)\npx.display(df, name='a')\npx.debug(df, 'a')")
    assert [one.name for one in found.outputs] == ["output", "a", "_a"]
    assert found.outputs[2].plan == Limit(found.outputs[0].plan, DEBUGGED)  # however many there are, the rest is shown


def test_what_pxcap_does_not_fill_says_so_and_leaves_the_rest(compiled: Compile) -> None:
    found = compiled(
        "t = px.DataFrame(table='jvm_stats', start_time='-30s')\n"
        "t.cmd = px.upid_to_cmdline(t.upid)\nt = t[px.contains(t.cmd, 'java') and t.x > 5].groupby(['a']).agg(b=('c', px.sum))\n"
        "df = px.DataFrame('http_events')\ndf.x = df.latency\nboth = df.merge(t, 'inner', 'x', 'a')\n"
        "df.y = t.b\npx.display(both, 'both')\npx.display(df, 'also')\npx.display(px.DataFrame('http_events'), 'http')\n"
        "px.display([px.DataFrame('http_events').head(1), t], 'list')\npx.export(t, px.otel.Data(t))"
    )
    assert [one.name for one in found.outputs] == ["http", "list[0]"]
    assert [one.name for one in found.refused] == ["both", "also", "list[1]", "export"]
    assert str(found.refused[0].error) == (
        "test:2:5: pxcap does not fill the table 'jvm_stats' (memory of Java processes) yet"
    )


def test_who_was_there_is_known_of_processes_and_nothing_else(compiled: Compile) -> None:
    found = compiled(
        "df = px.DataFrame('process_stats', start_time='-30s')\ndf.pod = df.ctx['pod']\ndf.rss = df.rss_bytes / 1024\n"
        "px.display(df.groupby('pod').agg(), 'pods')\n"
        "px.display(df.agg(first=('time_', px.min), last=('time_', px.max)), 'window')\n"
        "px.display(df.groupby('pod').agg(n=('rss', px.count)), 'counted')\n"
        "px.display(df.groupby('pod').agg(rss=('rss', px.mean)), 'memory')\n"
        "px.display(df[df.num_threads > 1][['pod']], 'many')\n"
        "px.display(px.DataFrame('process_stats', select=['time_', 'upid']), 'chosen')"
    )
    assert [one.name for one in found.outputs] == ["pods", "window", "counted", "chosen"]
    assert {one.name: str(one.error) for one in found.refused} == dict.fromkeys(
        ("memory", "many"),
        "test:2:6: pxcap does not fill the table 'process_stats' (CPU, memory and I/O of processes) yet",
    )
    with pytest.raises(ScriptError, match="unknown column 'rss_byte'; did you mean 'rss_bytes'"):
        compiled("df = px.DataFrame('process_stats')\npx.display(df[['rss_byte']])")


def test_a_tracepoint_may_have_the_name_of_any_table(compiled: Compile) -> None:
    found = compiled(
        "import pxtrace\npxtrace.UpsertTracepoint('t', 'process_stats', 'x', 'y', '5m')\n"
        "px.display(px.DataFrame('process_stats').groupby('upid').agg())"
    )
    assert "pxcap has no tracepoints yet" in str(found.refused[0].error)


def test_functions_are_found_by_their_names(catalog: Tables) -> None:
    module = px_module(Session(catalog))
    assert module.attribute("quantiles") is not None
    assert module.attribute("length") is not None
    assert module.attribute("nothing") is None
    assert {"DataFrame", "length", "quantiles"} <= set(module.known())


def test_a_kind_is_named(catalog: Tables) -> None:
    made = kind(Session(catalog), "int", INT64)
    assert (made.name, made.type) == ("int", INT64)
