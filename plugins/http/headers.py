"""Start lines and header blocks as parsed objects, made once for each different text.

A connection repeats itself: the same request line, the same block but for one line. So whole lines, whole blocks and
single header lines are remembered, each in a dict that is emptied when full.
"""

import re

from pxcap.core.text import quote, to_text
from pxcap.plugins.http.media import media_of
from pxcap.plugins.http.redact import redact_header, redact_target
from pxcap.plugins.http.types import TEXT, Headers, Media, RequestLine, StatusLine
from pxcap.plugins.http.wire import (
    CHUNKED,
    UNKNOWN,
    UNTIL_CLOSE,
    split_cut_request_line,
    split_request_line,
    split_status_line,
)

MAX_LINES, MAX_LINE = 2048, 512  # entries, and bytes of the longest remembered: start lines, header lines
MAX_BLOCKS, MAX_BLOCK = 512, 2048  # the same for header blocks

_FOLD = re.compile(rb"\r?\n[ \t]+")
_OTHER, _LENGTH, _TRANSFER, _CONTENT_CODING, _TYPE, _UPGRADE, _EXPECT = range(7)
_ROLES = {
    "content-length": _LENGTH,
    "transfer-encoding": _TRANSFER,
    "content-encoding": _CONTENT_CODING,
    "content-type": _TYPE,
    "upgrade": _UPGRADE,
    "expect": _EXPECT,
}
_NO_TYPE = media_of("")

Field = tuple[str, str, str, str, int, str]
"""A header line: name in lower case, `"name":"value"`, its two halves, role, value in full."""


class Heads:
    """Parsed start lines and headers; one for all connections with the same wish about secrets.

    Attributes:
        request_lines, status_lines, blocks: What is remembered, by bytes as on the wire: a start line without its line
            feed, a block from its first line to the line feed of its last. No block holds an empty line. For hot loops,
            which ask here first.
    """

    def __init__(self, redact: bool) -> None:
        """Remember with secrets replaced, or as they are."""
        self.request_lines: dict[bytes, RequestLine] = {}
        self.status_lines: dict[bytes, StatusLine] = {}
        self.blocks: dict[bytes, Headers] = {}
        self._fields: dict[bytes, Field | None] = {}
        self._media: dict[str, Media] = {}
        self._redact = redact

    def request_line(self, raw: bytes) -> RequestLine | None:
        """Parse a request line without its line feed; None when it is none."""
        parts = split_request_line(raw)
        if parts is None:
            return None
        method, target, major, minor = parts
        line = self._request_line(method, target, major, minor)
        if len(raw) <= MAX_LINE:
            if len(self.request_lines) >= MAX_LINES:
                self.request_lines.clear()
            self.request_lines[raw] = line
        return line

    def cut_request_line(self, raw: bytes) -> RequestLine | None:
        """Parse a request line whose end was lost."""
        line = self.request_line(raw)
        if line is not None:
            return line
        parts = split_cut_request_line(raw)
        return self._request_line(*parts, 1, None) if parts else None

    def status_line(self, raw: bytes) -> StatusLine | None:
        """Parse a status line without its line feed; None when it is none."""
        parts = split_status_line(raw)
        if parts is None:
            return None
        status, reason, major, minor = parts
        interim = 100 <= status < 200 and status != 101
        bodiless = 100 <= status < 200 or status in (204, 304)
        line = StatusLine(status, to_text(reason), major, minor, interim, bodiless)
        if len(raw) <= MAX_LINE:
            if len(self.status_lines) >= MAX_LINES:
                self.status_lines.clear()
            self.status_lines[raw] = line
        return line

    def headers(self, block: bytes) -> Headers:
        """Parse a header block, from its first line to the line feed of its last; empty when there is none."""
        raw = block
        if b"\n " in raw or b"\n\t" in raw:
            raw = _FOLD.sub(b" ", raw)  # RFC 9112, section 5.2
        known = self._fields
        fields = []
        errors: list[str] = []
        for line in raw.split(b"\n")[:-1]:
            field = known.get(line)
            if field is None:
                field = self._field(line)
                if field is None:
                    errors.append("header_line")
                    continue
            fields.append(field)
        if len({field[0] for field in fields}) == len(fields):
            json = "{" + ",".join([field[1] for field in fields]) + "}"
        else:
            json = _merged(fields)
        headers = self._interpret(json, [field for field in fields if field[4]], errors)
        if len(block) <= MAX_BLOCK:
            if len(self.blocks) >= MAX_BLOCKS:
                self.blocks.clear()
            self.blocks[block] = headers
        return headers

    def _request_line(self, method: bytes, target: bytes, major: int, minor: int | None) -> RequestLine:
        path = to_text(target)
        if self._redact:
            path = redact_target(path)
        return RequestLine(to_text(method), path, major, minor, method == b"HEAD", method == b"CONNECT")

    def _field(self, line: bytes) -> Field | None:
        raw_name, colon, raw_value = line.partition(b":")
        name = to_text(raw_name.strip(b" \t\r"))
        if not colon or not name:
            return None
        value = to_text(raw_value.strip(b" \t\r"))
        shown = quote(redact_header(name, value) if self._redact else value)
        lower, key = name.lower(), quote(name)
        field = (lower, f"{key}:{shown}", key, shown, _ROLES.get(lower, _OTHER), value)
        if len(line) <= MAX_LINE:
            if len(self._fields) >= MAX_LINES:
                self._fields.clear()
            self._fields[line] = field
        return field

    def _interpret(self, json: str, fields: list[Field], errors: list[str]) -> Headers:
        """Make the headers from the fields that matter to reading on."""
        lengths: list[str] = []
        transfer: list[str] = []
        codings: list[str] = []
        media = _NO_TYPE
        upgrade = expect = False
        for _, _, _, _, role, value in fields:
            if role == _LENGTH:
                lengths += [part.strip() for part in value.split(",")]
            elif role == _TRANSFER:
                transfer += _tokens(value)
            elif role == _CONTENT_CODING:
                codings += _tokens(value)
            elif role == _TYPE:
                media = self._media_of(value)
            elif role == _UPGRADE:
                upgrade = bool(value)
            else:
                expect = value.lower() == "100-continue"
        request_frame, response_frame = 0, UNTIL_CLOSE
        if transfer:
            if transfer[-1] == "chunked":
                request_frame = response_frame = CHUNKED
            else:
                request_frame = UNKNOWN  # RFC 9112, section 6.3, 4: the server cannot know either
                errors.append("transfer_encoding")
            codings += [name for name in transfer if name != "chunked"]
        elif lengths:
            if lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 19 and len(set(lengths)) == 1:
                request_frame = response_frame = int(lengths[0])
            else:
                request_frame = response_frame = UNKNOWN
                errors.append("content_length")
        plain = media.shape == TEXT and not media.charset and not codings
        fast = not errors and response_frame >= 0 and (plain or not response_frame)
        special = upgrade or expect or bool(errors)
        return Headers(
            json, request_frame, response_frame, media, tuple(codings), upgrade, expect, tuple(errors), special, fast
        )

    def _media_of(self, value: str) -> Media:
        value = value[:MAX_LINE]
        media = self._media.get(value)
        if media is None:
            if len(self._media) >= MAX_BLOCKS:
                self._media.clear()
            media = self._media[value] = media_of(value)
        return media


def _tokens(value: str) -> list[str]:
    """A list of codings (RFC 9110, section 5.6.1) without parameters, in lower case, "identity" left out."""
    names = [part.partition(";")[0].strip().lower() for part in value.split(",")]
    return [name for name in names if name and name != "identity"]


def _merged(fields: list[Field]) -> str:
    """One JSON object; a name that is repeated has an array of its values, at the place of the first."""
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for lower, _, key, value, _, _ in fields:
        names.setdefault(lower, key)
        values.setdefault(lower, []).append(value)
    parts = [
        f"{key}:{values[lower][0]}" if len(values[lower]) == 1 else f"{key}:[{','.join(values[lower])}]"
        for lower, key in names.items()
    ]
    return "{" + ",".join(parts) + "}"


_SHARED = {redact: Heads(redact) for redact in (False, True)}


def shared_heads(redact: bool) -> Heads:
    """What this process remembers, with secrets replaced or as they are; at most some 10 MB."""
    return _SHARED[redact]
