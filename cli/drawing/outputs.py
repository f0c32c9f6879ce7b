"""What a script shows, one output after the other: on a terminal as its vis spec says, in a pipe as tables.

Of an output with a line, bar or graph widget a terminal gets the drawing, and the table, too, where the spec has one. No
drawing goes into a pipe; JSON and CSV have every row with values as they are.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from pxcap.cli.drawing.bars import bars, binned
from pxcap.cli.drawing.graphs import GRAPHS, FlowGraph, dot, graph_of, mermaid
from pxcap.cli.drawing.series import lines_of, plot
from pxcap.cli.options import Format, ScriptFormat
from pxcap.cli.output import emit, json_keys, json_line, notice
from pxcap.core.errors import UsageError
from pxcap.scripts.plan import names as names_of
from pxcap.scripts.types import Data
from pxcap.scripts.values import cell, one_line, units_of_schema
from pxcap.scripts.vis import Widget

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.text import Text

    from pxcap.scripts.run import Shown

ROWS_IN_TABLE = 1000  # more than a person reads; a table must be held whole to be aligned
OUTPUT = "_output"  # the key that tells outputs apart
FIRST = "firstColumns"  # of a table's spec, not one of Pixie's: what matters most where a terminal is narrow
_BATCH = 10_000
_WIDE = 40  # cells; columns of wider texts are the first to go
_OF_NUMBERS = ("BarChart", "HistogramChart")
_CHARTS = ("TimeseriesChart", *_OF_NUMBERS, "StatChart")


def show(outputs: "Iterable[Shown]", form: ScriptFormat, what: str) -> int:
    """Print outputs as they come; gives how many there were.

    Args:
        outputs: To be shown, in order.
        form: How.
        what: The script, for errors.

    Raises:
        UsageError: A graph was asked for and none is shown; or whatever computing an output raises.
    """
    if form in (ScriptFormat.DOT, ScriptFormat.MERMAID):
        return _show_graphs(outputs, form, what)
    count = 0
    empty: dict[str, list[str]] = {}
    for count, (one, several) in enumerate(_with_several(outputs), 1):
        if not one.table.num_rows:
            empty.setdefault(one.why_none, []).append(one.name)
        if form is ScriptFormat.JSON:
            _json(one, several)
        elif form is ScriptFormat.CSV:
            _csv(one, several)
        else:
            if count > 1:
                sys.stdout.write("\n")
            _table(one, several)
    sys.stdout.flush()
    for why, names in empty.items():
        notice(f"pxcap: no rows: {', '.join(names)}{why and ': '}{why}")
    return count


def rows_of(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    """A table's rows, a part of it at a time."""
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def drawing(one: "Shown", widget: Widget, width: int) -> "list[Text | str] | None":
    """The lines of a chart; None for a widget that is none, or whose columns the output has not."""
    names, spec = names_of(one.schema), widget.spec
    units = units_of_schema(one.schema)
    rows = rows_of(one.table)
    if widget.kind == "TimeseriesChart":
        values = [(each.get("value", ""), each.get("series", "")) for each in spec.get("timeseries") or ()]
        time = next((field.name for field in one.schema if field.type.data is Data.TIME64NS), None)
        values = [(value, series) for value, series in values if value in names]
        if time is None or not values:
            return None
        return [*plot(lines_of(names, rows, values, time), width, units.get(values[0][0], ""))]
    part = spec.get({"BarChart": "bar", "HistogramChart": "histogram", "StatChart": "stat"}.get(widget.kind, ""), {})
    value = part.get("value", "")
    if value not in names or (widget.kind in _OF_NUMBERS and one.schema[names.index(value)].type.data is Data.STRING):
        return None
    at, unit = names.index(value), units.get(value, "")
    if widget.kind == "StatChart":
        last = next(iter(rows_of(one.table.slice(max(0, one.table.num_rows - 1)))), None)
        return [cell(last[at], unit) if last else "nothing to draw"]
    if widget.kind == "BarChart":
        labels = [names.index(each) for key in ("label", "stackBy", "groupBy") if (each := part.get(key, "")) in names]
        items = [
            (" / ".join(cell(row[label], units.get(names[label], "")) or "-" for label in labels), float(row[at] or 0))
            for row in rows
        ]
        return [*bars(sorted(items, key=lambda item: -item[1]), width, unit)]
    weight = part.get("prebinCount", "")
    counted = names.index(weight) if weight in names else None
    pairs = [(row[at], 1 if counted is None else row[counted] or 0) for row in rows if row[at] is not None]
    found = binned(pairs, int(part.get("maxbins") or 10), float(part.get("minstep") or 0))
    return [*bars([(f"{cell(low, unit)} to {cell(high, unit)}", count) for low, high, count in found], width)]


def _with_several(outputs: "Iterable[Shown]") -> "Iterator[tuple[Shown, bool]]":
    """Each with whether it is one of several: the second is computed before the first is shown."""
    waiting = iter(outputs)
    first, second = next(waiting, None), next(waiting, None)
    if first is not None:
        yield first, second is not None
    if second is not None:
        yield from ((one, True) for one in chain([second], waiting))


def _json(one: "Shown", several: bool) -> None:
    names = names_of(one.schema)
    keys = json_keys([OUTPUT, *names] if several else names)
    for row in rows_of(one.table):
        sys.stdout.write(json_line(keys, [one.name, *row] if several else row) + "\n")


def _csv(one: "Shown", several: bool) -> None:
    """A heading and rows; of several outputs each has its own heading, and the name in front."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*([OUTPUT] if several else ()), *names_of(one.schema)])
    for row in rows_of(one.table):
        values = [str(value).lower() if isinstance(value, bool) else value for value in row]
        writer.writerow([*([one.name] if several else ()), *values])


def _table(one: "Shown", several: bool) -> None:
    """Everything the vis spec says on a terminal; one table in a pipe."""
    widgets = one.widgets or (Widget(one.name, one.name),)
    if not sys.stdout.isatty():
        graph = next((widget for widget in widgets if widget.kind in GRAPHS), None)
        tabular = next((widget for widget in widgets if widget.kind == "Table"), None)
        if several:
            _title(tabular.name if tabular else one.name)
        if tabular is None and graph is not None and _edges(one, graph):
            return
        _rows(one)
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    titled, listed = several or len(widgets) > 1, False
    for number, widget in enumerate(widgets):
        lines = drawing(one, widget, console.width) if widget.kind in _CHARTS else None
        if lines is None and listed and widget.kind not in GRAPHS:
            continue
        if number:
            sys.stdout.write("\n")
        if titled:
            _title(widget.name)
        if lines is not None:
            for line in lines:
                console.print(line, no_wrap=True, overflow="ellipsis")
        elif widget.kind in GRAPHS and (columns := _edges(one, widget)):
            listed = listed or len(columns) == len(one.schema)
        else:
            listed = True
            _rows(one)


def _title(text: str) -> None:
    bold = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    sys.stdout.write(f"{bold[0]}{one_line(text)}{bold[1]}\n")


def _rows(one: "Shown") -> None:
    names, total = names_of(one.schema), one.table.num_rows
    newest = "time_" in names
    part = one.table.slice(max(0, total - ROWS_IN_TABLE)) if newest else one.table.slice(0, ROWS_IN_TABLE)
    rows, units = list(rows_of(part)), units_of_schema(one.schema)
    emit(names, rows, Format.TABLE, units, first_columns(one, rows))
    if total > ROWS_IN_TABLE:
        which = "newest" if newest else "first"
        notice(f"the {which} {ROWS_IN_TABLE} of {total} rows of {one.name!r} are shown; -o json shows all")


def first_columns(one: "Shown", rows: Sequence[Sequence[Any]]) -> list[str]:
    """The columns to keep longest where there is no room for all: what the vis spec says, then what `telling` does."""
    said = [name for widget in one.widgets for name in widget.spec.get(FIRST, ())]
    return list(dict.fromkeys([*said, *telling(names_of(one.schema), rows, units_of_schema(one.schema))]))


def telling(names: Sequence[str], rows: Sequence[Sequence[Any]], units: Mapping[str, str]) -> list[str]:
    """The columns that tell rows apart, then the others, each in their order.

    Columns of long texts are none of them.
    """
    different: list[str] = []
    same: list[str] = []
    for at, name in enumerate(names):
        texts = {cell(row[at], units.get(name, "")) for row in rows}
        if all(len(text) <= _WIDE for text in texts):
            (same if len(texts) < 2 <= len(rows) else different).append(name)
    return different + same


def _edges(one: "Shown", widget: Widget) -> tuple[str, ...]:
    """Print a graph's edges; gives their columns, none for what is no graph."""
    graph = graph_of(widget, names_of(one.schema), rows_of(one.table), units_of_schema(one.schema))
    if graph is None:
        return ()
    emit(graph.columns, graph.edges[:ROWS_IN_TABLE], Format.TABLE, graph.units, graph.columns[:3])
    return graph.columns


def _show_graphs(outputs: "Iterable[Shown]", form: ScriptFormat, what: str) -> int:
    graphs: list[FlowGraph] = []
    count = 0
    for count, one in enumerate(outputs, 1):  # noqa: B007 - the last count is given
        for widget in one.widgets:
            if widget.kind in GRAPHS:
                graph = graph_of(widget, names_of(one.schema), rows_of(one.table), units_of_schema(one.schema))
                graphs += [graph] if graph is not None else []
    if count and not graphs:
        raise UsageError(
            f"{what} shows no graph, which -o {form.value} asks for", "scripts named *_flow_graph show one"
        )
    if graphs:
        sys.stdout.write(dot(graphs) if form is ScriptFormat.DOT else mermaid(graphs))
    return count
