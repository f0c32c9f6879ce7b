"""One connection: the two readers, and what they share."""

from pxcap.core.protocol import REQUEST, ConnectionInfo, Parser, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.http.headers import shared_heads
from pxcap.plugins.http.reader import ASIDE
from pxcap.plugins.http.requests import RequestReader
from pxcap.plugins.http.responses import ResponseReader
from pxcap.plugins.http.stitch import Exchange


class HttpParser(Parser):
    """Parses and matches HTTP/1.0 and HTTP/1.1 on one connection.

    Holds, beside requests without an answer (`FifoMatcher`), at most MAX_HOLD and MAX_HEAD bytes not yet consumed, twice
    MAX_BYTES of bodies and one body of each direction.
    """

    __slots__ = ("_exchange", "_readers", "_requests", "_responses")

    def __init__(self, info: ConnectionInfo) -> None:
        """Start with the connection."""
        super().__init__(info)
        heads = shared_heads(info.settings.redact)
        self._exchange = Exchange(info, self.errors)
        self._requests = RequestReader(self._exchange, heads, info.midstream)
        self._responses = ResponseReader(self._exchange, heads, info.midstream, self._requests)
        self._readers = (self._requests, self._responses)

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        """Take the next bytes of a side and return the rows they complete."""
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
        if self.done:
            return []
        self._readers[side].gap(size, reason)
        return self._rows()

    def close(self, side: int, time: int) -> list[Row]:
        """One side sent its end; bytes held for the response to an Upgrade or CONNECT still wait."""
        if self.done or (side == REQUEST and self._requests.holding):
            return []
        self._readers[side].finish()
        return self._rows()

    def finish(self, time: int) -> list[Row]:
        """The connection is over: a row for everything still open."""
        for reader in self._readers:
            reader.finish()
        self._exchange.finish()
        return self._rows()

    def _rows(self) -> list[Row]:
        exchange = self._exchange
        self.done = exchange.over
        self.lockstep = not exchange.matcher.sure or self._requests.mode == ASIDE
        rows, exchange.rows = exchange.rows, []
        return rows
