"""One value as text for a person: times, durations and sizes in their unit, text in one line.

Text from the wire may hold escape sequences that move the cursor or change the terminal's title: every control
character is shown as its escape, never sent.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import isfinite

from pxcap.scripts.types import Data, Schema, Semantic, Type

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_ESCAPES |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_ESCAPES |= {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def one_line(text: str) -> str:
    """The text with control characters, line ends and direction overrides as escapes."""
    return text.translate(_ESCAPES)


def is_number(value: object) -> bool:
    """Whether a value is shown at the right, as numbers are."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def time_text(ns: int) -> str:
    """A time in ns since the epoch as `2026-11-23 10:31:15.241`, UTC; the number itself beyond year 9999."""
    try:
        return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S") + f".{ns // 10**6 % 1000:03d}"
    except (ValueError, OverflowError, OSError):
        return str(ns)


def duration_text(ns: int) -> str:
    """A duration in ns in its best unit: `850 ns`, `1.8 ms`, `12.4 s`."""
    return _scaled(ns, "ns", ("µs", "ms", "s"))


def size_text(size: int) -> str:
    """A size in bytes, decimal units: `312 B`, `12.4 kB`."""
    return _scaled(size, "B", ("kB", "MB", "GB", "TB"))


def _scaled(number: int, unit: str, larger: Sequence[str]) -> str:
    """In the largest unit that leaves 1 or more, with one decimal."""
    if abs(number) < 1000:
        return f"{number} {unit}"
    power = 1
    while power < len(larger) and abs(number) >= 999.95 * 1000**power:
        power += 1
    return f"{number / 1000**power:.1f} {larger[power - 1]}"


def throughput_text(per_ns: float) -> str:
    """A number of things by ns as one by second: `12.3 /s`."""
    return f"{_number(per_ns * 1e9)} /s"


def data_rate_text(per_ns: float) -> str:
    """Bytes by ns as bytes by second: `1.2 kB/s`."""
    rate = per_ns * 1e9
    return f"{size_text(round(rate)) if abs(rate) >= 100 else f'{_number(rate)} B'}/s"


def percent_text(part: float) -> str:
    """A part of 1 in percent: `31.8 %`."""
    return f"{part * 100:.1f} %" if abs(part) >= 0.0005 or part == 0 else f"{part * 100:.2g} %"


def _number(value: float) -> str:
    """A number with what matters of it: `0.33333`, `12.5`, `1234567`."""
    return str(round(value)) if abs(value) >= 1e5 or value == round(value) else f"{value:.5g}"


def _quantiles(text: str, one: Callable[[float], str]) -> str:
    """Quantiles in JSON as `p50 1.2 ms  p90 3.4 ms  p99 9.1 ms`; other text as it is."""
    try:
        found = json.loads(text)
        return "  ".join(f"{name} {one(found[name])}" for name in _SHOWN_QUANTILES if found[name] is not None)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return one_line(text)


def _label(text: str) -> str:
    """The label of a link to a script; other text as it is."""
    try:
        return one_line(str(json.loads(text)["label"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return one_line(text)


_SHOWN_QUANTILES = ("p50", "p90", "p99")
_BY_UNIT: dict[str, Callable[[float], str]] = {
    "ns since epoch": lambda value: time_text(round(value)),
    "ns": lambda value: duration_text(round(value)),
    "bytes": lambda value: size_text(round(value)),
    "number": _number,
    "percent": percent_text,
    "1/ns": throughput_text,
    "bytes/ns": data_rate_text,
}
_OF_TEXT: dict[str, Callable[[str], str]] = {
    "quantiles": lambda text: _quantiles(text, _number),
    "ns quantiles": lambda text: _quantiles(text, _BY_UNIT["ns"]),
    "label": _label,
}
_UNITS = {
    Semantic.TIME_NS: "ns since epoch",
    Semantic.DURATION_NS: "ns",
    Semantic.BYTES: "bytes",
    Semantic.PERCENT: "percent",
    Semantic.THROUGHPUT_PER_NS: "1/ns",
    Semantic.THROUGHPUT_BYTES_PER_NS: "bytes/ns",
    Semantic.QUANTILES: "quantiles",
    Semantic.DURATION_QUANTILES: "ns quantiles",
    Semantic.SCRIPT_REFERENCE: "label",
}


def unit_of(kind: Type) -> str:
    """The unit in which `cell` shows values of a type."""
    return _UNITS.get(kind.semantic) or ("number" if kind.data is Data.FLOAT64 else "")


def units_of_schema(schema: Schema) -> dict[str, str]:
    """Unit by column name."""
    return {field.name: unit for field in schema if (unit := unit_of(field.type))}


def cell(value: object, unit: str = "") -> str:
    """A value of a result as a table shows it; `unit` as in `pxcap.core.columns.Column`, or from `unit_of`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _OF_TEXT.get(unit, one_line)(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        render = _BY_UNIT.get(unit)
        return render(value) if render and isfinite(value) else str(value)
    if isinstance(value, bytes):
        return one_line(value.decode("utf-8", "backslashreplace"))
    return one_line(str(value))
