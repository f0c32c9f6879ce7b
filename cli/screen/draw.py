"""A view as lines of a screen."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from pxcap.cli.drawing.outputs import drawing
from pxcap.cli.output import GAP, NARROWEST, READABLE, choose_columns, share_width
from pxcap.scripts.values import is_number, one_line

if TYPE_CHECKING:
    from pxcap.cli.screen.view import Page, View

_KEYS = "q quit  ↑↓ select  enter open  s sort  r reverse  / filter"
_READING = "enter back  ↑↓ scroll"
_LEAST_ROWS = 3  # of the table, whatever is drawn above it
_LONGEST = 512  # characters of a cell that are looked at: no terminal is wider


def draw(view: "View", width: int, height: int) -> list[Text]:
    """Exactly `height` lines, none wider than `width`; sets the view's `page_size`."""
    head, foot = [_heading(view)], [_footing(view)]
    if len(view.pages) > 1:
        head.append(_tabs(view))
    room = max(1, height - len(head) - len(foot))
    page = view.page
    if page is None:
        body = [Text("reading…")]
    elif view.opened is not None:
        body = _record(view, page, width, room)
    else:
        charts = _charts(page, width)[: max(0, room - _LEAST_ROWS - 1)]
        body = [*charts, *_table(view, page, width, room - len(charts))]
    lines = [*head, *body[:room], *[Text("")] * (room - len(body)), *foot][:height]
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return lines


def _heading(view: "View") -> Text:
    rows = len(view.rows())
    total = view.page.total if view.page else 0
    count = f"{rows} of {total} rows" if rows != total else f"{total} rows"
    return Text.assemble((view.title, "bold"), f"  {count}  ", (one_line(view.status), "dim"))


def _tabs(view: "View") -> Text:
    parts = ((f" {one_line(page.name)} ", "reverse" if at == view.at else "dim") for at, page in enumerate(view.pages))
    return Text(" ").join(Text(text, style) for text, style in parts)


def _footing(view: "View") -> Text:
    if view.typing:
        return Text(f"/{one_line(view.wanted)}▏")
    if view.opened is not None:
        return Text(_READING, "dim")
    only = f"only {one_line(view.wanted)!r} (esc: all)" if view.wanted else ""
    parts = [only, _KEYS, "tab next output" if len(view.pages) > 1 else ""]
    return Text("  ".join(part for part in parts if part), "dim")


def _charts(page: "Page", width: int) -> list[Text]:
    made: list[Text] = []
    for widget in page.shown.widgets if page.shown else ():
        lines = drawing(page.shown, widget, width) if page.shown else None
        if lines is not None and widget.kind != "Table":
            made += [
                Text(one_line(widget.name), "bold"),
                *(Text(x) if isinstance(x, str) else x for x in lines),
                Text(""),
            ]
    return made


def _table(view: "View", page: "Page", width: int, room: int) -> list[Text]:
    """A heading and the rows around the selected one."""
    rows = view.rows()
    view.page_size = size = max(1, room - 1)
    first = max(0, min(view.selected - size // 2, len(rows) - size))
    part = rows[first : first + size]
    cells = [[page.text(row, at)[:_LONGEST] for at in range(len(page.columns))] for row in part]
    names = [_name(view, page, at) for at in range(len(page.columns))]
    right = [any(is_number(row[at]) for row in part) for at in range(len(names))]
    natural = [max([cell_len(name), *(cell_len(row[at]) for row in cells)]) for at, name in enumerate(names)]
    least = [
        size if right[at] else min(size, max(READABLE if name in page.first else NARROWEST, cell_len(names[at])))
        for at, (name, size) in enumerate(zip(page.columns, natural, strict=True))
    ]
    shown = choose_columns(page.columns, natural, least, width, page.first) if names else []
    widths = share_width([natural[at] for at in shown], [least[at] for at in shown], width)

    def line(texts: list[str], style: str) -> Text:
        fitted = (_fit(texts[at], size, right[at]) for at, size in zip(shown, widths, strict=True))
        return Text((" " * GAP).join(fitted), style)

    made = [line(names, "bold")]
    for number, texts in enumerate(cells, first):
        made.append(line(texts, "reverse" if number == view.selected else ""))
    return made


def _name(view: "View", page: "Page", at: int) -> str:
    mark = (" ▼" if view.descending else " ▲") if at == view.sorted_by else ""
    return one_line(page.columns[at]) + mark


def _fit(text: str, width: int, right: bool) -> str:
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def _record(view: "View", page: "Page", width: int, room: int) -> list[Text]:
    """The opened record whole: a value a line, JSON set out, long texts broken."""
    row = view.opened or ()
    gutter = max(map(len, page.columns), default=0) + GAP
    lines = [
        Text.assemble((f"{one_line(name) if first else '':<{gutter}}", "bold"), part)
        for at, name in enumerate(page.columns[: len(row)])
        for first, part in _parts(page, row, at, max(NARROWEST, width - gutter))
    ]
    view.page_size = room
    view.scroll = max(0, min(view.scroll, len(lines) - room))
    return lines[view.scroll : view.scroll + room]


def _parts(page: "Page", row: tuple[Any, ...], at: int, width: int) -> Iterator[tuple[bool, str]]:
    """The lines of a value, each with whether it is the first."""
    value = row[at]
    texts = [page.text(row, at)]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            texts = json.dumps(json.loads(value, strict=False), indent=2, ensure_ascii=False).splitlines()
        except (ValueError, RecursionError):
            texts = value.splitlines()
    elif isinstance(value, str):
        texts = value.splitlines()
    first = True
    for text in texts or [""]:
        for part in chop_cells(one_line(text), width) or [""]:
            yield first, part
            first = False
