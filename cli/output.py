"""Results to standard output as table, JSON lines or CSV; everything else to standard error.

A table on a terminal is cut to its width: long texts end in `…`, and columns that still do not fit are left out and
named on standard error. In a pipe every row is whole, and `json` and `csv` never change a value.
"""

import csv
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pxcap.cli.options import Format
from pxcap.scripts.values import cell, is_number, one_line

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2  # blanks between columns
NARROWEST = 12  # a text column is not cut below this on a terminal
READABLE = 20  # nor one that matters below this
WIDEST_ON_TERMINAL = 512  # characters of a cell that are looked at: no terminal is wider
WIDEST_ALIGNED = 60  # in a pipe, longer cells are whole and push the rest of their row to the right

Rows = Iterable[Sequence[object]]


def emit(
    columns: Sequence[str], rows: Rows, form: Format, units: Mapping[str, str] | None = None, first: Sequence[str] = ()
) -> None:
    """Print a result.

    Args:
        columns: Names in order.
        rows: Values in the same order; taken one by one, but for a table, which is held whole to be aligned.
        form: How.
        units: Unit by column name, as in `pxcap.core.columns.Column`; used for tables only.
        first: Columns that matter most, best first: the last to go when a terminal is too narrow for all.
    """
    if form is Format.JSON:
        _emit_json(columns, rows)
    elif form is Format.CSV:
        _emit_csv(columns, rows)
    else:
        _emit_table(columns, list(rows), units or {}, first)


def notice(text: str) -> None:
    """Print one line to standard error."""
    print(one_line(text), file=sys.stderr)


def _emit_json(columns: Sequence[str], rows: Rows) -> None:
    keys = json_keys(columns)
    for row in rows:
        sys.stdout.write(json_line(keys, row) + "\n")


def json_keys(columns: Sequence[str]) -> list[str]:
    """The columns as keys of an object: of several with one name, as a join gives, the later are numbered."""
    keys: list[str] = []
    for name in columns:
        key, number = name, 1
        while key in keys:
            number += 1
            key = f"{name}_{number}"
        keys.append(key)
    return keys


def json_line(keys: Sequence[str], row: Sequence[object]) -> str:
    """A row as one JSON object; infinite numbers and those that are none are null, as JSON has no word for them."""
    escaped = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    try:
        return json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=escaped, allow_nan=False, default=_plain)
    except ValueError:
        finite = [None if isinstance(value, float) and not math.isfinite(value) else value for value in row]
        return json.dumps(dict(zip(keys, finite, strict=True)), ensure_ascii=escaped, default=_plain)


def _emit_csv(columns: Sequence[str], rows: Rows) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([str(value).lower() if isinstance(value, bool) else value for value in row])


def _plain(value: object) -> str:
    """What JSON has no word for (a Decimal, a bytes of a query over foreign tables) as text."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _emit_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], units: Mapping[str, str], first: Sequence[str]
) -> None:
    unit = [units.get(name, "") for name in columns]
    numeric = [any(is_number(row[at]) for row in rows) for at in range(len(columns))]
    names = [one_line(name) for name in columns]
    if not sys.stdout.isatty():
        texts = ([cell(value, unit[at]) for at, value in enumerate(row)] for row in rows)
        _write_plain(names, texts, numeric)
        return
    # What has a unit is read before it is cut: it may be JSON.
    cells = [
        [cell(value if unit[at] else _short(value), unit[at])[:WIDEST_ON_TERMINAL] for at, value in enumerate(row)]
        for row in rows
    ]
    _write_terminal(names, cells, numeric, first)


def _short(value: object) -> object:
    return value[:WIDEST_ON_TERMINAL] if isinstance(value, str | bytes) else value


def _write_plain(names: Sequence[str], rows: Iterable[list[str]], numeric: Sequence[bool]) -> None:
    """Aligned text without colour; no row is cut."""
    lines = [list(names), *rows]
    widths = [min(WIDEST_ALIGNED, max(len(line[at]) for line in lines)) for at in range(len(names))]
    for line in lines:
        aligned = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        )
        sys.stdout.write((" " * GAP).join(aligned).rstrip() + "\n")


def _write_terminal(
    names: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], first: Sequence[str]
) -> None:
    from rich.cells import cell_len
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    natural = [max([cell_len(name), *(cell_len(row[at]) for row in rows)]) for at, name in enumerate(names)]
    least = [
        width if right else min(width, max(READABLE if names[at] in first else NARROWEST, cell_len(names[at])))
        for at, (width, right) in enumerate(zip(natural, numeric, strict=True))
    ]
    shown = choose_columns(names, natural, least, console.width, first)
    widths = share_width([natural[at] for at in shown], [least[at] for at in shown], console.width)
    console.print(_rich_table(names, rows, numeric, shown, widths))
    hidden = [name for at, name in enumerate(names) if at not in shown]
    if hidden:
        notice(f"not shown, too wide for this terminal: {', '.join(hidden)} (-o json has everything)")


def choose_columns(
    names: Sequence[str], natural: Sequence[int], least: Sequence[int], width: int, first: Sequence[str]
) -> list[int]:
    """Which columns fit in `width` cells, each at its least width: those in `first` are taken first, then the narrow."""
    rank = {name: at for at, name in enumerate(first)}
    order = sorted(range(len(names)), key=lambda at: (rank.get(names[at], len(first)), natural[at], at))
    keep = order[:1]
    used = least[order[0]]
    for at in order[1:]:
        if used + GAP + least[at] <= width:
            keep.append(at)
            used += GAP + least[at]
    return sorted(keep)


def share_width(natural: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Widths that together fit in `width` cells where that is possible: the widest columns give way first."""
    widths = list(natural)
    excess = sum(widths) + GAP * (len(widths) - 1) - width
    while excess > 0:
        giving = [at for at in range(len(widths)) if widths[at] > least[at]]
        if not giving:
            break
        widest = max(giving, key=lambda at: widths[at])
        others = [widths[at] for at in giving if widths[at] < widths[widest]]
        down_to = max(least[widest], max(others, default=least[widest]) - 1, widths[widest] - excess)
        excess -= widths[widest] - down_to
        widths[widest] = down_to
    return widths


def _rich_table(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    shown: Sequence[int],
    widths: Sequence[int],
) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold", collapse_padding=True)
    for at, width in zip(shown, widths, strict=True):
        table.add_column(
            names[at], justify="right" if numeric[at] else "left", width=width, no_wrap=True, overflow="ellipsis"
        )
    for row in rows:
        table.add_row(*(row[at] for at in shown))
    return table
