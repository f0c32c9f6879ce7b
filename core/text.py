"""Bytes from the wire as text and JSON that any store accepts, fast."""

import json
import math
from collections.abc import Callable
from json import encoder

REDACTED = "[redacted]"

quote: Callable[[str], str] = getattr(encoder, "c_encode_basestring", None) or encoder.encode_basestring
"""A str as a JSON string literal, non-ASCII kept; about ten times as fast as json.dumps of one string."""


def to_text(data: bytes) -> str:
    r"""Decode UTF-8; bytes that are not, and NUL (which Postgres refuses), become `\xNN`."""
    text = str(data, "utf-8", "backslashreplace")
    return text.replace("\0", "\\x00") if "\0" in text else text


def clip_text(data: bytes, limit: int) -> str:
    """The first `limit` bytes as text, never ending inside a UTF-8 sequence; the rest is cut without a mark."""
    if len(data) <= limit:
        return to_text(data)
    end = limit
    while end > 0 and end > limit - 4 and data[end] & 0xC0 == 0x80:
        end -= 1
    return to_text(data[:end])


def to_json(value: object) -> str:
    """Compact JSON with keys in the order given; NaN and infinities become strings, as JSON has none."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), default=str)


def _finite(value: object) -> object:
    if isinstance(value, float) and (not math.isfinite(value)):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
