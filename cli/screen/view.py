"""What a person looks at, and what keys do to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pxcap.scripts.plan import names
from pxcap.scripts.values import cell, units_of_schema

if TYPE_CHECKING:
    from pxcap.scripts.run import Shown

TIME = "time_"  # rows that have it come with the newest last
MOST_ROWS = 10_000  # of an output that are kept, the newest: each key goes over them
_LOOKED_AT = 1000  # rows, to choose columns by
_MOVES = {"up": -1, "k": -1, "down": 1, "j": 1}
_FAR = {"home": -(1 << 40), "g": -(1 << 40), "end": 1 << 40, "G": 1 << 40}


@dataclass(frozen=True, slots=True)
class Page:
    """One output.

    Attributes:
        name: Its title.
        columns: Names.
        rows: Values.
        units: By column.
        shown: The output itself, for its charts; None for none.
        more: Rows it has besides.
        first: Columns to keep longest where there is no room for all.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    units: Mapping[str, str] = field(default_factory=dict)
    shown: "Shown | None" = None
    more: int = 0
    first: Sequence[str] = ()

    @property
    def total(self) -> int:
        """How many rows the output has."""
        return len(self.rows) + self.more

    def text(self, row: Sequence[Any], at: int) -> str:
        """A value as it is shown."""
        return cell(row[at], self.units.get(self.columns[at], ""))


def page_of(shown: "Shown") -> Page:
    """The page of an output; its title is that of its table, where the vis spec has one."""
    from pxcap.cli.drawing.outputs import first_columns, rows_of

    title = next((one.name for one in shown.widgets if one.kind == "Table"), shown.name)
    columns, units, more = names(shown.schema), units_of_schema(shown.schema), max(0, shown.table.num_rows - MOST_ROWS)
    rows = list(rows_of(shown.table.slice(more if TIME in columns else 0, MOST_ROWS)))
    return Page(title, columns, rows, units, shown, more, first_columns(shown, rows[-_LOOKED_AT:]))


class View:
    """The state of the screen.

    Attributes:
        title: The script's name.
        pages: Its outputs.
        at: Which page is looked at.
        selected: Which of the rows that are visible.
        sorted_by: Column, None for the script's order.
        descending: Whether the greatest comes first.
        wanted: Only rows in which a value has this text are visible.
        typing: Whether keys go into `wanted`.
        opened: Whether the selected row is shown whole; it stays the same row then, whatever comes.
        scroll: Lines of it that are above the screen.
        status: A line about the last refresh.
        page_size: Rows on the screen; who draws sets it.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.pages: list[Page] = []
        self.at = 0
        self.selected = 0
        self.sorted_by: int | None = None
        self.descending = False
        self.wanted = ""
        self.typing = False
        self.opened: tuple[Any, ...] | None = None
        self.scroll = 0
        self.status = ""
        self.page_size = 10
        self._visible: list[tuple[Any, ...]] | None = None

    @property
    def page(self) -> Page | None:
        """The page that is looked at; None before the first."""
        return self.pages[self.at] if self.pages else None

    def update(self, pages: Sequence[Page]) -> None:
        """Look at what is new; the row that was selected stays so while it is there."""
        rows = self.rows()
        chosen = rows[self.selected] if self.selected < len(rows) else None
        follows = self.selected > 0 and self.selected == len(rows) - 1  # at the end: new rows are followed
        if not self.pages and pages:
            follows = TIME in pages[0].columns
        self.pages = list(pages)
        self.at = min(self.at, max(0, len(pages) - 1))
        if self.page is not None and self.sorted_by is not None and self.sorted_by >= len(self.page.columns):
            self.sorted_by = None
        self._visible = None
        now = self.rows()
        if follows and self.sorted_by is None:
            self.selected = len(now) - 1
        elif chosen in now:
            self.selected = now.index(chosen)
        self.selected = max(0, min(self.selected, len(now) - 1))

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows of the page that are visible, in their order."""
        if self._visible is None:
            self._visible = self._find()
        return self._visible

    def press(self, key: str) -> bool:
        """Do what a key asks for; gives whether to go on."""
        if self.typing:
            self._type(key)
        elif self.opened is not None:
            self._read(key)
        elif key == "q":
            return False
        else:
            self._move(key)
        return True

    def _find(self) -> list[tuple[Any, ...]]:
        page = self.page
        if page is None:
            return []
        wanted = self.wanted.casefold()
        rows = [
            row
            for row in page.rows
            if not wanted or any(wanted in page.text(row, at).casefold() for at in range(len(row)))
        ]
        at = self.sorted_by
        if at is None:
            return rows[::-1] if self.descending else rows
        known = sorted((row for row in rows if row[at] is not None), key=lambda row: row[at], reverse=self.descending)
        return known + [row for row in rows if row[at] is None]

    def _move(self, key: str) -> None:
        steps = _MOVES | _FAR | {"pageup": -self.page_size, "pagedown": self.page_size, " ": self.page_size}
        rows = self.rows()
        if key in steps:
            self.selected = max(0, min(self.selected + steps[key], len(rows) - 1))
        elif key in ("tab", "right", "l", "backtab", "left", "h") and self.pages:
            self.at = (self.at + (1 if key in ("tab", "right", "l") else -1)) % len(self.pages)
            self.sorted_by, self.descending = None, False
            self._changed()
        elif key == "s" and self.page is not None:
            following = 0 if self.sorted_by is None else self.sorted_by + 1
            self.sorted_by = following if following < len(self.page.columns) else None
            self._changed()
        elif key in ("r", "S"):
            self.descending = not self.descending
            self._changed()
        elif key == "/":
            self.typing = True
        elif key == "escape":
            self.wanted = ""
            self._changed()
        elif key == "enter" and rows:
            self.opened, self.scroll = rows[self.selected], 0

    def _type(self, key: str) -> None:
        if key in ("enter", "escape"):
            self.typing = False
            self.wanted = "" if key == "escape" else self.wanted
        elif key == "backspace":
            self.wanted = self.wanted[:-1]
        elif len(key) == 1:
            self.wanted += key
        self._changed()

    def _read(self, key: str) -> None:
        steps = _MOVES | _FAR | {"pageup": -self.page_size, "pagedown": self.page_size, " ": self.page_size}
        if key in ("enter", "escape", "q"):
            self.opened = None
        elif key in steps:
            self.scroll = max(0, self.scroll + steps[key])

    def _changed(self) -> None:
        self.selected, self._visible = 0, None
