"""Flow graphs: as a list of edges, and in the languages of Graphviz and Mermaid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pxcap.scripts.values import cell, one_line
from pxcap.scripts.vis import Widget

GRAPHS = ("Graph", "RequestGraph")
_REQUESTS = (  # what a request graph's spec calls its columns, what matters most first
    "requestsPerSecondColumn", "p50Column", "p90Column", "p99Column", "errorRateColumn",
    "inboundBytesPerSecondColumn", "outboundBytesPerSecondColumn", "totalRequestCountColumn",
)  # fmt: skip
_ON_EDGE = 2  # measures written at an edge; more hide the graph


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """A graph.

    Attributes:
        title: For people.
        columns: The two ends, then measures, the one that makes an edge heavy first.
        edges: A row for each, the heaviest first.
        units: Of the measures, by column.
    """

    title: str
    columns: tuple[str, ...]
    edges: Sequence[tuple[Any, ...]]
    units: Mapping[str, str] = field(default_factory=dict)


def graph_of(
    widget: Widget, names: Sequence[str], rows: Iterable[Sequence[Any]], units: Mapping[str, str]
) -> FlowGraph | None:
    """The graph that a widget draws of a table; None when the table has not the columns for its ends."""
    wanted = _columns(widget.spec, names)
    if wanted is None:
        return None
    at = [names.index(name) for name in wanted]
    instead = [names.index(name) if name in names else at[end] for end, name in enumerate(_services(widget.spec))]
    edges = [
        (row[at[0]] or row[instead[0]], row[at[1]] or row[instead[1]], *(row[index] for index in at[2:]))
        for row in rows
    ]
    if len(wanted) > 2:
        edges.sort(key=lambda edge: (-(edge[2] if isinstance(edge[2], int | float) else 0), str(edge[0]), str(edge[1])))
    else:
        edges.sort(key=lambda edge: (str(edge[0]), str(edge[1])))
    return FlowGraph(widget.name, wanted, edges, units)


def _columns(spec: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...] | None:
    if "adjacencyList" in spec:
        ends = (spec["adjacencyList"].get("fromColumn", ""), spec["adjacencyList"].get("toColumn", ""))
        measures = [spec.get("edgeWeightColumn", ""), spec.get("edgeColorColumn", ""), *spec.get("edgeHoverInfo", ())]
    else:
        pods = (spec.get("requestorPodColumn", ""), spec.get("responderPodColumn", ""))
        ends = pods if all(end in names for end in pods) else _services(spec)
        measures = [spec.get(one, "") for one in _REQUESTS]
    if not all(end in names for end in ends):
        return None
    return tuple(dict.fromkeys((*ends, *(one for one in measures if one in names))))


def _services(spec: Mapping[str, Any]) -> tuple[str, str]:
    """The ends of a request graph by services: where a pod is not known, its service may be."""
    return spec.get("requestorServiceColumn", ""), spec.get("responderServiceColumn", "")


def dot(graphs: Sequence[FlowGraph]) -> str:
    """The graphs for Graphviz's `dot`; each is a digraph."""
    made = []
    for graph in graphs:
        most = max((edge[2] for edge in graph.edges if _heavy(edge)), default=0)
        made += [f"digraph {_dot_text(graph.title)} {{", "  rankdir=LR;", "  node [shape=box];"]
        for edge in graph.edges:
            width = f", penwidth={1 + 4 * edge[2] / most:.1f}" if _heavy(edge) else ""
            label = _dot_text(_label(graph, edge))
            made.append(f"  {_dot_text(_end(edge[0]))} -> {_dot_text(_end(edge[1]))} [label={label}{width}];")
        made.append("}")
    return "\n".join(made) + "\n"


def mermaid(graphs: Sequence[FlowGraph]) -> str:
    """The graphs as one Mermaid flowchart; several are parts of it."""
    made = ["flowchart LR"]
    for number, graph in enumerate(graphs):
        if len(graphs) > 1:
            made.append(f"  subgraph g{number}[{_mermaid_text(graph.title)}]")
        ends = {end: f"n{number}_{at}" for at, end in enumerate(_all_ends(graph))}
        made += [f"  {name}[{_mermaid_text(end)}]" for end, name in ends.items()]
        for edge in graph.edges:
            label = _label(graph, edge)
            arrow = f"-->|{_mermaid_text(label)}|" if label else "-->"
            made.append(f"  {ends[_end(edge[0])]} {arrow} {ends[_end(edge[1])]}")
        if len(graphs) > 1:
            made.append("  end")
    return "\n".join(made) + "\n"


def _all_ends(graph: FlowGraph) -> Iterable[str]:
    return dict.fromkeys(_end(end) for edge in graph.edges for end in edge[:2])


def _end(value: object) -> str:
    return one_line(str(value)) if value not in (None, "") else "(unknown)"


def _heavy(edge: tuple[Any, ...]) -> bool:
    return len(edge) > 2 and isinstance(edge[2], int | float) and edge[2] > 0


def _label(graph: FlowGraph, edge: tuple[Any, ...]) -> str:
    """The first measures with their names, as `request_throughput 12 /s, latency_p90 1.8 ms`."""
    pairs = list(zip(graph.columns, edge, strict=True))[2 : 2 + _ON_EDGE]
    return ", ".join(f"{name} {cell(value, graph.units.get(name, ''))}" for name, value in pairs if value is not None)


def _dot_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _mermaid_text(text: str) -> str:
    """Quoted, with what Mermaid or the page around it would take for its own as an entity."""
    for sign, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(sign, entity)
    return f'"{text}"'
