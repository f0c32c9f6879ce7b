"""Parts of messages as people read them: errors, columns, tags, parameters. Repeated ones are remembered, within bounds."""

from pxcap.core.layout import Invalid, Partial
from pxcap.core.text import clip_text, quote, to_json, to_text
from pxcap.plugins.pgsql.oids import type_name
from pxcap.plugins.pgsql.types import Portal
from pxcap.plugins.pgsql.values import Value, decode
from pxcap.plugins.pgsql.wire import FIELDS, ROW_BODY

MEMO, MEMO_SIZE = 512, 2048  # entries, and bytes of a message, that are remembered
MAX_COLUMNS = 200  # named in a record
MAX_VALUES = 65536  # parameters the protocol allows

_SEVERITY, _LOCALE_SEVERITY, _CODE, _MESSAGE = b"VSCM"
_EXTRA = {ord("D"): "detail", ord("H"): "hint", ord("P"): "position", ord("W"): "where"}


def error(buf: bytes, start: int, stop: int, limit: int) -> tuple[str, str]:
    """SQLSTATE and text of an ErrorResponse or NoticeResponse (section 54.8)."""
    try:
        fields, _ = FIELDS.parse(buf, start, stop)
    except (Partial, Invalid):
        fields = []
    found = {field.code: clip_text(field.text, limit) for field in fields}
    code = found.get(_CODE, "")[:5]
    severity = found.get(_SEVERITY) or found.get(_LOCALE_SEVERITY, "")
    parts = [f"{name}: {found[key]}" for key, name in _EXTRA.items() if key in found]
    text = f"{severity} {code}: {found.get(_MESSAGE, '')}".strip()
    return code, "; ".join((text, *parts))


class Columns:
    """Names of the columns of a RowDescription."""

    def __init__(self) -> None:
        self._memo: dict[bytes, tuple[str, str]] = {}

    def of(self, body: bytes) -> tuple[str, str]:
        """The names alone, and with their types."""
        known = self._memo.get(body)
        if known is not None:
            return known
        try:
            row, _ = ROW_BODY.parse(body, 0, len(body))
        except (Partial, Invalid):
            return "", ""
        more = f", and {len(row) - MAX_COLUMNS} more" if len(row) > MAX_COLUMNS else ""
        row = row[:MAX_COLUMNS]
        names = [to_text(column.name) for column in row]
        typed = [f"{name} {type_name(column.type)}" for name, column in zip(names, row, strict=True)]
        found = ", ".join(names) + more, ", ".join(typed) + more
        if len(body) <= MEMO_SIZE:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            self._memo[bytes(body)] = found
        return found


class Tags:
    """Command tags: their text, and how many rows they tell of (CommandComplete, section 54.7)."""

    def __init__(self) -> None:
        self._memo: dict[bytes, tuple[str, int]] = {}

    def of(self, body: bytes) -> tuple[str, int]:
        """Text, and the number of rows; -1 when it tells none."""
        known = self._memo.get(body)
        if known is not None:
            return known
        text = clip_text(body.partition(b"\0")[0], 200)
        word, _, number = text.rpartition(" ")
        found = text, int(number) if word and len(number) < 19 and number.isascii() and number.isdigit() else -1
        if len(self._memo) >= MEMO:
            self._memo.clear()
        self._memo[bytes(body[:MEMO_SIZE])] = found
        return found


def _literal(value: Value) -> str:
    """A value as JSON."""
    if isinstance(value, str):
        return quote(value)
    return str(value) if type(value) is int else to_json(value)


def values(types: tuple[int, ...], formats: list[int], bound: list[bytes | None], limit: int) -> str | None:
    """Parameters of these types, in these formats, as a JSON array; None when there are none."""
    if not bound:
        return None
    if not types and not any(formats):
        if None not in bound and b"".join(bound).isalnum():  # type: ignore[arg-type]
            return str(b'["%b"]' % b'","'.join(bound), "ascii")  # type: ignore[arg-type]
        texts = [quote(clip_text(value, limit)) if value is not None else "null" for value in bound]
        return f"[{','.join(texts)}]"
    shown: list[Value] = []
    for at, value in enumerate(bound):
        oid = types[at] if at < len(types) else 0
        code = formats[at] if at < len(formats) and len(formats) > 1 else formats[0] if len(formats) == 1 else 0
        shown.append(None if value is None else decode(value, oid, code == 1, limit))
    return f"[{','.join(map(_literal, shown))}]"


def parameters(portal: Portal, limit: int) -> str | None:
    """The parameters of a portal, in the same way."""
    if portal.rendered is None and portal.values:
        portal.rendered = values(portal.statement.types, portal.formats, portal.values, limit)
    return portal.rendered if portal.values else None
