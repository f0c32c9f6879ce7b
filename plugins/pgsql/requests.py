"""Messages of the client: what each asks for, with its statement and parameters.

Source: sections 54.2 and 54.7. A message that was cut (longer than what is kept, or by the capture) gives what its
beginning tells.
"""

from collections.abc import Callable
from struct import Struct, error, unpack_from
from typing import Any

from pxcap.core.layout import Invalid, Layout, Partial
from pxcap.core.protocol import LOST, Settings
from pxcap.core.text import REDACTED, clip_text, to_json, to_text
from pxcap.plugins.pgsql import wire
from pxcap.plugins.pgsql.named import Named
from pxcap.plugins.pgsql.redact import redact
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import STARTUP, Portal, Request, Statement, Whole

MAX_NAMED, MAX_TEXTS = 1024, 1 << 20  # statements known by name, and bytes of their texts
MAX_PORTALS, MAX_VALUES = 256, 1 << 19  # portals known by name, and bytes of their values
MAX_NAME = 256
MEMO, MEMO_SIZE = 256, 2048  # Parse bodies, and bytes of one, that are remembered

STATEMENT, PORTAL = b"SP"
_SHORT = Struct(">H").unpack_from
_LENGTH = Struct(">i").unpack_from


class Requests:
    """Reads the client's messages.

    Attributes:
        replication: The startup message asked for replication mode.
        copying: The last request that COPY data can belong to.
        last_parsed: Name of the statement that was defined last.
        portals: By name.
    """

    def __init__(self, settings: Settings, stitch: Stitcher, count: Callable[[str], None], midstream: bool) -> None:
        self._missing = "midstream" if midstream else ""  # why a statement may not be known
        self._limit = settings.body_limit
        self._redact = settings.redact
        self._stitch = stitch
        self._error = count
        self._statements: Named[Statement] = Named(MAX_NAMED, MAX_TEXTS)
        self.portals: Named[Portal] = Named(MAX_PORTALS, MAX_VALUES)
        self._memo: dict[bytes, tuple[bytes, str, tuple[int, ...]]] = {}  # Parse bodies that were seen
        self.last_parsed = b""
        self.replication = False
        self.copying: Request | None = None
        self._readers: dict[int, Callable[[bytes, int, int, int, str], None]] = {
            wire.QUERY: self._query,
            wire.PARSE: self._parse,
            wire.BIND: self._bind,
            wire.DESCRIBE: self._describe,
            wire.EXECUTE: self._execute,
            wire.CLOSE: self._close,
            wire.SYNC: self._sync,
            wire.FUNCTION_CALL: self._call,
            wire.COPY_DONE: self._copy_done,
            wire.COPY_FAIL: self._copy_done,
            wire.FLUSH: _nothing,
            wire.TERMINATE: _nothing,
            wire.PASSWORD: _nothing,  # a secret
            wire.COPY_DATA: _nothing,  # counted by `copied`
        }

    def message(self, kind: int, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        """Take one message; `flaw` says why its end is missing, empty when it is whole."""
        self._readers[kind](buf, start, stop, time, flaw)

    def copied(self, size: int) -> None:
        """COPY data was sent."""
        if (request := self._copier()) is not None:
            request.copied += size

    def _copier(self) -> Request | None:
        """What COPY data belongs to."""
        request = self.copying
        if isinstance(request, Whole) and request.execute is not None:
            request = self.copying = request.execute
        return request

    def lost(self) -> None:
        """Messages may be missing: what is bound, and the unnamed statement, may be another by now."""
        request = self._copier()
        if request is not None and not isinstance(request, Whole) and request.copying and LOST not in request.flaws:
            request.flaws = f"{request.flaws},{LOST}" if request.flaws else LOST  # some of its data
        self._missing = LOST
        self.portals.clear()
        self._statements.pop(b"")
        self.copying = None

    def startup(self, buf: bytes, code: int, time: int, flaw: str = "") -> None:
        """A first message with its code, whole or cut (`flaw`)."""
        if code in (wire.SSL_REQUEST, wire.GSSENC_REQUEST):
            self._stitch.put(Request(code, time))
        elif code == wire.CANCEL_REQUEST:
            body = _read(wire.CANCEL_BODY, buf, 8, len(buf))
            self._stitch.rows_of_cancel(Request(code, time, f"pid={body.pid}" if body else None))
        else:
            parameters = _read(wire.PARAMETERS, buf, 8, len(buf)) or []
            settings = {to_text(item.name): to_text(item.value) for item in parameters[:64] if item.name}
            if self._redact and "options" in settings and "password" in settings["options"].lower():
                settings["options"] = REDACTED
            self.replication = settings.get("replication", "").lower() not in ("", "false", "off", "no", "0")
            shown = " ".join(f"{name}={settings[name]}" for name in _SHOWN if name in settings)
            request = Request(STARTUP, time, shown)
            request.portal = Portal(Statement(None), rendered=to_json(settings), values=[None])
            self._put(request, flaw)

    # The simple protocol.

    def _query(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        end = buf.find(b"\0", start, stop)
        request = Request(wire.QUERY, time, self.sql(buf[start : end if end >= 0 else stop]))
        self._put(request, flaw)
        self.copying = request

    def _call(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        call = _read(wire.CALL_BODY, buf, start, stop)
        request = Request(wire.FUNCTION_CALL, time)
        if call is not None:
            request.text = f"function {call.function}"
            request.portal = Portal(Statement(None), call.formats, self._values(call.values))
        self._put(request, flaw)

    # The extended protocol.

    def _parse(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        statement = self.parsed(buf[start:stop])
        if statement is None:
            name, _, rest = buf[start:stop].partition(b"\0")
            sql = rest.partition(b"\0")[0]
            statement = Statement(self.sql(sql), flaw=flaw)
            self._statements.keep(name, statement, len(sql))
        self._put(Request(wire.PARSE, time, statement.text, statement=statement), flaw)

    def _bind(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        bind = _read(wire.BIND_BODY, buf, start, stop)
        if bind is not None:
            name, portal = bind.portal, self.bound(self.statement(bind.statement), bind)
        else:
            name, _, rest = buf[start:stop].partition(b"\0")
            prepared, _, rest = rest.partition(b"\0")
            formats, values = _begun(rest)
            portal = Portal(self.statement(prepared), formats, values, size=len(rest))
            if not flaw:
                self._error("bad_bind")
            self.portals.keep(name, portal, len(rest))
        self._put(Request(wire.BIND, time, portal.statement.text, portal), flaw, portal.statement)

    def _execute(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        end = buf.find(b"\0", start, stop)
        portal = self._portal(buf[start : end if end >= 0 else stop])
        request = Request(wire.EXECUTE, time, portal.statement.text, portal)
        self._put(request, flaw, portal.statement)
        self.copying = request

    def _describe(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        kind, name = _named(buf, start, stop)
        statement = self.statement(name) if kind == STATEMENT else self._portal(name).statement
        request = Request(wire.DESCRIBE, time, statement.text, statement=statement)
        self._put(request, flaw, statement)

    def _close(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        kind, name = _named(buf, start, stop)
        word = "statement" if kind == STATEMENT else "portal"
        text = f'{word} "{clip_text(name, MAX_NAME)}"'
        statement = self._statements.pop(name) if kind == STATEMENT else None
        if statement is not None and statement.text:
            text += f": {statement.text}"
        elif kind == PORTAL:
            self.portals.pop(name)
        self._put(Request(wire.CLOSE, time, text), flaw, statement)

    def _sync(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        self._stitch.put(Request(wire.SYNC, time))

    def _copy_done(self, buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
        self.copying = None
        self._stitch.copy_ended(time)

    # Parts.

    def parsed(self, body: bytes) -> Statement | None:
        """Define the statement of a Parse; None when its body is not whole."""
        known = self._memo.get(body)
        if known is None:
            parse = _read(wire.PARSE_BODY, body, 0, len(body))
            if parse is None:
                return None
            known = parse.name, self.sql(parse.sql), tuple(parse.types)
            if len(body) <= MEMO_SIZE:
                if len(self._memo) >= MEMO:
                    self._memo.clear()
                self._memo[body] = known
        name, text, types = known
        statement = Statement(text, types)
        if name:
            statement.before = self._statements.get(name)
        self.last_parsed = name
        self._statements.keep(name, statement, len(body))
        return statement

    def bound(self, statement: Statement, bind: Any) -> Portal:
        """Define the portal of a Bind."""
        values = self._values(bind.values)
        portal = Portal(statement, bind.formats, values, size=sum(len(value) for value in values if value))
        self.portals.keep(bind.portal, portal, portal.size + 60 * len(values))
        return portal

    def _put(self, request: Request, flaw: str, statement: Statement | None = None) -> None:
        request.flaws = flaw or (statement.flaw if statement is not None else "")
        self._stitch.put(request)

    def sql(self, data: bytes) -> str:
        """The text of a statement, without secrets."""
        text = clip_text(data, self._limit)
        return redact(text) if self._redact else text

    def _values(self, values: list[Any]) -> list[bytes | None]:
        """The values, cut at the body limit all together."""
        room = self._limit
        kept: list[bytes | None] = []
        for value in values:
            data = value.data or b""
            kept.append(None if value.size < 0 else data if len(data) <= room else data[: max(room, 0)])
            room -= len(data)
        return kept

    def statement(self, name: bytes) -> Statement:
        """The statement of a name; one without text where it was prepared before the capture began."""
        statement = self._statements.get(name)
        if statement is None:  # what describes it may still tell its types
            text = f'statement "{clip_text(name, MAX_NAME)}"' if name else None
            statement = Statement(text, flaw=self._missing)
            self._statements.keep(name, statement, 0)
        return statement

    def _portal(self, name: bytes) -> Portal:
        portal = self.portals.get(name)
        text = f'portal "{clip_text(name, MAX_NAME)}"' if name else None
        return portal or Portal(Statement(text, flaw=self._missing))


def _nothing(buf: bytes, start: int, stop: int, time: int, flaw: str) -> None:
    """Messages that ask for nothing."""


def _begun(data: bytes) -> tuple[list[int], list[bytes | None]]:
    """Formats and values of a Bind as far as it goes; the last value may be cut."""
    formats: list[int] = []
    values: list[bytes | None] = []
    try:
        (count,) = _SHORT(data)
        formats = list(unpack_from(f">{count}H", data, 2))
        at = 2 + 2 * count
        (left,) = _SHORT(data, at)
        at += 2
        while left > len(values):
            (size,) = _LENGTH(data, at)
            at += 4
            values.append(None if size < 0 else data[at : at + size])
            at += max(size, 0)
    except error:
        pass
    return formats, values


def _named(buf: bytes, start: int, stop: int) -> tuple[int, bytes]:
    named = _read(wire.NAMED_BODY, buf, start, stop)
    return (named.kind, named.name) if named is not None else (STATEMENT, b"")


def _read(layout: Layout, buf: bytes, start: int, stop: int) -> Any:
    try:
        return layout.parse(buf, start, stop)[0]
    except (Partial, Invalid):
        return None


_SHOWN = ("user", "database", "application_name", "replication")
