"""Feeds a parser, for tests that are about one connection."""

from pxcap.core.protocol import LOST, REQUEST, RESPONSE, ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.kafka.parser import KafkaParser

__all__ = ["LOST", "REQUEST", "RESPONSE", "Talk"]


class Talk:
    """One connection: every feed is one segment, a millisecond after the one before."""

    def __init__(self, limit: int = 65536, redact: bool = True, midstream: bool = False) -> None:
        self.parser = KafkaParser(ConnectionInfo(midstream=midstream, settings=Settings(limit, redact)))
        self.rows: list[Row] = []
        self.time = 0
        self._offset = [0, 0]

    def feed(self, side: int, data: bytes, step: int | None = None) -> "Talk":
        """Feed bytes, in pieces of `step` bytes if that is given."""
        for at in range(0, len(data), step or max(len(data), 1)):
            piece = data[at : at + step] if step else data
            self.time += 1_000_000
            self.rows += self.parser.feed(side, Chunk(piece, self._offset[side], [self._offset[side]], [self.time]))
            self._offset[side] += len(piece)
        return self

    def ask(self, data: bytes, step: int | None = None) -> "Talk":
        return self.feed(REQUEST, data, step)

    def tell(self, data: bytes, step: int | None = None) -> "Talk":
        return self.feed(RESPONSE, data, step)

    def lose(self, side: int, size: int, reason: str = LOST) -> "Talk":
        self.rows += self.parser.gap(side, size, self.time, reason)
        self._offset[side] += size
        return self

    def end(self) -> list[Row]:
        """Finish, and return all rows."""
        self.rows += self.parser.finish(self.time)
        return self.rows
