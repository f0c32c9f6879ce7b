"""Times and durations in scripts: `-5m`, `2026-11-28T10:00:00Z`, ns since the epoch. Now is the newest record's time."""

import re
from datetime import UTC, datetime

from pxcap.scripts.language.errors import ScriptError

UNITS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
_LONGEST = 2**62  # ns; some 146 years, so that sums stay within 64 bits
_PARTS = re.compile(r"([+-]?)((?:\d{1,18}(?:\.\d{1,9})?(?:ns|us|ms|s|m|h|d|w))+)")
_PART = re.compile(r"(\d+)(?:\.(\d+))?(ns|us|ms|s|m|h|d|w)")
_FRACTION = re.compile(r"(.*:\d\d)[.,](\d{1,9})(.*)")


def duration(text: str) -> int:
    """The ns of `-5m`, `1h30m`, `0.5s`.

    Raises:
        ScriptError: The text is none.
    """
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        raise ScriptError(f"{text!r} is not a duration", "write it as -5m, 30s, 1h30m or 500ms")
    total = 0
    for whole, fraction, unit in _PART.findall(found[2]):
        total += int(whole) * UNITS[unit]
        if fraction:
            total += int(fraction) * UNITS[unit] // 10 ** len(fraction)
    if total > _LONGEST:
        raise ScriptError(f"the duration {text!r} is too long", f"at most {_LONGEST // UNITS['d']}d")
    return -total if found[1] == "-" else total


def moment(text: str, now: int) -> int:
    """The ns since the epoch of a duration counted from now, an ISO time (UTC when it does not say) or a number of ns.

    Raises:
        ScriptError: The text is none of these.
    """
    text = text.strip()
    if re.fullmatch(r"-?\d{1,19}", text):
        return absolute(int(text), now)
    if _PARTS.fullmatch(text):
        return _within(now + duration(text), text)
    fraction = 0
    if found := _FRACTION.fullmatch(text):
        text, fraction = found[1] + found[3], int(found[2].ljust(9, "0"))
    try:
        time = datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-"))
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        ns = int(time.timestamp()) * UNITS["s"] + fraction
    except (ValueError, OverflowError):
        hint = "write -5m, 2026-11-28T10:00:00Z or ns since the epoch"
        raise ScriptError(f"{text!r} is not a time", hint) from None
    return _within(ns, text)


def absolute(ns: int, now: int) -> int:
    """The ns since the epoch of a number: a negative one counts from now.

    Raises:
        ScriptError: 64 bits do not hold it.
    """
    return _within(now + ns if ns < 0 else ns, str(ns))


def _within(ns: int, text: str) -> int:
    if not -(2**63) <= ns < 2**63:
        raise ScriptError(f"the time {text!r} is too far away")
    return ns


def shown(ns: int) -> str:
    """A duration in the largest unit there is a whole one of, as Pixie writes it."""
    size = abs(ns)
    for unit in ("d", "h", "m", "s"):
        if size >= UNITS[unit]:
            return f"{'-' if ns < 0 else ''}{size // UNITS[unit]}{unit}"
    return f"{'-' if ns < 0 else ''}{size // UNITS['ms']}ms"
