"""An exchange as steps, played through a parser: `(">", bytes)` the client speaks, `("<", bytes)` the server does.

`(">gap", 5)` and `("<gap", 5)` are bytes lost, `(">cut", 5)` and `("<cut", 5)` bytes the snap length cut. Step n happens
at time n.
"""

from collections.abc import Iterable

from tests.plugins.pgsql.messages import HELLO, ready, startup

from pxcap.core.protocol import LOST, TRUNCATED, ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.pgsql.parser import PgsqlParser

Step = tuple[str, bytes | int]
Short = tuple[str | None, str | None, str | None, str]
BEGUN: tuple[Step, ...] = ((">", startup(b"user", b"app")), ("<", HELLO + ready()))


class Talk:
    """A parser that is fed step by step, in pieces of at most `cut` bytes."""

    def __init__(
        self, midstream: bool = False, cut: int = 1 << 30, body_limit: int = 65536, redact: bool = True
    ) -> None:
        self.parser = PgsqlParser(ConnectionInfo(midstream=midstream, settings=Settings(body_limit, redact)))
        self.rows: list[Row] = []
        self.time = 0
        self.cut = cut
        self.offset = [0, 0]

    def step(self, what: str, value: bytes | int) -> None:
        """Play a step."""
        if self.parser.done:
            return
        self.time += 1
        side = 0 if what[0] == ">" else 1
        if isinstance(value, int):
            self.rows += self.parser.gap(side, value, self.time, LOST if what[1:] == "gap" else TRUNCATED)
            self.offset[side] += value
            return
        for at in range(0, len(value), self.cut):
            piece, start = value[at : at + self.cut], self.offset[side]
            self.rows += self.parser.feed(side, Chunk(piece, start, [start], [self.time]))
            self.offset[side] += len(piece)
            if self.parser.done:
                return

    def finish(self) -> list[Row]:
        """End the connection; all rows."""
        self.rows += self.parser.finish(self.time + 1)
        return self.rows


def play(
    *steps: Step, midstream: bool = False, cut: int = 1 << 30, body_limit: int = 65536, redact: bool = True
) -> list[Row]:
    """All rows of an exchange but that of its beginning, which is played before unless it is joined in mid-stream."""
    talk = Talk(midstream, cut, body_limit, redact)
    for what, value in (*(() if midstream else BEGUN), *steps):
        talk.step(what, value)
    return talk.finish()[0 if midstream else 1 :]


def short(rows: Iterable[Row]) -> list[Short]:
    """Rows as (command, statement, answer, note)."""
    return [(row[1], row[2], row[3], row[9]) for row in rows]
