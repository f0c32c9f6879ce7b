"""Header fields and lists, made once for each different one.

A connection repeats itself: the same fields, in the same order. So fields are remembered by their bytes, and lists by
their fields, each in a dict that is emptied when full. One `Fields` serves all connections with the same wish about
secrets.
"""

from urllib.parse import unquote

from pxcap.core.text import REDACTED, quote, to_text
from pxcap.plugins.http.h2.types import (
    CODING,
    GRPC_ENCODING,
    GRPC_MESSAGE,
    GRPC_STATUS,
    METHOD,
    NO_CODE,
    PATH,
    PLAIN,
    PROTOCOL,
    STATUS,
    TYPE,
    Field,
    Head,
)
from pxcap.plugins.http.headers import CONTENT_CODING, CONTENT_TYPE, Heads, merged, shared_heads
from pxcap.plugins.http.redact import is_secret_header, is_target_header, redact_target
from pxcap.plugins.http.types import BINARY, TEXT

MAX_FIELDS, MAX_FIELD = 2048, 512  # entries, and bytes of the longest remembered
MAX_HEADS, MAX_COST = 1024, 3000  # entries, and bytes of the largest list remembered
OVERHEAD = 32  # of an entry of the dynamic table, bytes (RFC 7541, section 4.1)

_ROLES = {
    ":method": METHOD,
    ":path": PATH,
    ":status": STATUS,
    ":protocol": PROTOCOL,
    "content-type": TYPE,
    "content-encoding": CODING,
    "grpc-status": GRPC_STATUS,
    "grpc-message": GRPC_MESSAGE,
    "grpc-encoding": GRPC_ENCODING,
}


class Fields:
    """Makes fields and header lists, and remembers them; some MB at most."""

    def __init__(self, heads: Heads, redact: bool) -> None:
        self._heads = heads
        self._redact = redact
        self._fields: dict[tuple[bytes, bytes], Field] = {}
        self._lists: dict[tuple[Field, ...], Head] = {}
        self._joined: dict[tuple[Head, Head], str] = {}

    def field(self, name: bytes, value: bytes) -> Field:
        """The field of a name and a value."""
        key = (name, value)
        field = self._fields.get(key)
        if field is None:
            field = self._make(name, value)
            if field.cost <= MAX_FIELD:
                if len(self._fields) >= MAX_FIELDS:
                    self._fields.clear()
                self._fields[key] = field
        return field

    def unknown(self, index: int, value: bytes | None = None) -> Field:
        """A field whose name is at an index of the dynamic table that is not known.

        Without the name nobody can tell whether the value is a secret, so it is taken for one.
        """
        name = f"?{index}"
        shown = "null" if value is None else quote(REDACTED if self._redact else to_text(value))
        cost = OVERHEAD + len(value or b"")
        return Field(f"{quote(name)}:{shown}", name, PLAIN, "", None, cost, known=False)

    def head(self, fields: tuple[Field, ...]) -> Head:
        """The list of these fields."""
        head = self._lists.get(fields)
        if head is None:
            head = self._list(fields)
            if head.cost <= MAX_COST:
                if len(self._lists) >= MAX_HEADS:
                    self._lists.clear()
                self._lists[fields] = head
        return head

    def joined(self, head: Head, trailers: Head) -> str:
        """Both lists as one JSON object."""
        key = (head, trailers)
        text = self._joined.get(key)
        if text is None:
            text = _render((*head.fields, *trailers.fields))
            if len(text) <= MAX_FIELD * 4:
                if len(self._joined) >= MAX_HEADS:
                    self._joined.clear()
                self._joined[key] = text
        return text

    def _make(self, raw: bytes, value: bytes) -> Field:
        name = to_text(raw)
        text = to_text(value)
        role = _ROLES.get(name, PLAIN)
        if self._redact:
            if is_secret_header(name):
                shown = quote(REDACTED)
            elif role == PATH or is_target_header(name):
                text = redact_target(text)
                shown = quote(text)
            else:
                shown = quote(text)
        else:
            shown = quote(text)
        cost = OVERHEAD + len(raw) + len(value)
        return Field(f"{quote(name)}:{shown}", name, role, text if role else "", raw, cost)

    def _list(self, fields: tuple[Field, ...]) -> Head:
        decisive = []
        special = []
        known = True
        for field in fields:
            role = field.role
            if role == TYPE:
                decisive.append((CONTENT_TYPE, field.value))
            elif role == CODING:
                decisive.append((CONTENT_CODING, field.value))
            elif role:
                special.append(field)
            elif not field.known:
                known = False
        meaning = self._heads.meaning(tuple(decisive))
        head = Head(fields, _render(fields), meaning)
        head.known = known
        head.untyped = not known and not any(field.role == TYPE for field in fields)
        head.grpc = meaning.media.name.startswith("application/grpc")
        for field in special:
            role, value = field.role, field.value
            if role == METHOD:
                head.method = value
            elif role == PATH:
                head.path = value
            elif role == STATUS:
                head.status = _number(value, 3)
            elif role == PROTOCOL:
                head.protocol = value
            elif role == GRPC_STATUS:
                code = _number(value, 9)
                head.code = NO_CODE if code is None else code
            elif role == GRPC_MESSAGE:
                head.message = to_text(unquote(value).encode("utf-8", "surrogateescape"))
            else:
                head.coding = value.strip().lower()
        media = meaning.media
        if head.status is not None:
            head.simple = known and head.status >= 200
            shown = media.shape == BINARY or (media.shape == TEXT and not (media.charset or meaning.codings))
            head.plain = head.simple and shown and not head.grpc
        else:
            head.simple = known and head.method not in (None, "CONNECT")
        return head


def _number(text: str, digits: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def _render(fields: tuple[Field, ...]) -> str:
    names = {field.name for field in fields}
    if len(names) == len(fields):
        return "{" + ",".join([field.fragment for field in fields]) + "}"
    return merged([(field.fragment, field.name, None) for field in fields])


_SHARED = {redact: Fields(shared_heads(redact), redact) for redact in (False, True)}


def shared_fields(redact: bool) -> Fields:
    """What this process remembers, with secrets replaced or as they are."""
    return _SHARED[redact]
