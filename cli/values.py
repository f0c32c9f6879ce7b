"""One value as text for a person: times, durations and sizes in their unit, text in one line.

Text from the wire may hold escape sequences that move the cursor or change the terminal's title: every control
character is shown as its escape, never sent.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_ESCAPES |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_ESCAPES |= {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def one_line(text: str) -> str:
    """The text with control characters, line ends and direction overrides as escapes."""
    return text.translate(_ESCAPES)


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


_BY_UNIT = {"ns since epoch": time_text, "ns": duration_text, "bytes": size_text}


def cell(value: object, unit: str = "") -> str:
    """A value of a result as a table shows it; `unit` as in `pxcap.core.columns.Column`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        render = _BY_UNIT.get(unit)
        return render(round(value)) if render and isfinite(value) else str(value)
    if isinstance(value, bytes):
        return one_line(value.decode("utf-8", "backslashreplace"))
    return one_line(str(value))
