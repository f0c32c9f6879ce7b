"""Commands and answers in, rows out; what a successful command changes for those behind it is noted here."""

from collections.abc import Iterable

from pxcap.core.matching import FifoMatcher
from pxcap.core.protocol import Row
from pxcap.core.text import REDACTED
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.commands import Commands
from pxcap.plugins.mysql.redact import redact_error
from pxcap.plugins.mysql.replies import ReplyReader
from pxcap.plugins.mysql.types import Reply, Request

NONE, OK, ERROR = 1, 2, 3  # resp_status


class Stitcher:
    """Pairs the commands of one connection with their answers, in order.

    Attributes:
        rows: Records made since the parser looked last.
        matcher: Holds the commands without an answer.
        stream: The connection has turned into a replication stream.
    """

    __slots__ = ("_commands", "_held", "_joined", "_reader", "matcher", "rows", "stream")

    def __init__(self, commands: Commands, reader: ReplyReader, midstream: bool) -> None:
        self.rows: list[Row] = []
        self.matcher: FifoMatcher[Request, Reply] = FifoMatcher(sure=not midstream)
        self.stream = False
        self._held = False  # an answer waits for the client to speak again
        self._commands = commands
        self._reader = reader
        self._joined = midstream

    def spoken(self) -> None:
        """The client speaks: what was held is settled before its command is read, which may refer to it."""
        if self._held:
            self._held = False
            self._settle(self.matcher.settle())

    def request(self, request: Request) -> None:
        """Take the next command; one that is never answered becomes a row at once."""
        time, command, text, params, note, _, _ = request
        if command in wire.SILENT:
            self.rows.append((time, command, text, NONE, None, params, None, None, None, None, None, note))
        elif command >= 0 or note:
            self._settle(self.matcher.request(request))
            if not self.matcher.sure:
                self.matcher.in_turn()

    def response(self, reply: Reply) -> None:
        """Take the next answer; what comes on a replication stream is none."""
        if self.stream:
            return
        settled = self.matcher.response(reply)
        self._held = not settled
        self._settle(settled)

    def refused(self, reply: Reply, greeted: bool) -> None:
        """The answer to a login that was not captured (`greeted`), or a refusal before the client said a word."""
        text, note = (None, notes("no_request", reply.note)) if greeted else ("", reply.note)
        self.rows.append(
            (
                *(reply.first, wire.CONNECT, text, reply.status, reply.text, None),
                *(reply.code, reply.sqlstate, None, reply.affected, None, note),
            )
        )

    def unanswered(self) -> None:
        """The next byte would have been the first of an answer, and was lost: whose that was is known while all is in order."""
        if self.matcher.sure and self.matcher.pending:
            self._settle([(self.matcher.pending.popleft(), None, False)])

    def gap(self, side: int) -> None:
        """Packets of a side may have been lost whole."""
        self._settle(self.matcher.gap(side))

    def finish(self) -> None:
        """Rows for everything still open."""
        self._settle(self.matcher.finish())

    def _settle(self, settled: Iterable[tuple[Request | None, Reply | None, bool]]) -> None:
        for request, reply, guessed in settled:
            if request is None:
                if reply is not None:
                    self._unasked(reply)
            elif reply is None:
                time, command, text, params, note, _, _ = request
                note = notes(note, "no_response")
                command_or_none = command if command >= 0 else None
                self.rows.append((time, command_or_none, text, None, None, params, *(None,) * 5, note))
            else:
                self._pair(request, reply, guessed)

    def _unasked(self, reply: Reply) -> None:
        note = notes("no_request", reply.note, "midstream" if self._joined else "")
        self.rows.append(
            (
                *(reply.first, None, None, reply.status, reply.text, None, reply.code, reply.sqlstate),
                *(reply.rows, reply.affected, None, note),
            )
        )

    def _pair(self, request: Request, reply: Reply, guessed: bool) -> None:
        time, command, text, params, note, _, _ = request
        said = reply.text
        if reply.status == ERROR and said and text and REDACTED in text:
            said = redact_error(reply.code, said)
        elif reply.outputs and said and text and self._commands.hides(text):
            said = said.replace(reply.outputs, REDACTED)
        if reply.note or guessed:
            note = notes(note, reply.note, "guessed" if guessed else "")
        if reply.status == OK:
            self._took_effect(request, reply)
        self.rows.append(
            (
                time,
                command if command >= 0 else None,
                text,
                reply.status,
                said,
                params,
                reply.code,
                reply.sqlstate,
                reply.rows,
                reply.affected,
                reply.last - time,
                note,
            )
        )

    def _took_effect(self, request: Request, reply: Reply) -> None:
        commands, command, names = self._commands, request.command, request.names
        if names:
            commands.charset = self._reader.codec = names
        if reply.prepared is not None and command == wire.STMT_PREPARE:
            commands.prepared(request.text, reply.prepared, request.note)
        elif command in (wire.CHANGE_USER, wire.RESET_CONNECTION):
            commands.reset()
        elif command in wire.STREAMS:
            self.stream = True


def notes(*words: str) -> str:
    """Words of notes joined, each once."""
    return ",".join(dict.fromkeys(word for group in words for word in group.split(",") if word))
