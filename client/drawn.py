"""Rows as a table of text, and as one of HTML for notebooks."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from pxcap.scripts.values import cell, is_number

ROWS = 20  # shown of a result
_WIDEST = 40  # characters of a value
_SHOWN = 200  # of a value in HTML

Rows = Callable[[int], Sequence[Sequence[Any]]]


def text(columns: Sequence[str], first: Rows, units: Mapping[str, str], total: int) -> str:
    """The first rows with numbers in units, long values cut, and a line that counts the rest.

    Args:
        columns: Their names.
        first: Gives so many rows from the first.
        units: By column, as `pxcap.scripts.values.cell` knows them.
        total: Rows there are.
    """
    rows = first(ROWS)
    cells = [[_cut(one, _WIDEST) for one in texts] for texts in _texts(columns, rows, units)]
    right = [any(is_number(row[at]) for row in rows) for at in range(len(columns))]
    lines = [list(columns), *cells]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    made = [
        "  ".join(
            one.rjust(width) if number else one.ljust(width)
            for one, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*made, *([_rest(total)] if total > ROWS else ())])


def html(columns: Sequence[str], first: Rows, units: Mapping[str, str], total: int) -> str:
    """The same as a table of HTML, in which nothing of the values is taken for HTML."""
    rows = first(ROWS)
    right = [any(is_number(row[at]) for row in rows) for at in range(len(columns))]
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align: {"right" if number else "left"}">{escape(_cut(one, _SHOWN))}</td>'
            for one, number in zip(texts, right, strict=True)
        )
        + "</tr>"
        for texts in _texts(columns, rows, units)
    )
    more = f"<p>{_rest(total)}</p>" if total > ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _texts(columns: Sequence[str], rows: Sequence[Sequence[Any]], units: Mapping[str, str]) -> list[list[str]]:
    return [[cell(value, units.get(name, "")) for name, value in zip(columns, row, strict=True)] for row in rows]


def _cut(one: str, most: int) -> str:
    return one if len(one) <= most else f"{one[: most - 1]}…"


def _rest(total: int) -> str:
    return f"the first {ROWS} of {total} rows"
