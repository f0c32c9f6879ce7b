"""Time series as small plots of braille dots, two by four of them in a cell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite

from rich.text import Text

from pxcap.scripts.values import cell, one_line

HEIGHT = 6  # rows
MOST_LINES = 8  # in one plot; more cannot be told apart
_COLOURS = ("cyan", "yellow", "magenta", "green", "blue", "red", "white", "bright_black")
_NARROWEST = 8  # cells of dots
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of U+2800, by column and row
_TIME = "ns since epoch"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: (time in ns, value), in order of time; a value that is None leaves a hole."""

    name: str
    points: Sequence[tuple[int, float | None]]


def lines_of(
    names: Sequence[str], rows: Iterable[Sequence[object]], values: Sequence[tuple[str, str]], time: str
) -> list[Line]:
    """The lines of a table, those with the greatest values first.

    Args:
        names: The table's columns.
        rows: Its rows.
        values: Column to draw, and the column whose values tell its lines apart ("" for one line).
        time: The column of the times.
    """
    at = {name: index for index, name in enumerate(names)}
    wanted = [(value, at[value], at.get(series)) for value, series in values if value in at]
    found: dict[str, list[tuple[int, float | None]]] = {}
    for row in rows:
        moment = row[at[time]]
        if not isinstance(moment, int):
            continue
        for value, index, series in wanted:
            of = "" if series is None else "(unknown)" if row[series] in (None, "") else one_line(str(row[series]))
            name = of if of and len(wanted) == 1 else f"{value} {of}".rstrip()
            number = row[index]
            is_number = isinstance(number, int | float) and isfinite(number)
            found.setdefault(name, []).append((moment, float(number) if is_number else None))  # type: ignore[arg-type]
    made = [Line(name, sorted(points, key=lambda point: point[0])) for name, points in found.items()]
    return sorted(made, key=lambda line: -max((value or 0.0 for _, value in line.points), default=0.0))


def plot(lines: Sequence[Line], width: int, unit: str = "", height: int = HEIGHT) -> list[Text]:
    """The plot with its axes, and a legend where there are several lines.

    Args:
        lines: What to draw; only the first MOST_LINES are, the others are counted.
        width: Cells there are.
        unit: Of the values, as `pxcap.scripts.values.cell` knows it.
        height: Rows of dots.
    """
    drawn = lines[:MOST_LINES]
    numbers = [value for line in drawn for _, value in line.points if value is not None]
    times = [moment for line in drawn for moment, _ in line.points]
    if not numbers:
        return [Text("nothing to draw")]
    if len(set(times)) == 1:  # one moment is no line
        widest = max(len(line.name) for line in drawn)
        texts = (
            f"{line.name:<{widest}}  {cell(value, unit or 'number')}" for line in drawn for _, value in line.points
        )
        return [*map(Text, texts), Text(f"all at {cell(times[0], _TIME)}")]
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    high = high if high > low else low + 1.0
    top, bottom = cell(high, unit or "number"), cell(low, unit or "number")
    gutter = max(len(top), len(bottom))
    canvas = _Canvas(max(_NARROWEST, width - gutter - 1), height)
    span = max(times) - min(times)
    for line, colour in zip(drawn, _COLOURS, strict=False):
        before: tuple[int, int] | None = None
        for moment, value in line.points:
            if value is None:
                before = None
                continue
            x = round((moment - min(times)) / span * (canvas.dots_wide - 1))
            y = round((high - value) / (high - low) * (canvas.dots_high - 1))
            canvas.line(before or (x, y), (x, y), colour)
            before = (x, y)
    labels = [top, *[""] * (height - 2), bottom]
    made = [
        Text.assemble(f"{label:>{gutter}} ", row) for label, row in zip(labels, canvas.rows(), strict=True)
    ]  # fmt: skip
    first, last = cell(min(times), _TIME), cell(max(times), _TIME)
    made.append(Text(f"{'':{gutter}} {first}{last:>{max(len(last) + 1, canvas.width - len(first))}}"))
    return made + _legend(lines, drawn, width)


def _legend(lines: Sequence[Line], drawn: Sequence[Line], width: int) -> list[Text]:
    if len(lines) == 1:
        return []
    text = Text("", no_wrap=True, overflow="ellipsis")
    for line, colour in zip(drawn, _COLOURS, strict=False):
        text.append("● ", colour).append(f"{line.name}  ")
    if len(lines) > len(drawn):
        text.append(f"and {len(lines) - len(drawn)} more")
    text.truncate(width, overflow="ellipsis")
    return [text]


class _Canvas:
    """Cells of dots, each with the colour of the last line through it."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.dots_wide, self.dots_high = 2 * width, 4 * height
        self._cells: dict[tuple[int, int], tuple[int, str]] = {}

    def line(self, start: tuple[int, int], end: tuple[int, int], colour: str) -> None:
        """Set the dots from one to the other, both included."""
        steps = max(abs(end[0] - start[0]), abs(end[1] - start[1])) or 1
        for step in range(steps + 1):
            x = start[0] + (end[0] - start[0]) * step // steps
            y = start[1] + (end[1] - start[1]) * step // steps
            at = (y // 4, x // 2)
            self._cells[at] = (self._cells.get(at, (0, ""))[0] | _DOTS[x % 2][y % 4], colour)

    def rows(self) -> list[Text]:
        """The cells as text, from the top."""
        return [
            Text.assemble(
                *(
                    ("".join(chr(0x2800 + dots) if dots else " " for dots, _ in part), colour)
                    for colour, part in groupby(
                        (self._cells.get((row, column), (0, "")) for column in range(self.width)), lambda cell: cell[1]
                    )
                )
            )
            for row in range(self.height)
        ]
