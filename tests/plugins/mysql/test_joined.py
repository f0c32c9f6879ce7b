"""Connections joined in mid-stream, compressed or not."""

import random
import zlib

import pytest
from tests.plugins.mysql.build import Talk, brief, chunk, ok, packet, query, rows

from pxcap.core.inference import GOOD_ENOUGH
from pxcap.core.protocol import REQUEST, RESPONSE, SURE, Sample
from pxcap.plugins.mysql.joined import Joined, compressed
from pxcap.plugins.mysql.recognise import recognise


def packed(data: bytes, sequence: int) -> bytes:
    body = zlib.compress(data)
    return len(body).to_bytes(3, "little") + bytes((sequence,)) + len(data).to_bytes(3, "little") + body


def bare(data: bytes, sequence: int) -> bytes:
    return len(data).to_bytes(3, "little") + bytes((sequence,)) + bytes(3) + data


LONG = query(b"SELECT name FROM orders WHERE id IN (" + b"1, " * 60 + b"2)")
SHORT = query(b"SELECT 1")
MANY = rows(*[b"x" * 30] * 40)
ASKS = [
    packed(LONG, 0),
    bare(SHORT, 0),
    bare(packet(0, b"\x0e"), 0),
    packed(query(b"SELECT '" + b"a" * 5000 + b"'"), 0),
]
TELLS = [packed(MANY, 1), bare(ok(), 1), bare(rows(b"1"), 1)]
PLAIN = [(REQUEST, data) for data in (LONG, SHORT, packet(0, b"\1"), packet(0, b"\x16SELECT ?"))] + [
    (RESPONSE, data) for data in (MANY, ok(), rows(), packet(1, b"\xff\x28\4#42000no"))
]


@pytest.mark.parametrize(("side", "data"), [*((REQUEST, ask) for ask in ASKS), *((RESPONSE, tell) for tell in TELLS)])
def test_a_frame_is_told_and_never_denied_for_being_cut(side: int, data: bytes) -> None:
    verdicts = [compressed(data[:size], side) for size in range(len(data) + 1)]
    assert verdicts[-1] is True
    assert False not in verdicts
    assert not compressed(data, 1 - side)
    assert recognise(Sample(data, b"", midstream=True) if side == REQUEST else Sample(b"", data, midstream=True)) > 0


@pytest.mark.parametrize(("side", "data"), PLAIN)
def test_packets_as_they_are_are_none(side: int, data: bytes) -> None:
    verdicts = {compressed(data[:size], side) for size in range(len(data) + 1)}
    assert True not in verdicts


def test_noise_is_none() -> None:
    rng = random.Random(0)
    for _ in range(2000):
        data = bytes((rng.randrange(60), 0, 0, rng.randrange(2), *rng.choice((b"\0\0\0", rng.randbytes(3)))))
        assert not compressed(
            data + rng.choice((b"", b"\x78\x9c", b"\x28\xb5\x2f\xfd")) + rng.randbytes(70), rng.randrange(2)
        )


def test_both_sides_are_sure() -> None:
    assert recognise(Sample(ASKS[0], TELLS[0], midstream=True)) == SURE
    assert recognise(Sample(ASKS[1], TELLS[0][40:], midstream=True)) >= GOOD_ENOUGH


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_its_commands_are_read(size: int) -> None:
    talk = Talk(midstream=True)
    for ask, tell in zip(ASKS[:3], TELLS, strict=True):
        for data, feed in ((ask, talk.ask), (tell, talk.tell)):
            for at in range(0, len(data), size):
                feed(data[at : at + size])
    assert [(row[0], row[1:]) for row in brief(talk.finish())] == [
        (3, (LONG[5:].decode(), 2, "Resultset rows = 40", "")),
        (3, ("SELECT 1", 2, "OK", "")),
        (14, ("", 2, "Resultset rows = 1", "")),
    ]


def test_a_side_that_began_inside_a_frame_begins_anew_when_the_other_has_spoken() -> None:
    talk = Talk(midstream=True).tell(TELLS[0][30:])
    for _ in range(2):
        talk.ask(ASKS[0]).tell(TELLS[0])
    found = [row for row in brief(talk.finish()) if row[0] is not None]
    assert found == [(3, LONG[5:].decode(), 2, "Resultset rows = 40", "")] * 2


def test_what_is_not_clear_is_not_compressed() -> None:
    joined = Joined()
    assert not joined.add(REQUEST, chunk(b"\5\0\0"))
    assert joined.unpackers() == [None, None]
    assert joined.add(REQUEST, chunk(b"\7", 3))
    assert joined.unpackers() == [None, None]
    found = Talk(midstream=True).ask(packet(0, b"\1")).finish()
    assert brief(found) == [(1, "", 1, None, "")]
