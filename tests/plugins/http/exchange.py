"""Feeds a parser by hand: what each side sent, step by step."""

import random
from typing import Any

from pxcap.core.protocol import LOST, REQUEST, RESPONSE, ConnectionInfo, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.http.parser import HttpParser
from pxcap.plugins.http.plugin import COLUMNS

NAMES = ("time_", *(column.name for column in COLUMNS), "latency", "note")
Record = dict[str, Any]
Step = tuple[Any, ...]  # (">", bytes), ("<", bytes), (">gap", size[, reason]), ("<gap", ...), (">close",), ("<close",)


class Talk:
    """One connection; the clock moves 1 ms with every step."""

    def __init__(self, limit: int = 65536, redact: bool = True, midstream: bool = False) -> None:
        self.parser = HttpParser(ConnectionInfo(midstream=midstream, settings=Settings(limit, redact)))
        self.records: list[Record] = []
        self._offset = [0, 0]
        self._time = 0

    def step(self, what: str, *arguments: Any, tick: bool = True) -> None:
        self._time += 1_000_000 if tick else 0
        side = REQUEST if what[0] == ">" else RESPONSE
        if what[1:] == "gap":
            size, reason = arguments[0], arguments[1] if len(arguments) > 1 else LOST
            self._take(self.parser.gap(side, size, self._time, reason))
            self._offset[side] += size
        elif what[1:] == "close":
            self._take(self.parser.close(side, self._time))
        elif arguments[0]:
            chunk = Chunk(arguments[0], self._offset[side], [self._offset[side]], [self._time])
            self._take(self.parser.feed(side, chunk))
            self._offset[side] += len(arguments[0])

    def finish(self) -> list[Record]:
        self._take(self.parser.finish(self._time))
        return self.records

    def _take(self, rows: list[Any]) -> None:
        self.records += [dict(zip(NAMES, row, strict=True)) for row in rows]


def play(*steps: Step, **options: Any) -> list[Record]:
    """The records of an exchange."""
    talk = Talk(**options)
    for step in steps:
        talk.step(*step)
    return talk.finish()


def play_cut(rng: random.Random | None, *steps: Step, **options: Any) -> list[Record]:
    """The same with every step's bytes cut byte by byte, or at random; the time stays that of the step."""
    talk = Talk(**options)
    for what, *arguments in steps:
        if len(what) > 1:
            talk.step(what, *arguments)
            continue
        data, first = arguments[0], True
        while data or first:
            size = 1 if rng is None else rng.randint(1, 40)
            talk.step(what, data[:size], tick=first)
            data, first = data[size:], False
    return talk.finish()
