"""Requests and responses in, rows out.

They belong together by stream id, which a client uses for one request at a time: a request under an id that is still
waiting means that the older one was never answered. Pushes have negative ids and are records without a request.

A request is kept as the bytes it is until its answer comes: by then the statement it executes is known, if it was prepared
on this connection.
"""

from pxcap.core.compression import decompress
from pxcap.core.keyed import KeyedMatcher
from pxcap.core.layout import Invalid, Partial
from pxcap.core.protocol import Row, Settings
from pxcap.plugins.cql.requests import Context, show_request
from pxcap.plugins.cql.responses import ResponseReader
from pxcap.plugins.cql.types import Message, Statement
from pxcap.plugins.cql.usual import UsualRequests
from pxcap.plugins.cql.wire import (
    COMPRESSED,
    ERROR,
    EVENT,
    EXECUTE,
    MAX_UNPACKED,
    OLD,
    PREPARE,
    RESULT,
    STARTUP,
    STRING_MAP,
)

MAX_PENDING = 8192  # requests without an answer; drivers allow themselves 1024 to 2048 a connection
MAX_WEIGHT = 1 << 20  # bytes their bodies may take together, or twice the body limit
TRIMMED = 256  # bytes of a body left when they take more
MAX_STATEMENTS = 2048
MAX_TEXT = 1 << 20  # bytes of all prepared statements' texts, or the body limit


class Stitcher:
    """Makes the rows of one connection.

    Attributes:
        matcher: Requests that wait, by stream id.
        usual, reader: Show the usual requests, and responses.
        rows: Rows made; the parser takes them out.
        errors: What could not be read, by name; the parser takes them out.
        lost: Why a statement that is executed may be unknown, as a word of the note; empty when nothing was lost.
    """

    __slots__ = ("_codec", "_context", "_joined", "_settings", "_statements", "_text", "_weight", "errors", "lost", "matcher", "reader", "rows", "usual")  # fmt: skip

    def __init__(self, settings: Settings, midstream: bool) -> None:
        self._settings = settings
        self.matcher: KeyedMatcher[int, Message] = KeyedMatcher(MAX_PENDING)
        self.rows: list[Row] = []
        self.errors: list[str] = []
        self.reader = ResponseReader(settings.body_limit, settings.redact)
        self._statements: dict[bytes, Statement] = {}
        self._context = Context(self._statements, settings.body_limit, settings.redact, False)
        self.usual = UsualRequests(self._statements, settings.body_limit, settings.redact)
        self._text = 0
        self._codec = ""  # agreed on in STARTUP
        self._weight = 0
        self.lost = "midstream" if midstream else ""
        self._joined = midstream  # no request was seen yet of a connection joined in mid-stream

    def request(self, message: Message) -> None:
        """Take the next request."""
        self._joined = False
        if message.version < OLD:
            self.errors.append(f"protocol_v{message.version}")
        if message.opcode == STARTUP:
            self._startup(message)
        self._weight += len(message.body)
        for gone in self.matcher.request(message.stream, message):
            self._weight -= len(gone.body)
            self._unanswered(gone)
        if self._weight > max(MAX_WEIGHT, 2 * self._settings.body_limit):
            self._trim()

    def _trim(self) -> None:
        """Shorten the waiting requests to what names them."""
        pending = self.matcher.pending
        for stream, message in pending.items():
            if len(message.body) > TRIMMED:
                body = b"" if message.flags & COMPRESSED else message.body[:TRIMMED]
                pending[stream] = message._replace(body=body, note=_notes(message.note, "truncated"))
        self._weight = sum(len(message.body) for message in pending.values())

    def _startup(self, message: Message) -> None:
        try:
            pairs, _ = STRING_MAP.parse(message.body, 0)
        except (Partial, Invalid):
            return
        options = {pair.key: pair.value for pair in pairs}
        self._codec = options.get(b"COMPRESSION", b"").decode("ascii", "replace").lower()
        self._context = self._context._replace(metadata_ids=b"SCYLLA_USE_METADATA_ID" in options)
        self.usual.other = self._context.metadata_ids
        self.usual.plans.clear()

    def response(self, message: Message) -> None:
        """Take the next response or push."""
        if message.version < OLD:
            self.errors.append(f"protocol_v{message.version}")
        request = None
        if message.stream >= 0 and message.opcode != EVENT:
            request = self.matcher.pending.pop(message.stream, None)
        if request is None:
            self._unasked(message)
            return
        self._weight -= len(request.body)
        self.answer(request, message)

    def answer(self, request: Message, message: Message) -> None:
        """Make the row of a request and its response."""
        text: str | None
        params: str | None
        statement, made = None, None
        if not request.flags and not request.note and request.size == len(request.body):
            made = self.usual.show(request.body, 0, request.size, request.opcode, request.version)
        if made is not None:
            text, params, statement = made
            request_note = ""
            time, version, flags, _, opcode, size, body, cut = message
            if opcode == RESULT and not flags and not cut and size == len(body) and version >= OLD:
                found = self.reader.usual(body, 0, size, statement)
                if found is not None:
                    begun = request.time
                    shown, rows = found
                    self.rows.append(
                        (
                            begun,
                            request.opcode,
                            text,
                            RESULT,
                            shown,
                            params,
                            None,
                            rows,
                            request.version,
                            time - begun,
                            "",
                        )
                    )
                    return
        else:
            text, params, request_note = self._request_columns(request)
            if request.opcode == EXECUTE and message.opcode == RESULT:
                statement = self._statement_of(request)
        message, answer_note = self._plain(message)
        answer = self.reader.read(message, statement, self._context.metadata_ids)
        if not answer.ok:
            self.errors.append("bad_response")
        if self.reader.prepared is not None:
            ident, prepared = self.reader.prepared
            self.reader.prepared = None
            if request.opcode == PREPARE:
                prepared.text = "" if request_note else text or ""  # half a statement would be taken for the whole
                self._remember(ident, prepared)
        note = ""
        if request_note or answer_note:
            note = _notes(request_note, answer_note)
        self.rows.append(
            (
                request.time,
                request.opcode,
                text,
                message.opcode,
                answer.text,
                params,
                answer.code,
                answer.rows,
                request.version,
                message.time - request.time,
                note,
            )
        )

    def _unasked(self, message: Message) -> None:
        """A push, or a response whose request was not captured."""
        message, note = self._plain(message)
        answer = self.reader.read(message, None, self._context.metadata_ids)
        if self.reader.prepared is not None:
            self._remember(*self.reader.prepared)  # the types at least
            self.reader.prepared = None
        if not answer.ok:
            self.errors.append("bad_response")
        if message.opcode != EVENT and not (message.stream < 0 and message.opcode == ERROR):
            note = _notes(note, "no_request", "midstream" if self._joined else "")
        self.rows.append(
            (
                *(message.time, None, None, message.opcode, answer.text, None, answer.code, answer.rows),
                *(message.version, None, note),
            )
        )

    def _unanswered(self, request: Message) -> None:
        text, params, note = self._request_columns(request)
        self.rows.append(
            (
                *(request.time, request.opcode, text, None, None, params, None, None, request.version),
                *(None, _notes(note, "no_response")),
            )
        )

    def finish(self) -> None:
        """Rows for everything still open."""
        for request in self.matcher.finish():
            self._unanswered(request)
        self._weight = 0

    def _request_columns(self, request: Message) -> tuple[str | None, str | None, str]:
        """req_body, req_params and the note of a request."""
        request, note = self._plain(request)
        shown = show_request(request, self._context)
        if not shown.ok:
            self.errors.append("bad_request")
        return shown.text, shown.params, note if shown.known else _notes(note, self.lost)

    def _plain(self, message: Message) -> tuple[Message, str]:
        """The message with its body decompressed, and its note; when that cannot be, with an empty body that counts as cut."""
        if not message.flags & COMPRESSED:
            return message, message.note
        body, note = b"", message.note
        if len(message.body) == message.size:
            body, well = _decompressed(message.body, self._codec)
            if not well:
                self.errors.append("bad_compression")
        if not body and message.size:
            return message._replace(body=b""), _notes(note, "" if note else "truncated")
        return message._replace(body=body, size=len(body)), note

    # Prepared statements.

    def _statement_of(self, request: Message) -> Statement | None:
        request, _ = self._plain(request)
        size = int.from_bytes(request.body[:2], "big")
        return self._statements.get(request.body[2 : 2 + size])

    def _remember(self, ident: bytes, statement: Statement) -> None:
        """Keep a statement; the oldest go when there are too many."""
        statements = self._statements
        self.usual.plans.clear()
        if (old := statements.pop(ident, None)) is not None:
            self._text -= len(old.text)
        statements[ident] = statement
        self._text += len(statement.text)
        while len(statements) > MAX_STATEMENTS or (
            self._text > max(MAX_TEXT, self._settings.body_limit) and len(statements) > 1
        ):
            self._text -= len(statements.pop(next(iter(statements))).text)


def _decompressed(body: bytes, codec: str) -> tuple[bytes, bool]:
    """A compressed body (section 5); `codec` is empty when STARTUP was not seen, and then both are tried."""
    if codec != "snappy" and len(body) > 4:
        size = int.from_bytes(body[:4], "big")
        if size > MAX_UNPACKED:
            if codec == "lz4":
                return b"", True
        else:
            plain, well = decompress(body[4:], "lz4-block", size)
            if well and len(plain) == size:
                return plain, True
    if codec != "lz4":
        plain, well = decompress(body, "snappy", MAX_UNPACKED)
        return plain, well
    return b"", False


def _notes(*words: str) -> str:
    """Join words of notes, each once."""
    return ",".join(dict.fromkeys(word for words_of in words for word in words_of.split(",") if word))
