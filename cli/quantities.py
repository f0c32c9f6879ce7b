"""Durations, sizes and shares of a processor as a person writes them on the command line."""

import os
import re
from collections.abc import Mapping

from pxcap.core.errors import UsageError

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_CORES = {"": 1.0, "%": 0.01}
_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([a-zA-Z%]*)", re.ASCII)
LEAST_MEMORY = 64_000_000  # bytes; the interpreter with a database driver takes most of it
LEAST_CPU = 0.01  # cores


def duration(text: str, option: str) -> float:
    """Seconds: `30s`, `5m`, `1.5h`; parts may be joined as in `1h30m`.

    Args:
        text: What the person wrote.
        option: The option, for the error.

    Raises:
        UsageError: It is not a duration, or none at all (0s).
    """
    hint = "such as 30s, 5m or 1h30m"
    parts = re.findall(r"[\d.]+[a-zA-Z]+", text)
    if not parts or "".join(parts) != text:
        raise UsageError(f"{option} {text!r}: expected a duration", hint)
    seconds = sum(_read(part, option, _SECONDS, "a duration", hint) for part in parts)
    if not seconds:
        raise UsageError(f"{option} {text}: expected more than nothing", hint)
    return seconds


def size(text: str, option: str, least: int = 1_000_000) -> int:
    """Bytes: `200MB` (million), `256MiB` (1024 times 1024), `1GB`.

    Args:
        text: What the person wrote.
        option: The option, for the error.
        least: What it must come to, in whole MB; LEAST_MEMORY for what limits pxcap itself.

    Raises:
        UsageError: It is not a size, or less than that.
    """
    hint = "such as 200MB or 1GiB"
    number = int(_read(text, option, _BYTES, "a size", hint))
    if number < least:
        raise UsageError(f"{option} {text}: expected {least // 1_000_000}MB at least", hint)
    return number


def cores(text: str, option: str) -> float:
    """Processor time in cores: `0.5` and `50%` are half of one core.

    Raises:
        UsageError: It is not a share, less than a hundredth of a core, or more than this machine has.
    """
    hint = "such as 0.5 or 50%, both half of one core"
    number = _read(text, option, _CORES, "a number of cores", hint)
    most = os.cpu_count() or 1
    if not LEAST_CPU <= number <= most:
        raise UsageError(f"{option} {text}: expected between {LEAST_CPU:g} and {most}, the cores of this machine", hint)
    return number


def _read(text: str, option: str, units: Mapping[str, float], what: str, hint: str) -> float:
    match = _NUMBER.fullmatch(text.strip())
    factor = units.get(match[2]) or units.get(match[2].upper()) if match else None
    if match is None or factor is None:
        raise UsageError(f"{option} {text!r}: expected {what}", hint)
    return float(match[1]) * factor
