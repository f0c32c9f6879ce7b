"""Outputs of scripts on a terminal, in a pipe and for programs."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from tests.cli.test_output import Terminal

from pxcap.cli.drawing import outputs
from pxcap.cli.drawing.outputs import drawing, first_columns, rows_of, show, telling
from pxcap.cli.options import ScriptFormat
from pxcap.core.errors import UsageError
from pxcap.scripts.run import Shown
from pxcap.scripts.types import INT64, STRING, TIME, Data, Field, Semantic, Type
from pxcap.scripts.vis import Widget

START = 1_700_000_000_000_000_000
SCHEMA = (
    Field("time_", TIME),
    Field("source", STRING),
    Field("to", STRING),
    Field("latency", Type(Data.INT64, Semantic.DURATION_NS)),
    Field("calls", INT64),
)
ROWS = [(START, "web", "cart", 1_800_000, 2), (START + 10**9, "web", "db", 200_000, 5)]


def shown(name: str = "calls", *widgets: Widget, rows: Sequence[tuple[Any, ...]] = ROWS) -> Shown:
    names = [field.name for field in SCHEMA]
    table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], pa.schema(
        [("time_", pa.int64()), ("source", pa.string()), ("to", pa.string()), ("latency", pa.int64()), ("calls", pa.int64())]
    ))  # fmt: skip
    return Shown(name, SCHEMA, table, widgets)


def widget(kind: str, name: str = "W", **spec: Any) -> Widget:
    return Widget(name, "calls", kind, spec)


GRAPH = widget("Graph", "Flow", adjacencyList={"fromColumn": "source", "toColumn": "to"}, edgeWeightColumn="calls")
SERIES = widget("TimeseriesChart", "Latency", timeseries=[{"value": "latency", "series": "to"}])
TABLE = widget("Table", "All of them")


def test_one_output_in_a_pipe_is_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert show([shown("calls", SERIES, TABLE)], ScriptFormat.TABLE, "px/x") == 1
    assert capsys.readouterr().out.splitlines() == [
        "                  time_  source  to     latency  calls",
        "2023-11-14 22:13:20.000  web     cart    1.8 ms      2",
        "2023-11-14 22:13:21.000  web     db    200.0 µs      5",
    ]


def test_several_have_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert show([shown("calls", TABLE), shown("more", rows=[])], ScriptFormat.TABLE, "px/x") == 2
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[4], lines[5]) == ("All of them", "", "more")
    assert lines[6].split() == ["time_", "source", "to", "latency", "calls"]


@pytest.mark.parametrize("form", [ScriptFormat.TABLE, ScriptFormat.JSON, ScriptFormat.CSV])
def test_why_there_are_no_rows(capsys: pytest.CaptureFixture[str], form: ScriptFormat) -> None:
    nothing = replace(shown(rows=[]), why_none="nobody called")
    show([nothing, shown("more"), replace(nothing, name="b"), shown("c", rows=[])], form, "px/x")
    assert capsys.readouterr().err == "pxcap: no rows: calls, b: nobody called\npxcap: no rows: c\n"


def test_a_graph_in_a_pipe_is_its_edges(capsys: pytest.CaptureFixture[str]) -> None:
    show([shown("calls", GRAPH)], ScriptFormat.TABLE, "px/x")
    assert capsys.readouterr().out.splitlines() == ["source  to    calls", "web     db        5", "web     cart      2"]
    show([shown("calls", GRAPH, TABLE)], ScriptFormat.TABLE, "px/x")
    assert "latency" in capsys.readouterr().out


def test_a_terminal_gets_each_widget_and_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal.attach(monkeypatch)
    bare = widget("VegaChart", "Vega")
    show([shown("calls", SERIES, GRAPH, bare, TABLE)], ScriptFormat.TABLE, "px/x")
    lines = terminal.lines()
    assert [line for line in lines if line in ("Latency", "Flow", "Vega", "All of them")] == ["Latency", "Flow", "Vega"]
    assert "● cart  ● db" in lines
    assert "source  to    calls" in lines
    assert sum("2023-11-14 22:13:21.000  web" in line for line in lines) == 1


def test_a_table_that_has_no_more_than_the_graph_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal.attach(monkeypatch)
    spec = {**GRAPH.spec, "edgeHoverInfo": ["time_", "latency"]}
    show([shown("calls", Widget("Flow", "calls", "Graph", spec), TABLE)], ScriptFormat.TABLE, "px/x")
    assert [line for line in terminal.lines() if line in ("Flow", "All of them")] == ["Flow"]


def test_json_has_every_row_and_says_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show([shown()], ScriptFormat.JSON, "px/x")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [dict(zip([field.name for field in SCHEMA], row, strict=True)) for row in ROWS]
    show([shown("a"), shown("b")], ScriptFormat.JSON, "px/x")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["_output"] for row in rows] == ["a", "a", "b", "b"]


def test_csv_of_several_has_their_names_in_front(capsys: pytest.CaptureFixture[str]) -> None:
    show([shown("a"), shown("b", rows=ROWS[:1])], ScriptFormat.CSV, "px/x")
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert [row[:3] for row in rows] == [
        ["_output", "time_", "source"],
        ["a", str(START), "web"],
        ["a", str(START + 10**9), "web"],
        ["_output", "time_", "source"],
        ["b", str(START), "web"],
    ]
    show([shown("a")], ScriptFormat.CSV, "px/x")
    assert capsys.readouterr().out.startswith("time_,source,to,latency,calls\n")


def test_graphs_for_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert show([shown("calls", TABLE), shown("calls", GRAPH)], ScriptFormat.DOT, "px/x") == 2
    assert capsys.readouterr().out.startswith('digraph "Flow" {\n')
    show([shown("calls", GRAPH)], ScriptFormat.MERMAID, "px/x")
    assert capsys.readouterr().out.startswith("flowchart LR\n")
    with pytest.raises(UsageError, match="px/x shows no graph, which -o dot asks for"):
        show([shown("calls", TABLE)], ScriptFormat.DOT, "px/x")
    assert show([], ScriptFormat.DOT, "px/x") == 0


def test_the_newest_rows_are_shown_and_the_rest_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "ROWS_IN_TABLE", 1)
    show([shown()], ScriptFormat.TABLE, "px/x")
    out, err = capsys.readouterr()
    assert [line.split()[-1] for line in out.splitlines()] == ["calls", "5"]
    assert err == "the newest 1 of 2 rows of 'calls' are shown; -o json shows all\n"


@pytest.mark.parametrize(
    ("drawn", "lines"),
    [
        (widget("StatChart", stat={"value": "latency"}), ["200.0 µs"]),
        (widget("BarChart", bar={"value": "calls", "label": "to", "stackBy": "source"}), ["db / web", "cart / web"]),
        (widget("HistogramChart", histogram={"value": "latency", "maxbins": 2}), ["0 ns to 1.0 ms    1", "1.0 ms to 2.0 ms  1"]),
        (
            widget("HistogramChart", histogram={"value": "latency", "prebinCount": "calls", "minstep": 5e6}),
            ["0 ns to 5.0 ms  7"],
        ),
        (widget("BarChart", bar={"value": "gone"}), None),
        (widget("BarChart", bar={"value": "to", "label": "source"}), None),
        (widget("HistogramChart", histogram={"value": "to"}), None),
        (widget("TimeseriesChart", timeseries=[{"value": "gone"}]), None),
        (widget("StatChart"), None),
    ],
)  # fmt: skip
def test_charts(drawn: Widget, lines: list[str] | None) -> None:
    made = drawing(shown(), drawn, 60)
    assert (made is None) == (lines is None)
    for found, wanted in zip(made or (), lines or (), strict=True):
        assert str(found).startswith(wanted)


def test_bars_are_labelled_as_cells_are() -> None:
    bars = widget("BarChart", bar={"value": "calls", "label": "latency"})
    rows = [(*ROWS[0][:3], None, 7), (*ROWS[1][:3], 1_500_000, 5)]
    made = drawing(shown(rows=rows), bars, 60)
    assert [str(line).split("  ")[0] for line in made or ()] == ["-", "1.5 ms"]


def test_no_rows_are_drawn_as_nothing() -> None:
    empty = shown(rows=[])
    assert [str(line) for line in drawing(empty, SERIES, 60) or ()] == ["nothing to draw"]
    assert drawing(empty, widget("StatChart", stat={"value": "latency"}), 60) == ["nothing to draw"]
    assert drawing(empty, widget("BarChart", bar={"value": "calls"}), 60) == []


def test_columns_that_tell_rows_apart_are_kept_longest() -> None:
    rows = [(1, "web", "x" * 50, 0), (2, "web", "", 5), (3, "web", "", 5)]
    assert telling(("n", "source", "body", "size"), rows, {}) == ["n", "size", "source"]
    assert telling(("n", "source"), rows[:1], {}) == ["n", "source"]
    said = Widget("Calls", "calls", "Table", {"firstColumns": ["to", "calls"]})
    assert first_columns(shown("calls", said), ROWS) == ["to", "calls", "time_", "latency", "source"]


def test_rows_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "_BATCH", 1)
    assert list(rows_of(shown().table)) == ROWS
