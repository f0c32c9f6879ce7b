import json

import pytest

from pxcap.core.errors import UsageError
from pxcap.scripts.vis import FunctionCall, Variable, Vis, Widget, parse

CALL = {"name": "let", "args": [{"name": "start", "variable": "start_time"}, {"name": "top", "value": "5"}]}


def test_a_spec_is_read() -> None:
    vis = parse(
        json.dumps(
            {
                "variables": [
                    {
                        "name": "start_time",
                        "type": "PX_STRING",
                        "defaultValue": {"value": "-5m"},
                        "description": "When.",
                    },
                    {"name": "svc", "type": "PX_SERVICE", "validValues": ["a", "b"]},
                    {"name": "n", "defaultValue": "3"},
                ],
                "globalFuncs": [{"outputName": "LET", "func": CALL}],
                "widgets": [
                    {
                        "name": "Latency",
                        "globalFuncOutputName": "LET",
                        "position": {"x": 0},
                        "displaySpec": {"@type": "types.px.dev/px.vispb.TimeseriesChart", "xAxis": None},
                    },
                    {"name": "List", "func": {"name": "pods"}},
                    {"name": "List", "func": {"name": "nodes", "args": None}},
                    {"func": {"name": "nodes"}},
                ],
            }
        ),
        "vis.json",
    )
    call = FunctionCall("let", {"start": "start_time"}, {"top": "5"})
    assert vis.variables == (
        Variable("start_time", "PX_STRING", "-5m", "When."),
        Variable("svc", "PX_SERVICE", None, "", ("a", "b")),
        Variable("n", "PX_STRING", "3"),
    )
    assert vis.calls == {
        "LET": call,
        "List": FunctionCall("pods"),
        "List (2)": FunctionCall("nodes"),
        "nodes": FunctionCall("nodes"),
    }
    assert [(one.name, one.output, one.kind) for one in vis.widgets] == [
        ("Latency", "LET", "TimeseriesChart"),
        ("List", "List", "Table"),
        ("List", "List (2)", "Table"),
        ("nodes", "nodes", "Table"),
    ]
    assert call.arguments({"start_time": "-1h", "svc": "x"}) == {"start": "-1h", "top": "5"}


@pytest.mark.parametrize("kind", ["types.px.dev/px.vispb.Graph", "pixielabs.ai/pl.vispb.Graph", "Graph"])
def test_kinds_of_every_age(kind: str) -> None:
    widget = {"name": "w", "func": {"name": "f", "args": []}, "displaySpec": {"@type": kind}}
    assert [one.kind for one in parse(json.dumps({"widgets": [widget]}), "vis.json").widgets] == ["Graph"]


def test_an_empty_spec_shows_nothing() -> None:
    assert parse("{}", "vis.json") == Vis()
    assert parse('{"variables": null, "widgets": []}', "vis.json") == Vis()
    assert Widget("a", "b").kind == "Table"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"widgets": [{"name": "x", "globalFuncOutputName": "no"}]}',
        '{"widgets": [{}]}',
        '{"widgets": 3}',
        '{"variables": [{}]}',
        '{"globalFuncs": [{"outputName": "x"}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_spec_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"^px/x/vis\.json: not a vis spec: "):
        parse(text, "px/x/vis.json")
