"""Commands as they are stored: req_body and req_params.

Source: "Text Protocol", "Utility Commands", "Prepared Statements" of the MySQL source documentation; MariaDB's
"COM_STMT_BULK_EXECUTE". Statements are remembered as the server remembers them: what was prepared, the types an execution
stated last, what was sent ahead.
"""

from typing import Any

from pxcap.core.layout import LayoutError
from pxcap.core.protocol import Settings
from pxcap.core.text import REDACTED, quote, to_json
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.auth import read_change_user
from pxcap.plugins.mysql.charsets import UTF8, codec_of, codec_set, decode
from pxcap.plugins.mysql.execute import bulk_values, execute_values, read_typed
from pxcap.plugins.mysql.redact import asks_secret, redact, suspicious
from pxcap.plugins.mysql.types import Packet, Request, Statement
from pxcap.plugins.mysql.values import UnreadableError
from pxcap.plugins.mysql.wire import lenenc

LAST = 0xFFFFFFFF  # MariaDB: the statement that was prepared last
_OPTIONS = ("MULTI_STATEMENTS_ON", "MULTI_STATEMENTS_OFF")
_REFRESH = ("GRANT", "LOG", "TABLES", "HOSTS", "STATUS", "THREADS", "REPLICA", "SOURCE")


class Commands:
    """Reads the commands of one connection. Remembers at most MAX_STATEMENTS statements and MAX_TEXT bytes of them.

    Attributes:
        flags: Capabilities that both sides have.
        charset: Codec of what the client sends.
        statements: By id.
        latest: Id of the statement prepared last.
        whole: Every command since the beginning was seen: a statement that is not known was never prepared.
        errors: What was malformed since the parser looked last, by name.
    """

    __slots__ = ("_redact", "_room", "_weight", "charset", "errors", "flags", "latest", "lost", "statements")

    def __init__(self, settings: Settings) -> None:
        self.flags = 0
        self.charset = UTF8
        self.statements: dict[int, Statement] = {}
        self.latest = 0
        self.lost = ""  # why a statement may be unknown
        self.errors: list[str] = []
        self._redact = settings.redact
        self._room = settings.body_limit
        self._weight = 0

    def read(self, packet: Packet) -> Request:
        """One command packet."""
        body, note = packet.body, packet.note
        answer = (packet.last + 1) & 0xFF
        if not body:
            if packet.size == 0:
                self.errors.append("empty_command")
            return Request(packet.time, -1, None, None, note, answer)
        command = body[0]
        text: str | None = ""
        params: str | None = None
        names = ""
        if command == wire.QUERY:
            text, params = self._query(body, note)
            if body[1:40].lstrip()[:3].lower() == b"set":
                names = codec_set(text)
        elif command == wire.STMT_PREPARE:
            text = self.sql(body[1:])
        elif command in (wire.INIT_DB, wire.CREATE_DB, wire.DROP_DB):
            text = decode(body[1 : self._room + 1], self.charset)
        elif command == wire.CHANGE_USER:
            login = read_change_user(body[1:], self.flags)
            text, params = login.text, to_json(dict(login.attributes)) if login.attributes else None
            names = codec_of(login.charset)
        elif command not in wire.BARE:
            try:
                text, params, note = self._other(command, packet, note)
            except (LayoutError, UnreadableError, IndexError):
                if not note and len(body) == packet.size:
                    self.errors.append("bad_command")
                    note = "truncated"
                else:
                    note = note or "truncated"
        return Request(packet.time, command, text, params, note, answer, names)

    def sql(self, data: bytes) -> str:
        """A statement as text, cut at the body limit, secrets hidden."""
        hide = self._redact and suspicious(data)
        if len(data) > self._room:
            data = data[: self._room]
            if self.charset == UTF8:
                data = data[: _whole(data)]
        text = decode(data, self.charset)
        return redact(text) if hide else text

    def _query(self, body: bytes, note: str) -> tuple[str, str | None]:
        """Text and attributes of a query; attributes lie in front of it when that was agreed on ("COM_QUERY")."""
        if not self.flags & wire.QUERY_ATTRIBUTES:
            return self.sql(body[1:]), None
        try:
            count, pos = lenenc(body, 1)
            _, pos = lenenc(body, pos)
            if not count:
                return self.sql(body[pos:]), None
            attributes, pos = read_typed(body, pos, count, self.charset, {}, b"", True)
        except (IndexError, UnreadableError):
            if not note:
                self.errors.append("bad_attributes")
            return "", None
        return self.sql(body[pos:]), to_json({"attributes": dict(attributes)})

    def _other(self, command: int, packet: Packet, note: str) -> tuple[str | None, str | None, str]:
        body = packet.body
        if command == wire.STMT_EXECUTE:
            return self._execute(packet)
        if command == wire.STMT_BULK_EXECUTE:
            head, pos = wire.BULK.parse(body, 1)
            statement, note = self._statement(head.statement, note)
            rows = bulk_values(body, pos, head.flags, statement, self.charset)
            return statement.text, to_json(_hidden({"rows": rows}, statement)), note
        if command in (wire.STMT_CLOSE, wire.STMT_RESET, wire.STMT_FETCH, wire.STMT_SEND_LONG_DATA):
            return self._small(command, packet)
        if command == wire.FIELD_LIST:
            table, _, wildcard = body[1:].partition(b"\0")
            return decode(table + (b" " + wildcard if wildcard else b""), self.charset)[: self._room], None, note
        if command == wire.PROCESS_KILL:
            return str(int.from_bytes(body[1:5], "little")), None, note
        if command == wire.REFRESH:
            return " ".join(name for bit, name in enumerate(_REFRESH) if body[1:2] and body[1] >> bit & 1), None, note
        if command == wire.SET_OPTION:
            option = int.from_bytes(body[1:3], "little")
            return _OPTIONS[option] if option < len(_OPTIONS) else str(option), None, note
        return self._replication(command, body, note)

    def _replication(self, command: int, body: bytes, note: str) -> tuple[str | None, str | None, str]:
        if command == wire.BINLOG_DUMP:
            dump, _ = wire.BINLOG.parse(body, 1)
            given = {"position": dump.position, "flags": dump.flags, "server_id": dump.server_id}
            return decode(dump.file[: self._room], UTF8), to_json(given), note
        if command == wire.BINLOG_DUMP_GTID:
            gtid, _ = wire.GTID_DUMP.parse(body, 1)
            given = {"flags": gtid.flags, "server_id": gtid.server_id}
            return decode(gtid.file[: self._room], UTF8), to_json(given), note
        if command == wire.REGISTER_SLAVE:
            words, pos = [], 5
            for _ in range(3):
                size = body[pos]
                words.append(decode(body[pos + 1 : pos + 1 + size], UTF8))
                pos += 1 + size
            given = {
                "server_id": int.from_bytes(body[1:5], "little"),
                "host": words[0],
                "user": words[1],
                "password": REDACTED if self._redact and words[2] else words[2],
                "port": int.from_bytes(body[pos : pos + 2], "little"),
            }
            return "", to_json(given), note
        if command > wire.LAST_COMMAND:
            self.errors.append(f"command_{command}")
        return "", None, note

    # Prepared statements.

    def _statement(self, ident: int, note: str) -> tuple[Statement, str]:
        if ident == LAST:
            ident = self.latest
        statement = self.statements.get(ident)
        if statement is None:
            statement = Statement(None)
            if self.lost:
                self.remember(ident, statement)
        doubt = statement.note if statement.text is not None else self.lost
        if doubt:
            note = ",".join(dict.fromkeys(word for word in (*note.split(","), doubt) if word))
        return statement, note

    def _execute(self, packet: Packet) -> tuple[str | None, str | None, str]:
        body = packet.body
        head, pos = wire.EXECUTE.parse(body, 1)
        statement, note = self._statement(head.statement, packet.note)
        attributes = bool(self.flags & wire.QUERY_ATTRIBUTES) and (statement.params > 0 or bool(head.flags & 8))
        try:
            given = execute_values(body, pos, statement, attributes, self.charset, self._room)
        except (UnreadableError, IndexError):
            if statement.params < 0:
                return statement.text, None, note  # how many there are is not known
            if not note and len(body) == packet.size:
                self.errors.append("bad_parameters")
            return statement.text, None, note or "truncated"
        finally:
            statement.long.clear()
        return statement.text, _to_json(_hidden(given, statement)) if given else None, note

    def common_statement(self, ident: bytes) -> Statement | None:
        """The statement of four bytes of id if executions of it may be common: nothing about it is special."""
        statement = self.statements.get(int.from_bytes(ident, "little"))
        if statement is None or statement.text is None or self.flags & wire.QUERY_ATTRIBUTES:
            return None
        return None if statement.secret or statement.long or statement.note else statement

    def common_parameters(self, statement: Statement, body: bytes) -> tuple[bool, str | None]:
        """Parameters of an execution that is whole, and whether they can be read.

        Nothing is changed when they cannot, so that `read` can be asked.
        """
        if len(body) < 10:
            return False, None
        if not statement.params:
            return True, None
        try:
            given = execute_values(body, 10, statement, False, self.charset, self._room)
        except (UnreadableError, IndexError):
            return False, None
        return True, _to_json(given) if given else None

    def _small(self, command: int, packet: Packet) -> tuple[str | None, str | None, str]:
        body = packet.body
        ident = int.from_bytes(body[1:5], "little")
        if len(body) < 5:
            raise IndexError
        statement, note = self._statement(ident, packet.note)
        params = None
        if command == wire.STMT_CLOSE:
            self.forget(ident)
        elif command == wire.STMT_RESET:
            statement.long.clear()
        elif command == wire.STMT_FETCH:
            fetch, _ = wire.FETCH.parse(body, 1)
            params = to_json({"rows": fetch.rows})
        else:
            data, _ = wire.LONG_DATA.parse(body, 1)
            size = packet.size - 7
            kept, total = statement.long.get(data.param, (b"", 0))
            if sum(len(part) for part, _ in statement.long.values()) < self._room and len(statement.long) < 256:
                statement.long[data.param] = (kept + data.data[: self._room - len(kept)], total + size)
            params = to_json({"param": data.param, "bytes": size})
        return statement.text, params, note

    def prepared(self, text: str | None, found: tuple[int, int], note: str = "") -> None:
        """A statement was prepared; the note of that command says why its text may not be whole."""
        ident, params = found
        self.latest = ident
        secret = params > 0 and text is not None and self.hides(text)
        self.remember(ident, Statement(text, params, secret=secret, note=note))

    def hides(self, text: str) -> bool:
        """Whether what is bound to a statement is a secret, and hidden."""
        return self._redact and asks_secret(text)

    def remember(self, ident: int, statement: Statement) -> None:
        """Keep a statement; the oldest go when there are too many."""
        self.forget(ident)
        self.statements[ident] = statement
        self._weight += len(statement.text or "")
        while len(self.statements) > wire.MAX_STATEMENTS or (self._weight > wire.MAX_TEXT and len(self.statements) > 1):
            self.forget(next(iter(self.statements)))

    def forget(self, ident: int) -> None:
        """Drop a statement."""
        old = self.statements.pop(ident, None)
        if old is not None:
            self._weight -= len(old.text or "")

    def reset(self) -> None:
        """The session is as new: nothing is prepared any more."""
        self.statements.clear()
        self._weight = 0


def _hidden(value: Any, statement: Statement) -> Any:
    """Parameters as they are, or with every text in them hidden when the statement takes a secret."""
    if not statement.secret:
        return value
    if isinstance(value, dict):
        return {key: _hidden(item, statement) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item, statement) for item in value]
    return REDACTED if isinstance(value, str) else value


def _to_json(given: dict[str, Any]) -> str:
    """The parameters of an execution as JSON; the common ones without the way through the json module."""
    if len(given) > 1:
        return to_json(given)
    parts: list[str] = []
    for value in given["values"]:
        if type(value) is int:
            parts.append(str(value))
        elif type(value) is str:
            parts.append(quote(value))
        elif value is None:
            parts.append("null")
        else:
            return to_json(given)
    return '{"values":[' + ",".join(parts) + "]}"


def _whole(data: bytes) -> int:
    """Length of the longest part that ends no UTF-8 sequence in its middle."""
    end = len(data)
    for back in range(1, min(4, end) + 1):
        byte = data[end - back]
        if byte & 0xC0 != 0x80:
            need = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return end if back >= need else end - back
    return end
