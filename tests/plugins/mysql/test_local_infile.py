"""A file sent for LOAD DATA LOCAL in so many packets that their sequence ids wrap: its bytes are no commands."""

import struct

import pytest

from pxcap.core.protocol import REQUEST, RESPONSE, ConnectionInfo, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.mysql.parser import MysqlParser

OK = b"\0\x05\0\2\0\0\0"
LOAD = b"\x03LOAD DATA LOCAL INFILE 'f' INTO TABLE t"


def packet(sequence: int, body: bytes) -> bytes:
    return struct.pack("<I", len(body))[:3] + bytes([sequence % 256]) + body


FILE = b"".join(packet(2 + n, b"\x34row %d\n" % n) for n in range(600)) + packet(602, b"")


def run(parts: list[tuple[int, bytes]]) -> tuple[list[Row], dict[str, int]]:
    parser = MysqlParser(ConnectionInfo(midstream=True))
    rows, offsets = [], [0, 0]
    for time, (side, data) in enumerate(parts):
        rows += parser.feed(side, Chunk(data, offsets[side], [offsets[side]], [time]))
        offsets[side] += len(data)
    return rows + parser.finish(len(parts)), parser.errors


@pytest.mark.parametrize("size", [len(FILE), 1000, 7])
def test_wrapped_ids_are_no_commands(size: int) -> None:
    pieces = [(REQUEST, FILE[at : at + size]) for at in range(0, len(FILE), size)]
    rows, errors = run(
        [
            *[(REQUEST, packet(0, LOAD)), (RESPONSE, packet(1, b"\xfbf")), *pieces, (RESPONSE, packet(603, OK))],
            *[(REQUEST, packet(0, b"\x0e")), (RESPONSE, packet(1, OK)), (REQUEST, packet(0, b"\x01"))],
        ]
    )
    assert [(row[1], row[3], row[-1]) for row in rows] == [(3, 2, ""), (14, 2, ""), (1, 1, "")]
    assert rows[0][9] == 5
    assert not errors


def test_a_command_behind_a_file_that_ended_at_the_last_id_is_one() -> None:
    file = b"".join(packet(2 + n, b"x\n") for n in range(253)) + packet(255, b"")
    rows, errors = run(
        [
            *[(REQUEST, packet(0, LOAD)), (RESPONSE, packet(1, b"\xfbf")), (REQUEST, file), (RESPONSE, packet(0, OK))],
            *[(REQUEST, packet(0, b"\x0e")), (RESPONSE, packet(1, OK))],
        ]
    )
    assert [(row[1], row[3]) for row in rows] == [(3, 2), (14, 2)]
    assert not errors
