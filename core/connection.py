"""One connection, from its first bytes to its last: recognise the protocol, feed its parser, pass the rows on.

Whatever brings the bytes (reassembled packets, or the kernel's sockets) calls `data`, `gap`, `close` and `finish` with the
direction as 0 or 1; `flip` turns that into REQUEST or RESPONSE once it is known who the server is. Until the protocol is
known events are held, within HELD_BYTES, and then handed over as if the parser had been there from the start.

This is the one place where pxcap calls into a plugin while capturing, so the one place that catches what it raises.
"""

from dataclasses import replace
from typing import Any

from pxcap.core.inference import GOOD_ENOUGH, SAMPLE, Verdict
from pxcap.core.pipeline import Pipeline
from pxcap.core.protocol import SURE, ConnectionInfo, Parser, ProtocolSpec, Row
from pxcap.core.proxied import behind, header_size
from pxcap.core.rows import Join, join, joiner
from pxcap.core.stream import Chunk
from pxcap.core.vantage import Endpoint, Place, Vantage, place

HELD_BYTES = 64 * 1024  # held of both directions while the protocol is unknown
HELD_EVENTS = 24  # chunks and gaps a complete beginning may take to be recognised
SEARCH_BYTES = 1 << 20  # looked at in mid-stream before a connection is given up as unrecognised


class Connection:
    """A TCP connection, or a UDP exchange between two endpoints.

    Attributes:
        ends: (address, port) of the sender of direction 0 and of direction 1.
        flip: XOR it with a direction to get REQUEST or RESPONSE.
        role_known: A handshake told who the client is; else the bytes may turn `flip`.
        parser: The protocol's parser once recognised, None before and after.
        sent: Payload bytes seen in each direction.
        lost: Payload bytes missing in each direction.
        retransmits: Segments that repeated bytes already seen; from a process, those its side sent again.
        rtt: Smoothed round-trip time, ns; None when nobody told.
        began: When its first bytes were seen, or it was opened; ns since the epoch.
        seen: The process that holds direction 0; None when packets told.
    """

    __slots__ = (
        "_fronts",
        "_held",
        "_held_bytes",
        "_join",
        "_pipeline",
        "_prefix",
        "_searched",
        "_spec",
        "began",
        "ends",
        "flip",
        "lost",
        "midstream",
        "opened",
        "parser",
        "records",
        "retransmits",
        "role_known",
        "rtt",
        "seen",
        "sent",
        "settled",
        "transport",
    )

    def __init__(
        self,
        pipeline: Pipeline,
        transport: str,
        ends: tuple[Endpoint, Endpoint],
        client: int | None,
        midstream: bool,
        seen: Vantage | None = None,
    ) -> None:
        """Start a connection; `client` is the direction the client sends in, None when no handshake told."""
        self._pipeline = pipeline
        self.transport = transport
        self.ends = ends
        self.midstream = midstream
        self.opened = not midstream
        self.flip = client or 0
        self.role_known = client is not None
        self.parser: Parser | None = None
        self._spec: ProtocolSpec | None = None
        self.settled = False  # the protocol is known, or was given up: nothing is held any more
        self._held: list[tuple[Any, ...]] = []
        self._held_bytes = 0
        self._fronts = {0, 1} if transport == "tcp" and not midstream else set()  # may begin with a PROXY header
        self._searched = 0
        self._prefix: Row = ()
        self._join: Join = join
        self.sent = [0, 0]
        self.lost = [0, 0]
        self.retransmits = 0
        self.rtt: int | None = None
        self.records = 0
        self.seen = seen
        self.began = seen.opened if seen is not None else 0
        self._force()

    def data(self, direction: int, chunk: Chunk) -> None:
        """Take contiguous bytes of a direction."""
        if not self.began:
            self.began = chunk.times[0]
        self.sent[direction] += len(chunk.data)
        parser = self.parser
        if parser is not None:
            try:
                rows = parser.feed(direction ^ self.flip, chunk)
            except Exception as err:  # noqa: BLE001 - a plugin may raise anything
                self._failed(err)
                return
            if rows:
                self._emit(rows)
            if parser.done:
                self._close_parser(chunk.times[-1])
        elif not self.settled:
            self._hold(("data", direction, chunk), len(chunk.data))
            if direction not in self._fronts or self._behind_front(direction):
                self._recognise(chunk if self.midstream else None)

    def gap(self, direction: int, size: int, time: int, reason: str) -> None:
        """Note `size` bytes of a direction that were not captured."""
        self.lost[direction] += size
        if self.parser is not None:
            self._call("gap", direction ^ self.flip, size, time, reason)
        elif not self.settled:
            self._hold(("gap", direction, size, time, reason), 0)

    def close(self, direction: int, time: int) -> None:
        """A direction sent its end."""
        if self.parser is not None:
            self._call("close", direction ^ self.flip, time)
        elif not self.settled:
            self._hold(("close", direction, time), 0)

    def enter_tls(self, time: int, whole: bool) -> bool:
        """From here on the bytes are the plain text inside TLS; `whole`: they come from its beginning.

        Whoever reads the clear text before it goes on with it. Where nobody does, or some is missing, it is a new
        conversation, and positions in it count anew.

        Returns:
            Whether it is a new one.
        """
        if self.seen is not None:
            self.seen = replace(self.seen, encrypted=True)
        if whole and not self.given_up:
            if self._spec is not None:
                self._prefix = self.place.columns
            return False
        self._close_parser(time)
        self.midstream = not whole
        self.settled = False
        self._spec = None
        self._held, self._held_bytes, self._searched = [], 0, 0
        if not whole:
            self.sent, self.lost = [0, 0], [0, 0]  # before anybody knew that it was TLS, it was ciphertext
        self._force()
        return True

    def give_up(self, time: int) -> None:
        """Look at no more bytes: they will not come, or are left out. They are counted all the same."""
        if self.settled:
            self._close_parser(time)
        else:
            self._settle(None)

    @property
    def given_up(self) -> bool:
        """Nobody looks at its bytes any more."""
        return self.settled and self.parser is None

    def finish(self, time: int, closed: bool) -> None:
        """The connection is over (`closed`), or no longer watched; rows for what is open are made and totals counted."""
        if not self.settled:
            verdict = self._judge(None)
            self._settle(verdict.spec if verdict.score >= GOOD_ENOUGH else None, verdict.flip)
        self._close_parser(time)
        if self._spec is None and not self.role_known and self._pipeline.likely_server(self.ends) == self.flip:
            self.flip ^= 1
        self._pipeline.connection_over(self, time, closed)

    @property
    def spec(self) -> ProtocolSpec | None:
        """The protocol, once recognised."""
        return self._spec

    @property
    def place(self) -> Place:
        """Where its records stand."""
        return place(self.ends, self.flip, self.role_known or self._spec is not None, self.seen)

    def _force(self) -> None:
        """Begin with the protocol that the person fixed, if there is one."""
        if (forced := self._pipeline.forced(self.ends)) is not None:
            spec, server = forced
            if not self.role_known:
                self.flip = 1 - server
            self._settle(spec)

    def _hold(self, event: tuple[Any, ...], size: int) -> None:
        self._held.append(event)
        self._held_bytes += size
        self._searched += size

    def _behind_front(self, direction: int) -> bool:
        """Whether bytes are held of a direction that are no PROXY header; a whole one is taken away."""
        own = [event for event in self._held if event[1] == direction]
        if own[0][0] != "data":  # its beginning was lost
            self._fronts.discard(direction)
            return True
        chunks = [event[2] for event in own if event[0] == "data"]
        size = header_size(b"".join(chunk.data for chunk in chunks))
        if size is None:
            return False
        self._fronts.discard(direction)
        if size == 0:
            return True
        left = behind(chunks, size)
        self._held = [event for event in self._held if event[1] != direction]
        self._held += [("data", direction, chunk) for chunk in left]
        self._held_bytes -= size
        return bool(left)

    def _recognise(self, latest: Chunk | None) -> None:
        verdict = self._judge(None)
        if verdict.score < SURE and latest is not None:
            again = self._judge(latest)  # in mid-stream a later segment may begin with a message when the first did not
            verdict = again if again.score > verdict.score else verdict
        if verdict.score >= SURE:
            self._settle(verdict.spec, verdict.flip)
        elif self._held_bytes > HELD_BYTES or len(self._held) > HELD_EVENTS:
            if verdict.score >= GOOD_ENOUGH:
                self._settle(verdict.spec, verdict.flip)
            elif not self.midstream or self._searched > SEARCH_BYTES:
                self._settle(None)
            else:
                while self._held_bytes > HELD_BYTES // 2 or len(self._held) > HELD_EVENTS // 2:
                    event = self._held.pop(0)
                    self._held_bytes -= len(event[2].data) if event[0] == "data" else 0

    def _judge(self, latest: Chunk | None) -> Verdict:
        """Score the beginning of both directions; with `latest`, that chunk stands for its direction's beginning."""
        first = [b"", b""]
        whole = [True, True]
        for event in self._held:
            kind, direction = event[0], event[1]
            if latest is not None and event[2] is latest:
                first[direction] = latest.data
            elif kind == "gap":
                whole[direction] = not first[direction] and whole[direction]
            elif kind == "data" and whole[direction] and len(first[direction]) < SAMPLE:
                chunk = event[2]
                first[direction] += chunk.data if self.transport == "tcp" else chunk.data[: _first_datagram(chunk)]
                whole[direction] = self.transport == "tcp"
        client = self.flip
        verdict = self._pipeline.recogniser.judge(
            first[client],
            first[1 - client],
            self.transport,
            (self.ends[client], self.ends[1 - client]),
            self.role_known,
            self.midstream,
        )
        return Verdict(verdict.spec, verdict.flip ^ client, verdict.score)

    def _settle(self, spec: ProtocolSpec | None, flip: int | None = None) -> None:
        self.settled = True
        held, self._held = self._held, []
        self._spec = spec
        if flip is not None:
            self.flip = flip
        if spec is None:
            return
        client, server = self.ends[self.flip], self.ends[1 - self.flip]
        self._pipeline.recogniser.remember(server, spec)
        if not self._pipeline.wanted(spec):
            return
        info = ConnectionInfo(
            self.transport, *client, *server, midstream=self.midstream, settings=self._pipeline.settings
        )
        self._prefix = self.place.columns
        self._join = joiner(spec.width)
        try:
            self.parser = spec.parser(info)
        except Exception as err:  # noqa: BLE001 - a plugin may raise anything
            self._failed(err)
            return
        time = 0
        for kind, *arguments in held:
            if self.parser is None:
                return
            if kind == "data":
                time = arguments[1].times[-1]
            arguments[0] ^= self.flip
            self._call("feed" if kind == "data" else kind, *arguments)
            if self.parser is not None and self.parser.done:
                self._close_parser(time)

    def _call(self, name: str, *arguments: Any) -> None:
        try:
            rows = getattr(self.parser, name)(*arguments)
        except Exception as err:  # noqa: BLE001 - a plugin may raise anything
            self._failed(err)
            return
        if rows:
            self._emit(rows)

    def _emit(self, rows: list[Row]) -> None:
        assert self._spec is not None
        try:
            whole = self._join(rows, self._prefix)
        except Exception:  # noqa: BLE001 - what a plugin returned need not be rows
            try:
                whole = join(rows, self._prefix)  # the store names a row that does not fit its table
            except Exception as err:  # noqa: BLE001
                self._failed(err)
                return
        self.records += len(whole)
        self._pipeline.emit(self._spec.table, whole)

    def _close_parser(self, time: int) -> None:
        """Let the parser return what is open, and take its counts."""
        if self.parser is not None:
            self._call("finish", time)
        if self.parser is not None and self._spec is not None:
            try:
                self._pipeline.parser_over(self, self._spec, self.parser.errors)
            except Exception as err:  # noqa: BLE001 - what a plugin counted need not be counts
                self._failed(err)
        self.parser = None

    def _failed(self, err: Exception) -> None:
        """A plugin raised: count and name it, and do without it for this connection."""
        assert self._spec is not None
        self._pipeline.plugin_failed(self._spec, err)
        self.parser = None


def _first_datagram(chunk: Chunk) -> int:
    return chunk.starts[1] - chunk.offset if len(chunk.starts) > 1 else len(chunk.data)
