"""Messages of the server: what each answers, and what it tells.

Source: sections 54.2 and 54.7.
"""

from collections.abc import Callable

from pxcap.core.layout import Invalid, Partial
from pxcap.core.protocol import Settings
from pxcap.core.text import clip_text
from pxcap.plugins.pgsql import render, wire
from pxcap.plugins.pgsql.cycles import Answers
from pxcap.plugins.pgsql.redact import redact
from pxcap.plugins.pgsql.stitch import MAX_SAID, MAX_TAGS, Stitcher
from pxcap.plugins.pgsql.types import COMMANDS, STARTUP, Request
from pxcap.plugins.pgsql.wire import BIND, CLOSE, DESCRIBE, EXECUTE, FUNCTION_CALL, PARSE, QUERY, SYNC

_RESULTS = frozenset({QUERY, EXECUTE})
_DESCRIBED = frozenset({QUERY, DESCRIBE})
_STARTS = frozenset({STARTUP})
_DESCRIBES = frozenset({DESCRIBE})
_EXECUTES = frozenset({EXECUTE})
_CALLS = frozenset({FUNCTION_CALL})
_FORMATS = {0: "text", 1: "binary"}


class Responses:
    """Reads the server's messages.

    Attributes:
        readers: By message type, what takes one message, whole or cut: the buffer, where its body begins and ends, and
            when its last byte was seen.
        answers: Reads those of whole cycles.
    """

    def __init__(self, settings: Settings, stitch: Stitcher, error: Callable[[str], None]) -> None:
        self._limit = settings.body_limit
        self._redact = settings.redact
        self._stitch = stitch
        self._error = error
        self._columns = render.Columns()
        self._tags = render.Tags()
        self.answers = Answers(self._columns, self._tags)
        self._version = ""
        self.readers: dict[int, Callable[[bytes, int, int, int], None]] = {
            wire.AUTHENTICATION: self._authentication,
            wire.BACKEND_KEY: _nothing,  # a secret
            wire.BIND_COMPLETE: self._bound,
            wire.CLOSE_COMPLETE: self._closed,
            wire.COMMAND_COMPLETE: self._command,
            wire.COPY_DATA: _nothing,  # counted by `copied`
            wire.COPY_DONE: _nothing,
            wire.COPY_IN: self._copy,
            wire.COPY_OUT: self._copy,
            wire.COPY_BOTH: self._copy,
            wire.DATA_ROW: _nothing,  # counted by `rows`
            wire.EMPTY_QUERY: self._empty,
            wire.ERROR: self._failed,
            wire.FUNCTION_RESULT: self._called,
            wire.NEGOTIATE: self._negotiate,
            wire.NO_DATA: self._no_data,
            wire.NOTICE: self._notice,
            wire.NOTIFICATION: self._notification,
            wire.PARAMETER_DESCRIPTION: self._types,
            wire.PARAMETER_STATUS: self._status,
            wire.PARSE_COMPLETE: self._parsed,
            wire.PORTAL_SUSPENDED: self._suspended,
            wire.READY: self._ready,
            wire.ROW_DESCRIPTION: self._described,
        }

    def rows(self, count: int, when: int) -> None:
        """Rows of a result were sent."""
        request = self._result(when)
        request.fresh += count
        request.counted = True

    def copied(self, size: int, when: int) -> None:
        """COPY data was sent: one row a message."""
        request = self._result(when)
        request.copied += size
        request.copying = True
        request.fresh += 1

    def single(self, byte: int, when: int) -> bool:
        """The answer to SSLRequest or GSSENCRequest is one byte; returns whether the rest is encrypted."""
        request = self._stitch.pending[0]
        accepted = byte in b"SG"
        if accepted:
            request.said = "accepted: encrypted from here on"
            self._stitch.complete(request, when)
        else:
            request.said = "refused"
            self._stitch.refused = self._stitch.pending.popleft(), when
        return accepted

    def _result(self, when: int) -> Request:
        request = self._stitch.head(_RESULTS, when)
        if request is self._stitch.orphan and not request.kind:
            request.kind = self._stitch.result_kind()
        return request

    # The extended protocol.

    def _parsed(self, buf: bytes, start: int, stop: int, when: int) -> None:
        self._stitch.small_answer(PARSE, when, "ParseComplete")

    def _bound(self, buf: bytes, start: int, stop: int, when: int) -> None:
        self._stitch.small_answer(BIND, when, "BindComplete")

    def _closed(self, buf: bytes, start: int, stop: int, when: int) -> None:
        self._stitch.small_answer(CLOSE, when, "CloseComplete")

    def _no_data(self, buf: bytes, start: int, stop: int, when: int) -> None:
        self._stitch.small_answer(DESCRIBE, when, "NoData")

    def _types(self, buf: bytes, start: int, stop: int, when: int) -> None:
        request = self._stitch.head(_DESCRIBES, when)
        request.kind = DESCRIBE
        try:
            types, _ = wire.TYPES_BODY.parse(buf, start, stop)
        except (Partial, Invalid):
            return
        if request.statement is not None:
            request.statement.types = tuple(types)

    def _described(self, buf: bytes, start: int, stop: int, when: int) -> None:
        stitch = self._stitch
        names, typed = self._columns.of(buf[start:stop])
        request = stitch.head(_DESCRIBED, when)
        orphan = request is stitch.orphan
        if orphan and not request.kind and stitch.extended:
            request.kind = DESCRIBE
        if request.kind == DESCRIBE:
            _say(request, typed or "no columns")
            stitch.complete(request, when)
        else:
            request.columns = names

    def _suspended(self, buf: bytes, start: int, stop: int, when: int) -> None:
        request = self._stitch.head(_EXECUTES, when)
        request.kind = EXECUTE
        _say(request, "PortalSuspended: more rows than were asked for")
        request.counted = True
        self._stitch.complete(request, when)

    # Results.

    def _command(self, buf: bytes, start: int, stop: int, when: int) -> None:
        text, count = self._tags.of(buf[start:stop])
        request = self._result(when)
        tags = request.tags
        if tags is None:
            request.tags = [text]
        elif len(tags) < MAX_TAGS:
            tags.append(text)
        elif tags[-1] != "...":
            tags.append("...")
        if count >= 0:
            request.counted = True
        request.rows += count if count >= 0 else request.fresh
        request.fresh = 0
        if request.kind == EXECUTE:
            self._stitch.complete(request, when)

    def _empty(self, buf: bytes, start: int, stop: int, when: int) -> None:
        request = self._result(when)
        _say(request, "EmptyQueryResponse")
        if request.kind == EXECUTE:
            self._stitch.complete(request, when)

    def _copy(self, buf: bytes, start: int, stop: int, when: int) -> None:
        stitch = self._stitch
        request = self._result(when)
        request.copying = True
        if buf[start - wire.HEADER_SIZE] == wire.COPY_BOTH:
            _say(request, "CopyBothResponse: a replication stream")
        elif buf[start - wire.HEADER_SIZE] == wire.COPY_IN and request.kind == EXECUTE:
            stitch.copy_began()

    def _called(self, buf: bytes, start: int, stop: int, when: int) -> None:
        request = self._stitch.head(_CALLS, when)
        request.kind = FUNCTION_CALL
        _say(request, "FunctionCallResponse")

    def _ready(self, buf: bytes, start: int, stop: int, when: int) -> None:
        stitch = self._stitch
        pending = stitch.pending
        if pending and pending[0].kind == STARTUP and not pending[0].code:
            request = pending[0]
            request.said = "; ".join(part for part in (f"ok ({request.columns})", self._version) if part)
            request.columns = ""
        stitch.ready(when)

    def _told(self, buf: bytes, start: int, stop: int) -> tuple[str, str]:
        """SQLSTATE and text of an error or a notice, which may quote a statement."""
        code, text = render.error(buf, start, stop, self._limit)
        return code, redact(text) if self._redact else text

    def _failed(self, buf: bytes, start: int, stop: int, when: int) -> None:
        code, text = self._told(buf, start, stop)
        pending = self._stitch.pending
        if pending and pending[0].kind == STARTUP:
            pending[0].columns = ""
        self._stitch.failed(code, text, when)

    # At any time.

    def _notice(self, buf: bytes, start: int, stop: int, when: int) -> None:
        _, text = self._told(buf, start, stop)
        self._stitch.front()
        pending = self._stitch.pending
        request = self._stitch.orphan or (pending[0] if pending else None)
        if request is None or request.kind == SYNC or request.time > when:
            self._error("notice")
        elif len(request.said) < MAX_SAID:
            request.said = f"{request.said}; {text}" if request.said else text

    def _notification(self, buf: bytes, start: int, stop: int, when: int) -> None:
        try:
            told, _ = wire.NOTIFICATION_BODY.parse(buf, start, stop)
        except (Partial, Invalid):
            self._error("bad_notification")
            return
        channel, payload = clip_text(told.channel, self._limit), clip_text(told.payload, self._limit)
        said = f"{channel}: {payload} (from pid {told.pid})"
        self._stitch.rows.append((when, COMMANDS[wire.NOTIFICATION], channel, said, None, None, None, None, None, ""))

    def _status(self, buf: bytes, start: int, stop: int, when: int) -> None:
        try:
            status, _ = wire.STATUS_BODY.parse(buf, start, stop)
        except (Partial, Invalid):
            return
        if status.name == b"server_version":
            self._version = f"server {clip_text(status.value, 80)}"

    def _authentication(self, buf: bytes, start: int, stop: int, when: int) -> None:
        try:
            code = wire.AUTH_BODY.parse(buf, start, stop)[0].code
        except (Partial, Invalid):
            return
        request = self._stitch.head(_STARTS, when)
        request.kind = STARTUP
        if code == wire.AUTH_SASL:
            names = buf[start + 4 : stop].split(b"\0")[:-1]  # each ends with a zero, the list with an empty one
            request.columns = clip_text(b", ".join(name for name in names if name), 200)
        elif code in wire.AUTH_METHODS and (code or not request.columns):
            request.columns = wire.AUTH_METHODS[code]

    def _negotiate(self, buf: bytes, start: int, stop: int, when: int) -> None:
        try:
            offer, _ = wire.NEGOTIATE_BODY.parse(buf, start, stop)
        except (Partial, Invalid):
            return
        request = self._stitch.head(_STARTS, when)
        request.kind = STARTUP
        self._version = f"protocol 3.{offer.minor & 0xFFFF}"


def _say(request: Request, text: str) -> None:
    """Add to what is told of a request, behind its notices."""
    request.said = f"{request.said}; {text}" if request.said else text


def _nothing(buf: bytes, start: int, stop: int, when: int) -> None:
    """Messages that are counted elsewhere, or tell nothing."""
