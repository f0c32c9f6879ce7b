"""One connection: the two readers, and what they share; and which major version of HTTP it speaks.

A connection whose beginning was seen tells by its first bytes. In any other both are tried side by side until one has
found its messages: HTTP/1 by its start lines, HTTP/2 by frames one behind the other.
"""

from typing import Any

from pxcap.core.protocol import NO, REQUEST, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.http.h2.parser import Http2
from pxcap.plugins.http.h2.recognise import server_begins
from pxcap.plugins.http.h2.wire import HEAD_SIZE, PREFACE
from pxcap.plugins.http.headers import shared_heads
from pxcap.plugins.http.reader import ASIDE
from pxcap.plugins.http.requests import RequestReader
from pxcap.plugins.http.responses import ResponseReader
from pxcap.plugins.http.stitch import Exchange

_MOST_HELD = 64  # events held until the version is known

_Event = tuple[str, tuple[Any, ...]]


class HttpParser(Parser):
    """Parses and matches HTTP/1.0 and HTTP/1.1 on one connection, or hands it to `Http2`.

    Holds, beside requests without an answer (`FifoMatcher`), at most MAX_HOLD and MAX_HEAD bytes not yet consumed, twice
    MAX_BYTES of bodies and one body of each direction.
    """

    __slots__ = ("_begun", "_begun_late", "_exchange", "_h2", "_held", "_readers", "_requests", "_responses", "_scout")

    def __init__(self, info: ConnectionInfo) -> None:
        """Start with the connection."""
        super().__init__(info)
        heads = shared_heads(info.settings.redact)
        self._exchange = Exchange(info, self.errors)
        self._requests = RequestReader(self._exchange, heads, info.midstream)
        self._responses = ResponseReader(self._exchange, heads, info.midstream, self._requests)
        self._readers = (self._requests, self._responses)
        self._h2: Http2 | None = None
        self._scout = Http2(info, {}, True) if info.midstream else None
        self._held: list[_Event] | None = None if info.midstream else []
        self._begun = [b"", b""]
        self._begun_late = [False, False]

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
        if self._h2 is not None:
            return self._h2.feed(side, chunk)
        if self._held is not None:
            return self._begin(side, chunk)
        if self._scout is not None:
            rows = self._scout.feed(side, chunk)
            if self._found():
                return rows
        if self.done:
            return []
        reader = self._readers[side]
        if side == REQUEST:
            self._responses.client_spoke()
        reader.inbox.add(chunk)
        reader.read()
        return self._rows()

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        """Go on behind lost bytes."""
        rows: list[Row] = []
        if self._held is not None:
            if not self._begun[side] and len(self._held) < _MOST_HELD:
                self._begun_late[side] = True
                self._held.append(("gap", (side, size, time, reason)))
                return []
            self._scout = Http2(self.info, {}, True)
            rows = self._decided()
        if self._h2 is not None:
            return rows + self._h2.gap(side, size, reason)
        if self._scout is not None:
            self._scout.gap(side, size, reason)
        if self.done:
            return rows
        self._readers[side].gap(size, reason)
        return rows + self._rows()

    def close(self, side: int, time: int) -> list[Row]:
        """One side sent its end; bytes held for the response to an Upgrade or CONNECT still wait."""
        rows = self._decided() if self._held is not None else []
        if self._h2 is not None or self.done or (side == REQUEST and self._requests.holding):
            return rows
        self._readers[side].finish()
        return rows + self._rows()

    def finish(self, time: int) -> list[Row]:
        """The connection is over: a row for everything still open."""
        rows = self._decided() if self._held is not None else []
        if self._scout is not None:
            late = self._scout.finish()
            if self._found():
                return rows + late
        if self._h2 is not None:
            return rows + self._h2.finish()
        for reader in self._readers:
            reader.finish()
        self._exchange.finish()
        return rows + self._rows()

    def _begin(self, side: int, chunk: Chunk) -> list[Row]:
        """The first bytes of a connection: held until they tell the version."""
        assert self._held is not None
        if self._begun_late[side]:
            self._scout = Http2(self.info, {}, True)
            self._held.append(("feed", (side, chunk)))
            return self._decided()
        self._begun[side] += chunk.data[: len(PREFACE)]
        begun = self._begun[side]
        if side == REQUEST:
            speaks_h2 = begun.startswith(PREFACE)
            waits = not speaks_h2 and PREFACE.startswith(begun)
        else:
            answer = server_begins(begun[:HEAD_SIZE])
            speaks_h2 = len(begun) >= HEAD_SIZE and answer > NO
            waits = len(begun) < HEAD_SIZE and (answer > NO or (len(begun) < 4 and not any(begun[:2])))
        self._held.append(("feed", (side, chunk)))
        if waits:
            return []
        if speaks_h2:
            self._h2 = Http2(self.info, self.errors, False)
            self.lockstep = False
        return self._decided()

    def _decided(self) -> list[Row]:
        """Go on with what was held."""
        held, self._held = self._held, None
        rows: list[Row] = []
        for name, arguments in held or ():
            rows += getattr(self, name)(*arguments)
        return rows

    def _found(self) -> bool:
        """Whether it turned out to be HTTP/2."""
        scout = self._scout
        if scout is not None and scout.sure:
            self._h2, self._scout = scout, None
            scout.count_into(self.errors)
            self.lockstep = False
            return True
        return False

    def _rows(self) -> list[Row]:
        exchange = self._exchange
        self.lockstep = not exchange.matcher.sure or self._requests.mode == ASIDE
        rows, exchange.rows = exchange.rows, []
        if self._scout is not None and (rows or exchange.matcher.pending or any(one.body for one in self._readers)):
            self._scout = None  # HTTP/1 it is
        if exchange.upgraded and self._h2 is None:
            self._scout = None
            self._h2 = Http2(self.info, self.errors, False)
            self.lockstep = False
            exchange.finish()
            rows += exchange.rows
            inboxes = (self._requests.inbox, self._responses.inbox)
            return rows + self._h2.upgraded(exchange.first, inboxes, self._requests.dropped)
        self.done = exchange.over
        return rows
