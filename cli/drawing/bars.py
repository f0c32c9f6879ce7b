"""Numbers as horizontal bars, and values put into bins for them."""

from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10

from rich.cells import cell_len, set_cell_size

from pxcap.scripts.values import cell, one_line

MOST_BARS = 20
BINS = 10
_WIDEST_LABEL = 40
_PARTS = " ▏▎▍▌▋▊▉"  # eighths of a cell


def bars(items: Sequence[tuple[str, float]], width: int, unit: str = "") -> list[str]:
    """A line for each label with its number as a bar and as text; what is beyond MOST_BARS is counted.

    Args:
        items: Labels and numbers, in the order to show.
        width: Cells there are.
        unit: Of the numbers, as `pxcap.scripts.values.cell` knows it.
    """
    drawn = items[:MOST_BARS]
    texts = [cell(value, unit or "number") for _, value in drawn]
    labels = [one_line(label) for label, _ in drawn]
    label_width = min(_WIDEST_LABEL, max(map(cell_len, labels), default=0))
    text_width = max(map(cell_len, texts), default=0)
    room = max(1, width - label_width - text_width - 4)
    most = max((value for _, value in drawn if value > 0), default=0.0)
    made = []
    for label, (_, value), text in zip(labels, drawn, texts, strict=True):
        eighths = round(max(0.0, value) / most * room * 8) if most else 0
        bar = "█" * (eighths // 8) + _PARTS[eighths % 8].strip()
        made.append(f"{_fit(label, label_width)}  {text:>{text_width}}  {bar}".rstrip())
    if len(items) > len(drawn):
        made.append(f"and {len(items) - len(drawn)} more")
    return made


def _fit(label: str, width: int) -> str:
    return set_cell_size(label, width) if cell_len(label) <= width else set_cell_size(label, width - 1) + "…"


def binned(
    values: Iterable[tuple[float, float]], most: int = BINS, least_step: float = 0.0
) -> list[tuple[float, float, float]]:
    """Equal bins over all values, with round limits: from, to (not included), and the weights within.

    Args:
        values: Each with its weight, 1 for a value that was seen once.
        most: So many bins at most, and one more where round limits need it.
        least_step: The bins are not narrower than this.
    """
    seen = [(value, weight) for value, weight in values if isfinite(value)]
    if not seen:
        return []
    low, high = min(value for value, _ in seen), max(value for value, _ in seen)
    step = max(_round((high - low) / max(1, most)), least_step) or 1.0
    first = floor(low / step)
    counts = [0.0] * (floor(high / step) - first + 1)
    for value, weight in seen:
        counts[floor(value / step) - first] += weight
    return [((first + at) * step, (first + at + 1) * step, count) for at, count in enumerate(counts)]


def _round(step: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if step <= 0:
        return 0.0
    power = 10.0 ** floor(log10(step))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= step)
