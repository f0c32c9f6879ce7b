"""Values as the text and JSON that is stored."""

import re
from codecs import utf_8_decode
from collections.abc import Iterable, Sequence

from pxcap.core.text import quote, to_text

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SEPARATOR = b"\x7f"  # never a part of a UTF-8 sequence, and JSON does not escape it


def shown(data: bytes, size: int) -> str:
    """A value of `size` bytes of which `data` was kept, as text; a cut one ends in its true size."""
    if len(data) == size:
        return to_text(data)
    text = utf_8_decode(data, "backslashreplace")[0].replace("\0", "\\x00")
    return f"{text}...({size} bytes)"


def more(count: int) -> str:
    """What stands for elements that were not kept."""
    return f"...({count} more)"


def json_array(texts: Iterable[str]) -> str:
    """Texts as a JSON array of strings."""
    return "[" + ",".join(map(quote, texts)) + "]"


def bytes_array(values: Sequence[bytes]) -> str:
    """Whole values as a JSON array of strings: `json_array(map(to_text, values))`, decoded and escaped in one go."""
    joined = _SEPARATOR.join(values)
    try:
        text = joined.decode()
    except UnicodeDecodeError:
        return json_array(map(to_text, values))
    if "\0" in text or text.count("\x7f") != len(values) - 1:
        return json_array(map(to_text, values))
    return "[" + quote(text).replace("\x7f", '","') + "]"


def number_json(text: str) -> str:
    """A number as JSON; what JSON has no number for (infinities, NaN, leading zeros) as a string."""
    return text if _JSON_NUMBER.fullmatch(text) else quote(text)
