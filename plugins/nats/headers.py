r"""Message headers: `NATS/1.0[ code[ description]]\r\n`, `Name: value\r\n` lines, an empty line (ADR-4).

The status stands in the JSON as `Status` and `Description`, as client libraries show it.
"""

from functools import lru_cache

from pxcap.core.text import to_json, to_text

STATUS_TEXTS = {"503": "No Responders"}
"""ADR-4 codes that the server sends without a description."""


@lru_cache(maxsize=1024)
def parse_headers(block: bytes) -> tuple[str, str]:
    """A header block as JSON, names in wire order (a repeated one has an array), and its status, `503 No Responders`.

    Lines that are no headers are left out; where the block was cut, so is the last value.
    """
    lines = block.split(b"\n")
    found: dict[str, str | list[str]] = {}
    status = ""
    words = lines[0].rstrip(b"\r").split(None, 2)
    if len(words) > 1 and words[0] == b"NATS/1.0":
        code = to_text(words[1])
        description = to_text(words[2]).strip() if len(words) > 2 else ""
        found["Status"] = code
        if description:
            found["Description"] = description
        description = description or STATUS_TEXTS.get(code, "")
        status = f"{code} {description}".rstrip()
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name:
            continue
        key, text = to_text(name), to_text(value.strip(b" \t\r"))
        before = found.get(key)
        if before is None:
            found[key] = text
        elif isinstance(before, list):
            before.append(text)
        else:
            found[key] = [before, text]
    return to_json(found), status
