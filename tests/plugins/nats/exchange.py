"""An exchange as steps, played through a parser: `(">", bytes)` the client speaks, `("<", bytes)` the server does.

`(">gap", 5)` and `("<gap", 5)` are bytes lost, `(">cut", 5)` and `("<cut", 5)` bytes the snap length cut. Step n happens
at time n.
"""

from itertools import pairwise

from pxcap.core.protocol import LOST, TRUNCATED, ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.nats.parser import NatsParser

Step = tuple[str, bytes | int]
Short = tuple[str, str | None, str | None, str]

INFO = b'INFO {"server_id":"N","max_payload":100} \r\n'
CONNECT = b'CONNECT {"verbose":false,"lang":"go"}\r\n'
BEGIN: tuple[Step, ...] = (("<", INFO), (">", CONNECT + b"PING\r\n"), ("<", b"PONG\r\n"))
BEGUN = 3  # rows that BEGIN makes


def play(
    *steps: Step, midstream: bool = False, cut: int = 0, body_limit: int = 65536, redact: bool = True
) -> tuple[list[Row], NatsParser]:
    """All rows of an exchange, its bytes cut in pieces of `cut`, and the parser."""
    parser = NatsParser(ConnectionInfo(midstream=midstream, settings=Settings(body_limit, redact)))
    rows: list[Row] = []
    offset = [0, 0]
    time = 0
    for what, value in steps:
        time += 1
        side = 0 if what[0] == ">" else 1
        if isinstance(value, int):
            rows += parser.gap(side, value, time, LOST if what[1:] == "gap" else TRUNCATED)
            offset[side] += value
            continue
        for low, high in pairwise([*range(0, len(value), cut or len(value)), len(value)]):
            if parser.done:
                break
            rows += parser.feed(side, Chunk(value[low:high], offset[side], [offset[side]], [time]))
            offset[side] += high - low
    rows += parser.finish(time + 1)
    return rows, parser


def short(rows: list[Row]) -> list[Short]:
    """(cmd, subject, resp, note) of each row, in order of time."""
    return [(row[1], row[4], row[3], row[9]) for row in sorted(rows, key=lambda row: row[0])]
