"""Arguments of calls: bound to parameters, and every error stands at the argument it is about."""

from collections.abc import Callable

import pytest

from pxcap.scripts.language.arguments import counted, located
from pxcap.scripts.language.errors import Place, ScriptError

REFUSED = {
    "px.DataFrame()": "1:1: px.DataFrame needs 'table'",
    "px.DataFrame('http_events', table='http_events')": "1:35: px.DataFrame has two values for 'table'",
    "px.DataFrame('http_events', x=1)": "1:31: px.DataFrame has no argument 'x'"
    " (it has: table, select, start_time, end_time)",
    "px.DataFrame('http_events', [], '-5m', '-1m', 5)": "1:47: px.DataFrame takes 4 arguments, found 5",
    "px.DataFrame(1)": "1:14: table of px.DataFrame is 1, expected a string",
    "px.DataFrame('http_events', select=['time_', 1])": "1:36: select of px.DataFrame is a list,"
    " expected a string or a list of strings",
    "df.head('5')": "1:9: n of head is the string '5', expected a whole number",
    "df.head(True)": "1:9: n of head is True, expected a whole number",
    "df.merge(df.groupby('latency'), 'inner', [], [])": "1:10: right of merge is a grouped frame,"
    " expected a frame: .agg(...) is missing",
    "px.bin(df, 5)": "1:8: 1 of px.bin is a frame, expected an expression",
    "px.bin(df.latency, x=5)": "1:22: px.bin has no argument 'x' (it has: 1)",
    "px.now(1)": "1:8: px.now takes no arguments, found 1",
    "df.head(*[1])": "1:9: '*' is not part of PxL",
    "df.head(**{'n': 1})": "1:1: '**' is not part of PxL",
    "df.drop('latencies')": "1:1: unknown column 'latencies'; did you mean 'latency'? (columns here: ",
    "df.groupby(['latencies'])": "1:12: unknown column 'latencies'; did you mean 'latency'? (columns here: ",
    "df.merge(df, 'left', ['x'], ['latency'])": "1:22: unknown column 'x' (columns here: ",
    "df.merge(df, 'left', left_on=['latency'], right_on=['x'])": "1:52: unknown column 'x' (columns here: ",
    "df.agg(a=('latency', px.mean), b=('x', px.sum))": "1:34: unknown column 'x' (columns here: ",
    "df.agg(a=('req_path', px.mean))": "1:10: mean of a column of STRING, expected ",
    "px.DataFrame('http_events', start_time='soon')": "1:40: 'soon' is not a time"
    " (write -5m, 2026-11-28T10:00:00Z or ns since the epoch)",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=REFUSED.keys())
def test_refused(refusal: Callable[[str], str], text: str, said: str) -> None:
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "no arguments"), (1, "1 argument"), (2, "2 arguments")], ids=["none", "one", "more"]
)
def test_counted(count: int, text: str) -> None:
    assert counted(count, "argument") == text


def test_who_knew_the_place_first_knows_it_best() -> None:
    error = ScriptError("wrong", place=Place("a", 1, 2))
    assert located(error, Place("b", 3, 4)).place == Place("a", 1, 2)
    assert str(located(ScriptError("wrong"), Place("b", 3, 4))) == "b:3:4: wrong"
