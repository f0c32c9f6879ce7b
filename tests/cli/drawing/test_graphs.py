"""Flow graphs: edges, DOT, Mermaid."""

import re

import pytest

from pxcap.cli.drawing.graphs import FlowGraph, dot, graph_of, mermaid
from pxcap.scripts.vis import Widget

NAMES = ("source", "destination", "rate", "p90", "other")
ROWS = [("web", "cart", 1.0, 10, "x"), ("web", "db", 4.0, 30, "y"), (None, 'a"b<c>#\\', None, None, "z")]
UNITS = {"p90": "ns"}
SPEC = {
    "adjacencyList": {"fromColumn": "source", "toColumn": "destination"},
    "edgeWeightColumn": "rate",
    "edgeColorColumn": "p90",
    "edgeHoverInfo": ["rate", "p90", "gone"],
}
WIDGET = Widget("Calls", "out", "Graph", SPEC)
REQUESTS = Widget(
    "Requests",
    "out",
    "RequestGraph",
    {
        "requestorPodColumn": "pod_a",
        "responderPodColumn": "pod_b",
        "requestorServiceColumn": "source",
        "responderServiceColumn": "destination",
        "p90Column": "p90",
        "requestsPerSecondColumn": "rate",
    },
)


def flow(widget: Widget = WIDGET) -> FlowGraph:
    found = graph_of(widget, NAMES, ROWS, UNITS)
    assert found is not None
    return found


def test_edges_have_the_weight_first_and_the_heaviest_on_top() -> None:
    assert flow().columns == ("source", "destination", "rate", "p90")
    assert [edge[:3] for edge in flow().edges] == [("web", "db", 4.0), ("web", "cart", 1.0), (None, 'a"b<c>#\\', None)]


def test_a_request_graph_falls_back_to_services() -> None:
    assert flow(REQUESTS).columns == ("source", "destination", "rate", "p90")
    pods = graph_of(REQUESTS, ("source", "pod_a", "pod_b", "p90"), [("s", "a", "b", 1), ("s", "", "c", 1)], {})
    assert pods is not None
    assert pods.columns == ("pod_a", "pod_b", "p90")
    assert pods.edges == [("a", "b", 1), ("s", "c", 1)]


def test_without_measures_edges_are_in_order_of_names() -> None:
    bare = Widget("g", "out", "Graph", {"adjacencyList": SPEC["adjacencyList"]})
    found = graph_of(bare, NAMES, ROWS[:2][::-1], {})
    assert found is not None
    assert found.edges == [("web", "cart"), ("web", "db")]
    assert "-->|" not in mermaid([found])
    assert 'label=""' in dot([found])


@pytest.mark.parametrize(
    "spec", [{}, {"adjacencyList": {"fromColumn": "source", "toColumn": "gone"}}, {"dotColumn": "x"}]
)
def test_columns_that_are_not_there_are_no_graph(spec: dict[str, object]) -> None:
    assert graph_of(Widget("g", "out", "Graph", spec), NAMES, ROWS, {}) is None


def test_dot() -> None:
    assert dot([flow()]).splitlines() == [
        'digraph "Calls" {',
        "  rankdir=LR;",
        "  node [shape=box];",
        '  "web" -> "db" [label="rate 4.0, p90 30 ns", penwidth=5.0];',
        '  "web" -> "cart" [label="rate 1.0, p90 10 ns", penwidth=2.0];',
        '  "(unknown)" -> "a\\"b<c>#\\\\" [label=""];',
        "}",
    ]


def test_mermaid() -> None:
    assert mermaid([flow()]).splitlines() == [
        "flowchart LR",
        '  n0_0["web"]',
        '  n0_1["db"]',
        '  n0_2["cart"]',
        '  n0_3["(unknown)"]',
        '  n0_4["a#quot;b#lt;c#gt;#35;\\"]',
        '  n0_0 -->|"rate 4.0, p90 30 ns"| n0_1',
        '  n0_0 -->|"rate 1.0, p90 10 ns"| n0_2',
        "  n0_3 --> n0_4",
    ]


def test_several_graphs_are_one_flowchart() -> None:
    made = mermaid([flow(), flow()])
    assert len(re.findall(r"^flowchart", made, re.MULTILINE)) == 1
    assert made.count('subgraph g1["Calls"]') == 1
    assert made.count("  end\n") == 2
