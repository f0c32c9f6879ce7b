"""One MySQL connection: both directions in, rows out.

Commands run ahead of answers by as much as the core hands over. What an answer is depends on its command, and what the
client's bytes are on the answers before (the file of LOAD DATA LOCAL, compression agreed on), so commands wait as bytes and
are taken in when the answers before them are complete.

After a loss nothing is guessed from the middle of an answer: it ends there. As the client speaks only when the server has
answered, and the other way round, packets begin anew when the other side has spoken; where only one side is captured, the
beginning of a packet is looked for (`resync`).
"""

from pxcap.core.protocol import REQUEST, RESPONSE, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk, Inbox
from pxcap.plugins.mysql import resync, wire
from pxcap.plugins.mysql.ahead import Ahead
from pxcap.plugins.mysql.auth import compression
from pxcap.plugins.mysql.commands import Commands
from pxcap.plugins.mysql.fast import common_exchanges
from pxcap.plugins.mysql.joined import Joined
from pxcap.plugins.mysql.lane import RequestLane
from pxcap.plugins.mysql.packed import Piece, Unpacker, rest, restart, segments
from pxcap.plugins.mysql.phase import ConnectionPhase
from pxcap.plugins.mysql.replies import ReplyReader
from pxcap.plugins.mysql.stitch import Stitcher
from pxcap.plugins.mysql.types import Packet


class MysqlParser(Parser):
    """Parses and matches one connection.

    Holds MAX_AHEAD bytes of commands that run ahead, of each side one packet that is not complete (at most the body limit or
    KEEP; a compressed one MAX_COMPRESSED), and what `Commands` remembers.
    """

    __slots__ = ("_ahead", "_answers", "_coding", "_commands", "_file", "_greeted", "_held", "_joined", "_lane", "_lost", "_phase", "_reader", "_stitch", "_unpack", "_upgrade", "_upload")  # fmt: skip

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        self._joined = Joined() if info.midstream else None
        self._start(info.midstream)

    def _start(self, midstream: bool) -> None:
        settings = self.info.settings
        limit = settings.body_limit
        self._lane = RequestLane(max(limit, wire.KEEP) + 1024, midstream)
        self._answers = Inbox()
        self._lost = midstream  # the place in the answers
        self._commands = Commands(settings)
        self._reader = ReplyReader(limit, settings.redact)
        self._stitch = Stitcher(self._commands, self._reader, midstream)
        self._phase: ConnectionPhase | None = None if midstream else ConnectionPhase(limit)
        self._ahead = Ahead()
        self._held: Packet | None = None  # a command that came after the answer that is read
        self._unpack: list[Unpacker | None] = [None, None]
        self._coding = ""  # compression that begins with the next command
        self._greeted = midstream  # no packet with another sequence id than 0 is to come but those of files
        self._upgrade = False  # the client asked for TLS: what follows is encrypted, unless it is read inside TLS
        self._upload = False  # the client sends a file
        self._file = -1  # sequence id of the last packet of a file that has not ended
        self._commands.lost = "midstream" if midstream else ""

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        if self._joined is not None:
            return self._begin() if self._joined.add(side, chunk) else self._rows()
        if side == REQUEST:
            if self.lockstep:
                self._catch_up()
            self._ahead.add(chunk)
            if self.lockstep:
                self._speak(None)
            elif self._ahead.size > wire.MAX_AHEAD:
                self._catch_up()
            elif self._phase is not None:
                self._pull_login(self._phase)
            elif not self._stitch.matcher.pending:
                self._pull_pending()
        elif self.lockstep:
            for part in segments(chunk):
                self._speak(part.times[0])
                if self._lane.lost:
                    restart(self._unpack[REQUEST])
                    self._lane.inbox.clear()
                    self._lane.fresh = True
                self._feed_answers(part)
        else:
            self._feed_answers(chunk)
        return self._rows()

    def _feed_answers(self, chunk: Chunk) -> None:
        for piece in self._plain(RESPONSE, chunk):
            self._answer_bytes(piece)

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Bytes of a side were lost: inside a packet that is passed over they cost only themselves."""
        begun = self._begin()
        if side == REQUEST:
            self._ahead.lose(size, reason)
            if len(self._ahead) == 1 and self._held is None:
                self._catch_up()
        else:
            while self._phase is None and self._pull(time):  # all that may have been answered in what was lost
                pass
            unpacker = self._unpack[RESPONSE]
            for piece in [size] if unpacker is None else unpacker.gap(size):
                self._answer_bytes(piece, reason)
        return begun + self._rows()

    def finish(self, time: int) -> list[Row]:
        """The connection is over: rows for what is incomplete and what was not answered."""
        begun = self._begin()
        if not self.done:
            self._catch_up()
            if (packet := self._lane.abandon("truncated")) is not None:
                self._packet(packet)
        if (reply := self._reader.abandon("truncated")) is not None:
            self._stitch.response(reply)
        if self._phase is not None and self._phase.request is not None:
            self._stitch.request(self._phase.request)
        self._stitch.finish()
        return begun + self._rows()

    def _begin(self) -> list[Row]:
        """Take in what was held until it was clear whether a connection joined in mid-stream is compressed."""
        joined, self._joined = self._joined, None
        rows: list[Row] = []
        if joined is not None:
            if joined.greeted:
                self._start(midstream=False)
            else:
                self._unpack = joined.unpackers()
                self._reader.ordered = self._unpack[REQUEST] is None
            for side, chunk in joined.held:
                rows += self.feed(side, chunk)
        return rows

    def _rows(self) -> list[Row]:
        stitch = self._stitch
        rows = stitch.rows
        if rows:
            stitch.rows = []
        for source in (self._commands, self._reader, self._phase, *self._unpack):
            if source is not None and source.errors:
                for name in source.errors:
                    self.error(name)
                source.errors = []
        if stitch.stream and not self.done:
            self.done = True
            self.error("replication_stream")
        self.lockstep = self._lost or self._lane.lost or not stitch.matcher.sure or self._ahead.gaps > 0
        return rows

    # Answers.

    def _answer_bytes(self, piece: Piece, reason: str = "truncated") -> None:
        if isinstance(piece, int):
            self._answer_gap(piece, reason)
            return
        self._answers.add(piece)
        if self._phase is not None:
            self._connect(self._phase)
            if self._phase is not None or self.done:
                return
        self._replies()

    def _replies(self) -> None:
        inbox, reader, stitch = self._answers, self._reader, self._stitch
        pending = stitch.matcher.pending
        while inbox.pos < len(inbox.buf):
            if self._lost and not self._find_answer():
                return
            if not pending and not reader.started and not reader.skip:
                if not self.lockstep and self._held is None and stitch.matcher.sure and self._common():
                    continue
                self._pull_pending(inbox.time_at(inbox.pos) if self.lockstep else None)
            command = answer = -1
            if pending:
                head = pending[0] if stitch.matcher.sure else pending[-1]
                command, answer = head.command, head.answer
            reply = reader.take(inbox, command, answer)
            if reader.upload:
                reader.upload = False
                self._upload = True
                self._read_file()
            if reader.charset:
                self._commands.charset = reader.codec = reader.charset
                reader.charset = ""
            if reply is not None:
                stitch.response(reply)
            elif reader.bad:
                reader.bad = False
                self.error("bad_sequence")
                self._lose_answers()
                inbox.pos += 1
            else:
                return

    def _common(self) -> bool:
        """Take the common exchanges in front; whether there were any."""
        lane, answers = self._lane, self._answers
        if self._unpack[REQUEST] is not None or self._coding or not lane.ready:
            return False
        if lane.inbox.pos >= len(lane.inbox.buf) and (item := self._ahead.take_bytes()) is not None:
            lane.add(item)
        before = answers.pos
        common_exchanges(lane.inbox, answers, self._commands, self._stitch.rows, self.info.settings.body_limit)
        if answers.pos == before:
            return False
        self._greeted = True
        self._reader.sequence = 0
        return True

    def _find_answer(self) -> bool:
        inbox = self._answers
        inbox.pos, found = resync.find(inbox.buf, inbox.pos, RESPONSE)
        self._lost = not found
        return found

    def _lose_answers(self) -> None:
        self._lost = True
        self._commands.lost = self._commands.lost or "gap"
        self._stitch.gap(RESPONSE)

    def _answer_gap(self, size: int, reason: str) -> None:
        if self._phase is not None:
            self._end_phase(reason)
            self._answers.clear()
            self._lose_answers()
            return
        between = self._reader.between and not self._lost
        lost, reply = self._reader.gap(self._answers, size, reason)
        if reply is not None:
            self._stitch.response(reply)
        if lost:
            if between:
                self._stitch.unanswered()
            self._lose_answers()

    # Commands.

    def _speak(self, before: int | None) -> None:
        """Take in what the client sent before a time. If it spoke, answers lost before are over: the next begins anew."""
        spoke = False
        while self._pull(before):
            spoke = True
        if spoke and self._lost:
            restart(self._unpack[RESPONSE])
            self._answers.clear()
            self._lost = False

    def _pull_pending(self, before: int | None = None) -> None:
        """Take in commands until one waits for an answer."""
        pending = self._stitch.matcher.pending
        while not pending and self._pull(before):
            pass

    def _catch_up(self) -> None:
        while self._pull():
            pass

    def _pull(self, before: int | None = None) -> bool:
        """Take in one more packet of the client, of those seen before `before`; False when there is none."""
        if self.done:
            return False
        packet = self._held or self._next(before)
        self._held = None
        if packet is None:
            return False
        if before is not None and packet.time >= before:
            self._held = packet
            return False
        self._packet(packet)
        return True

    def _next(self, before: int | None) -> Packet | None:
        lane = self._lane
        while True:
            if self._coding and lane.peek() == 0:
                self._unpack[REQUEST] = Unpacker(self._coding)
                self._coding = ""
                left = rest(lane.inbox)
                for piece in self._plain(REQUEST, left) if left is not None else ():
                    self._command_bytes(piece, "truncated")
            if self._upgrade and len(lane.inbox.buf) - lane.inbox.pos >= wire.HEADER:
                self._upgrade = False
                if wire.is_tls(lane.inbox.buf, lane.inbox.pos):
                    self.done = True
                    return None
            packet = None if lane.lost and not lane.find() else lane.next()
            if packet is not None:
                return packet
            if (item := self._ahead.take(before)) is None:
                return None
            if isinstance(item, Chunk):
                for piece in self._plain(REQUEST, item):
                    self._command_bytes(piece, "truncated")
            else:
                unpacker = self._unpack[REQUEST]
                for size in [item[0]] if unpacker is None else unpacker.gap(item[0]):
                    self._command_bytes(size, item[1])

    def _command_bytes(self, piece: Piece, reason: str) -> None:
        if not isinstance(piece, int):
            self._lane.add(piece)
            return
        self._commands.lost = self._commands.lost or "gap"
        packet = self._lane.gap(piece, reason)
        if packet is not None:
            self._packet(packet)
        if self._lane.lost:
            self._file = -1
            if self._phase is not None:
                self._end_phase(reason)
            self._stitch.gap(REQUEST)

    def _packet(self, packet: Packet) -> None:
        """Take one packet of the client."""
        if self._phase is not None:
            if packet.sequence:
                self._phase.client(packet)
                self._upgrade = self._phase.login.tls
                return
            self._end_phase("")
        numbered = (
            packet.sequence or self._file == 255
        )  # ids wrap: behind the 255th packet of a file comes one with id 0
        if numbered and not self._is_command_all_the_same():
            self._file = packet.last if packet.size else -1
            if self._upload:
                self._upload = packet.size > 0
            elif self._greeted:
                self.error("stray_packet")
            return
        self._file = -1
        self._stitch.spoken()
        request = self._commands.read(packet)
        self._greeted = request.command != wire.CHANGE_USER
        self._stitch.request(request)

    def _is_command_all_the_same(self) -> bool:
        """Servers look at the ids of compressed frames only, and MariaDB's Java client goes on counting inside them."""
        quiet = self._greeted and not self._upload and self._file < 0
        return self._unpack[REQUEST] is not None and quiet and not self._stitch.matcher.pending

    def _read_file(self) -> None:
        """Read over the file that the client sends, as far as it is there."""
        while self._upload and self._pull():
            pass

    # The connection phase.

    def _connect(self, phase: ConnectionPhase) -> None:
        while not phase.over:
            before = self._answers.pos
            self._pull_login(phase)
            if self.done:
                return
            reply = phase.server(self._answers)
            if reply is not None and phase.request is None:
                self._stitch.refused(reply, phase.server_flags >= 0)
            elif reply is not None and phase.request is not None:
                self._stitch.request(phase.request)
                self._stitch.response(reply)
            if self._answers.pos == before:
                return
        self._end_phase("")

    def _pull_login(self, phase: ConnectionPhase) -> None:
        while phase.server_flags >= 0 and phase.request is None and self._pull():
            pass

    def _end_phase(self, reason: str) -> None:
        phase, self._phase = self._phase, None
        if phase is None:
            return
        for name in phase.errors:
            self.error(name)
        if phase.request is not None and not phase.over:
            self._stitch.request(phase.request._replace(note=reason))
        flags = phase.flags
        self._commands.flags = max(flags, 0)
        self._commands.charset = self._reader.codec = phase.codec
        self._reader.flags = flags
        if flags < 0:
            return
        self._reader.deprecate = bool(flags & wire.DEPRECATE_EOF)
        self._coding = compression(flags, flags)
        if self._coding:
            self._reader.ordered = False
            self._unpack[RESPONSE] = Unpacker(self._coding)
            left = rest(self._answers)
            for piece in self._plain(RESPONSE, left) if left is not None else ():
                self._answer_bytes(piece)

    def _plain(self, side: int, chunk: Chunk) -> list[Piece]:
        return [chunk] if (unpacker := self._unpack[side]) is None else unpacker.feed(chunk)
