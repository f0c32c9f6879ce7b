"""Start lines and header blocks as parsed objects, made once for each different text.

A connection repeats itself: the same request line, the same block but for one line. So whole lines, whole blocks and
single header lines are remembered, each in a dict that is emptied when full.
"""

import re
from collections.abc import Callable

from pxcap.core.text import REDACTED, quote, to_text
from pxcap.plugins.http.media import media_of
from pxcap.plugins.http.redact import is_secret_header, is_target_header, redact_target
from pxcap.plugins.http.types import TEXT, Headers, Meaning, Media, RequestLine, StatusLine, Verb
from pxcap.plugins.http.wire import (
    CHUNKED,
    METHODS,
    UNKNOWN,
    UNTIL_CLOSE,
    split_cut_request_line,
    split_request_line,
    split_status_line,
)

MAX_LINES, MAX_LINE = 2048, 512  # entries, and bytes of the longest remembered: start lines, header lines
MAX_BLOCKS, MAX_BLOCK = 512, 2048  # the same for header blocks

_FOLD = re.compile(rb"\r?\n[ \t]+")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*":')
_OTHER, _LENGTH, _TRANSFER, CONTENT_CODING, CONTENT_TYPE, _UPGRADE, _EXPECT, _BAD = range(8)  # roles of headers
_ROLES = {
    "content-length": _LENGTH,
    "transfer-encoding": _TRANSFER,
    "content-encoding": CONTENT_CODING,
    "content-type": CONTENT_TYPE,
    "upgrade": _UPGRADE,
    "expect": _EXPECT,
}
_NO_TYPE = media_of("")

Field = tuple[str, str, tuple[int, str] | None]
"""A header line: `"name":"value"`, name in lower case, and role and value in full when they decide how to read on."""

Name = tuple[str, str, int, bool, bool]
"""A header name: in lower case, as a JSON string, role, whether its value is a secret, or a URL that may hold one."""

_REDACTED = quote(REDACTED)
_NO_FIELD: Field = ("", "", (_BAD, ""))
_VERSIONS = {b"HTTP/1.1\r": (1, 1), b"HTTP/1.0\r": (1, 0)}


class _Memo(dict[bytes, Field]):
    """Header lines by bytes, made when first asked for: asking for all lines of a block is then one call."""

    def __init__(self, make: Callable[[bytes], Field]) -> None:
        self._make = make

    def __missing__(self, line: bytes) -> Field:
        field = self._make(line)
        if len(line) <= MAX_LINE:
            if len(self) >= MAX_LINES:
                self.clear()
            self[line] = field
        return field


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
        self._fields = _Memo(self._field)
        self._meanings: dict[tuple[tuple[int, str], ...], Meaning] = {}
        self._names: dict[bytes, Name] = {}
        self._verbs: dict[tuple[bytes, int, int | None], Verb] = {}
        self._media: dict[str, Media] = {}
        self._redact = redact
        self._usual = {(name, end): self._verb(name, *parts) for name in METHODS for end, parts in _VERSIONS.items()}

    def request_line(self, raw: bytes) -> RequestLine | None:
        """Parse a request line without its line feed; None when it is none."""
        words = raw.split(b" ", 3)
        verb = self._usual.get((words[0], words[2])) if len(words) == 3 else None
        if verb is not None and (target := words[1]) and b"\t" not in target:  # what nearly every line is
            line = (verb, self._target(target))
        else:
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
        """Parse a header block, from its first line to the line feed of its last; empty when there is none.

        An empty line in it is malformed: whoever cuts the block out must end it there.
        """
        memo = self._fields
        lines = block.split(b"\n")
        lines.pop()
        before = len(memo)
        fields = list(map(memo.__getitem__, lines))
        json = "{}"
        decisive: tuple[tuple[int, str], ...] = ()
        if fields:
            fragments, names, roles = zip(*fields, strict=True)
            decisive = tuple(filter(None, roles))
            if len(set(names)) == len(names):
                json = "{" + ",".join(fragments) + "}"
            elif _NO_FIELD not in fields:
                json = merged(fields)
        if _NO_FIELD[2] in decisive:
            return self._odd_headers(block)
        headers = (json, self._meanings.get(decisive) or self._meaning(decisive))
        if len(memo) == before and len(block) <= MAX_BLOCK:  # a block with a new line in it will hardly come again
            if len(self.blocks) >= MAX_BLOCKS:
                self.blocks.clear()
            self.blocks[block] = headers
        return headers

    def meaning(self, decisive: tuple[tuple[int, str], ...]) -> Meaning:
        """What headers mean that decide how to read on, by role (CONTENT_TYPE, CONTENT_CODING) and value."""
        return self._meanings.get(decisive) or self._meaning(decisive)

    def _odd_headers(self, block: bytes) -> Headers:
        """A block in which not every line is a header: folded lines (RFC 9112, section 5.2), or malformed ones."""
        lines = _FOLD.sub(b" ", block).split(b"\n")
        lines.pop()
        fields = [self._fields[line] for line in lines]
        decisive = tuple(field[2] for field in fields if field[2] is not None)
        return merged([field for field in fields if field is not _NO_FIELD]), self._meaning(decisive)

    def _request_line(self, method: bytes, target: bytes, major: int, minor: int | None) -> RequestLine:
        return self._verbs.get((method, major, minor)) or self._verb(method, major, minor), self._target(target)

    def _target(self, target: bytes) -> str:
        path = str(target, "utf-8", "backslashreplace")
        if "\0" in path:
            path = to_text(target)
        if self._redact and ("=" in path or "@" in path):
            return redact_target(path)
        return path

    def _verb(self, method: bytes, major: int, minor: int | None) -> Verb:
        verb = Verb(to_text(method), major, minor, method == b"HEAD", method == b"CONNECT")
        if method in METHODS:
            self._verbs[method, major, minor] = verb
        return verb

    def _field(self, line: bytes) -> Field:
        raw_name, colon, raw_value = line.partition(b":")
        name = self._names.get(raw_name) or self._name(raw_name)
        if not colon or name is None or line[0] in b" \t":
            return _NO_FIELD
        lower, key, role, secret, target = name
        value = str(raw_value.strip(b" \t\r"), "utf-8", "backslashreplace")
        if "\0" in value:
            value = value.replace("\0", "\\x00")
        shown = _REDACTED if secret else quote(redact_target(value)) if target else quote(value)
        return (f"{key}:{shown}", lower, (role, value) if role else None)

    def _name(self, raw: bytes) -> Name | None:
        name = to_text(raw.strip(b" \t\r"))
        if not name:
            return None
        lower = name.lower()
        secret = self._redact and is_secret_header(lower)
        target = self._redact and is_target_header(lower)
        parsed = (lower, quote(name), _ROLES.get(lower, _OTHER), secret, target)
        if len(raw) <= MAX_LINE:
            if len(self._names) >= MAX_LINES:
                self._names.clear()
            self._names[raw] = parsed
        return parsed

    def _meaning(self, decisive: tuple[tuple[int, str], ...]) -> Meaning:
        """What the headers mean that decide how to read on; `decisive` are their roles and values."""
        errors: tuple[str, ...] = ()
        length: str | None = None
        transfer: list[str] = []
        codings: list[str] = []
        media = _NO_TYPE
        upgrade = expect = False
        for role, value in decisive:
            if role == _LENGTH:
                length = value if length is None else f"{length},{value}"
            elif role == CONTENT_TYPE:
                media = self._media.get(value) or self._media_of(value)
            elif role == _TRANSFER:
                transfer += _tokens(value)
            elif role == CONTENT_CODING:
                codings += _tokens(value)
            elif role == _UPGRADE:
                upgrade = bool(value)
            elif role == _EXPECT:
                expect = value.lower() == "100-continue"
            else:
                errors = (*errors, "header_line")
        request_frame, response_frame = 0, UNTIL_CLOSE
        if transfer:
            if transfer[-1] == "chunked":
                request_frame = response_frame = CHUNKED
            else:
                request_frame = UNKNOWN  # RFC 9112, section 6.3, 4: the server cannot know either
                errors = (*errors, "transfer_encoding")
            codings += [name for name in transfer if name != "chunked"]
        elif length is not None:
            request_frame = response_frame = _length(length)
            if request_frame == UNKNOWN:
                errors = (*errors, "content_length")
        plain = media.shape == TEXT and not media.charset and not codings
        fast = not errors and response_frame >= 0 and (plain or not response_frame)
        special = upgrade or expect or bool(errors)
        meaning = Meaning(request_frame, response_frame, media, tuple(codings), upgrade, expect, errors, special, fast)
        if sum(len(value) for _, value in decisive) <= MAX_LINE:
            if len(self._meanings) >= MAX_BLOCKS:
                self._meanings.clear()
            self._meanings[decisive] = meaning
        return meaning

    def _media_of(self, value: str) -> Media:
        media = media_of(value[:MAX_LINE])
        if len(value) <= MAX_LINE:
            if len(self._media) >= MAX_BLOCKS:
                self._media.clear()
            self._media[value] = media
        return media


def _length(value: str) -> int:
    """A Content-Length (RFC 9112, section 6.3, 5: a list of one value repeated counts as that), or UNKNOWN."""
    if not value.isdigit() or not value.isascii():
        values = {part.strip() for part in value.split(",")}
        value = values.pop()
        if values or not value.isdigit() or not value.isascii():
            return UNKNOWN
    return int(value) if len(value) < 19 else UNKNOWN


def _tokens(value: str) -> list[str]:
    """A list of codings (RFC 9110, section 5.6.1) without parameters, in lower case, "identity" left out."""
    names = [part.partition(";")[0].strip().lower() for part in value.split(",")]
    return [name for name in names if name and name != "identity"]


def merged(fields: list[Field]) -> str:
    """One JSON object; a name that is repeated has an array of its values, at the place of the first."""
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for fragment, lower, _ in fields:
        key = _KEY.match(fragment)
        end = key.end() if key else 0
        names.setdefault(lower, fragment[:end])
        values.setdefault(lower, []).append(fragment[end:])
    parts = [
        names[lower] + (found[0] if len(found) == 1 else f"[{','.join(found)}]") for lower, found in values.items()
    ]
    return "{" + ",".join(parts) + "}"


_SHARED = {redact: Heads(redact) for redact in (False, True)}


def shared_heads(redact: bool) -> Heads:
    """What this process remembers, with secrets replaced or as they are; at most some 10 MB."""
    return _SHARED[redact]
