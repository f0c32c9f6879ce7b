"""Functions of times and durations, both in ns."""

import re
from datetime import UTC, datetime

from pxcap.scripts.functions.arrays import distinct
from pxcap.scripts.functions.base import Function, I, Overload, S, T, Writing
from pxcap.scripts.types import Semantic

UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d)")
_DURATION = re.compile(rf"\s*([+-]?)((?:{_PART.pattern})+)\s*")


def parse_duration(text: str) -> int | None:
    """Ns of `-5m`, `1h30m`, `1.5s`; None when it is no duration."""
    match = _DURATION.fullmatch(text)
    if match is None or len(text) > 100:
        return None
    total = 0
    for number, unit in _PART.findall(match[2]):
        whole, _, part = number.partition(".")
        size = UNITS[unit.replace("µ", "u")]
        total += int(whole or 0) * size + (int(part) * size // 10 ** len(part) if part else 0)
    total = -total if match[1] == "-" else total
    return total if abs(total) < 2**63 else None


def _format(call: Writing) -> str:
    """In the greatest unit there is one of, rounded towards zero."""
    (value,) = call.args
    cases = []
    for unit, size in reversed(UNITS.items()):
        if size >= UNITS["ms"]:
            whole = call.choose(f"({value} - mod({value}, {size})) // {size}", f"{value} / {size}")
            cases.append((f"WHEN abs({value}) >= {size} THEN", f"({whole})::TEXT || '{unit}'"))
    return f"(CASE {' '.join(f'{when} {then}' for when, then in cases)} WHEN {value} IS NOT NULL THEN '0ms' END)"


def _moment(when: datetime) -> int | None:
    """Ns since the epoch, UTC where no zone is given."""
    since = (when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    ns = (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000
    return ns if abs(ns) < 2**63 else None


def _strptime(text: str, pattern: str) -> int | None:
    try:
        return _moment(datetime.strptime(text, pattern))
    except (ValueError, re.error, OverflowError):
        return None


def parse_time(text: str) -> int | None:
    """Ns since the epoch of a date and time as ISO 8601 writes them; None when it is none."""
    try:
        return _moment(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


FUNCTIONS = (
    Function("parse_duration", "Ns of a duration such as -5m or 1h30m; NULL when it is none.", (Overload((S,), I),),
             lambda _: Semantic.DURATION_NS, arrow=distinct(parse_duration, I)),
    Function("format_duration", "A number of ns as -5m, 3h, 200ms: in the greatest unit, rounded towards zero.",
             (Overload((I,), S),), write=_format),
    Function("parse_time", "The time that ISO 8601 text says; NULL when it is none.", (Overload((S,), T),),
             arrow=distinct(parse_time, T)),
    Function("strptime", "The time that text says, in a format as of C's strptime; NULL when it is none.",
             (Overload((S, S), T),), arrow=distinct(_strptime, T)),
)  # fmt: skip
