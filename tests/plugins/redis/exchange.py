"""An exchange as steps, played through a parser: `(">", bytes)` the client speaks, `("<", bytes)` the server does.

`(">gap", 5)` and `("<gap", 5)` are bytes lost, `(">cut", 5)` and `("<cut", 5)` bytes the snap length cut. Step n happens
at time n.
"""

import random
from collections.abc import Iterable
from itertools import pairwise

from pxcap.core.protocol import LOST, TRUNCATED, ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.redis.parser import RedisParser

Step = tuple[str, bytes | int]
Short = tuple[str | None, str | None, str | None, str]


def command(*words: bytes | str) -> bytes:
    """An array of bulk strings."""
    raw = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw)


class Talk:
    """A parser that is fed step by step."""

    def __init__(self, midstream: bool = False, body_limit: int = 65536, redact: bool = True) -> None:
        self.parser = RedisParser(ConnectionInfo(midstream=midstream, settings=Settings(body_limit, redact)))
        self.rows: list[Row] = []
        self.time = 0
        self.offset = [0, 0]

    def step(self, what: str, value: bytes | int, cuts: Iterable[int] = ()) -> None:
        """Play a step, its bytes cut at the positions given."""
        if self.parser.done:
            return
        self.time += 1
        side = 0 if what[0] == ">" else 1
        if isinstance(value, int):
            self.rows += self.parser.gap(side, value, self.time, LOST if what[1:] == "gap" else TRUNCATED)
            self.offset[side] += value
            return
        edges = sorted({0, *cuts, len(value)})
        for low, high in pairwise(edges):
            start = self.offset[side]
            self.rows += self.parser.feed(side, Chunk(value[low:high], start, [start], [self.time]))
            self.offset[side] += high - low
            if self.parser.done:
                return

    def finish(self) -> list[Row]:
        """End the connection; all rows."""
        self.rows += self.parser.finish(self.time + 1)
        return self.rows


def play(
    *steps: Step,
    cut: random.Random | int | None = None,
    midstream: bool = False,
    body_limit: int = 65536,
    redact: bool = True,
) -> list[Row]:
    """All rows of an exchange; `cut` cuts its bytes at random places, or into pieces of a size."""
    talk = Talk(midstream, body_limit, redact)
    for what, value in steps:
        size = len(value) if isinstance(value, bytes) else 0
        if isinstance(cut, int):
            talk.step(what, value, range(cut, size, cut))
        elif cut is not None and size > 1:
            talk.step(what, value, (cut.randrange(1, size) for _ in range(cut.randint(1, 6))))
        else:
            talk.step(what, value)
    return talk.finish()


def short(rows: Iterable[Row]) -> list[Short]:
    """Rows as (command, arguments, reply, note), an error's reply with a minus sign in front."""
    return [(row[1], row[2], f"-{row[3]}" if row[4] else row[3], row[6]) for row in rows]
