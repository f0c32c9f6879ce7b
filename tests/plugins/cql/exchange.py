"""Feeds a parser the bytes of a connection, and gives the rows by column."""

from typing import Any

from pxcap.core.protocol import LOST, REQUEST, RESPONSE, ConnectionInfo, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.cql.parser import CqlParser
from pxcap.plugins.cql.plugin import CQL

NAMES = ("time_", *(column.name for column in CQL.columns), "latency", "note")
START, STEP = 1_000_000, 1000  # ns: the first byte fed, and from one feeding to the next


class Exchange:
    """One connection: `ask` and `tell` feed, `lose` tells of a gap; `rows` are all that were made, as dicts."""

    def __init__(self, midstream: bool = False, **settings: Any) -> None:
        self.parser = CqlParser(ConnectionInfo(midstream=midstream, settings=Settings(**settings)))
        self.rows: list[dict[str, Any]] = []
        self.time = START
        self._offset = [0, 0]

    def ask(self, *data: bytes) -> "Exchange":
        for one in data:
            self._feed(REQUEST, one)
        return self

    def tell(self, *data: bytes) -> "Exchange":
        for one in data:
            self._feed(RESPONSE, one)
        return self

    def lose(self, side: int, size: int, reason: str = LOST) -> "Exchange":
        self._take(self.parser.gap(side, size, self.time, reason))
        self._offset[side] += size
        return self

    def finish(self) -> list[dict[str, Any]]:
        self._take(self.parser.finish(self.time))
        return self.rows

    def _feed(self, side: int, data: bytes) -> None:
        if data:
            self._take(self.parser.feed(side, Chunk(data, self._offset[side], [self._offset[side]], [self.time])))
            self._offset[side] += len(data)
            self.time += STEP

    def _take(self, rows: list[Any]) -> None:
        self.rows += [dict(zip(NAMES, row, strict=True)) for row in rows]
