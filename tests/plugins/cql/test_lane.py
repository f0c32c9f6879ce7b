"""One direction through its modes."""

import pytest
from tests.plugins.cql import wires as w

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.core.stream import Chunk
from pxcap.plugins.cql.lane import Lane


class Feeder:
    """Feeds a lane and gives the streams of the messages that come out."""

    def __init__(self, direction: int, midstream: bool = False) -> None:
        self.lane = Lane(direction, 10_000, midstream)
        self.offset = 0

    def __call__(self, *pieces: bytes) -> list[tuple[int, str]]:
        found = []
        for piece in pieces:
            self.lane.add(Chunk(piece, self.offset, [self.offset], [self.offset]))
            self.offset += len(piece)
            while (message := self.lane.next()) is not None:
                found.append((message.stream, message.note))
        return found

    def lose(self, size: int) -> list[tuple[int, str]]:
        self.offset += size
        return [(message.stream, message.note) for message in self.lane.gap(size, "gap")]


def asked(stream: int) -> bytes:
    return w.query(f"SELECT {stream} /* {'x' * 40} */", stream, 5)


def test_raw_then_either_then_framed() -> None:
    feed = Feeder(REQUEST)
    assert feed(w.message(5, version=5), w.startup(1, 5)) == [(0, ""), (1, "")]
    assert feed(w.segment(asked(2) + asked(3)), w.segment(asked(4))) == [(2, ""), (3, ""), (4, "")]
    assert feed.lane.errors == []


def test_raw_stays_raw_where_no_segment_comes() -> None:
    feed = Feeder(RESPONSE)
    assert feed(w.ready(1, 5), w.void(2, 5), w.ready(3, 5), w.void(4, 5)) == [(1, ""), (2, ""), (3, ""), (4, "")]


@pytest.mark.parametrize("packed", [False, True])
def test_a_message_in_several_segments_byte_by_byte(packed: bool) -> None:
    feed = Feeder(REQUEST)
    feed(w.startup(1, 5))
    data = w.segments(asked(2), 20, packed) + w.segment(asked(3), packed=packed)
    assert feed(*(data[at : at + 1] for at in range(len(data)))) == [(2, ""), (3, "")]
    assert feed.lane.errors == []


@pytest.mark.parametrize("packed", [False, True])
def test_losses_between_and_inside_segments(packed: bool) -> None:
    first = w.segment(asked(2) + asked(3), packed=packed)
    for lost in range(1, len(first)):
        for low in range(0, len(first) - lost, 13):
            feed = Feeder(REQUEST)
            feed(w.startup(1, 5))
            found = feed(first[:low]) + feed.lose(lost) + feed(first[low + lost :])
            found += feed(w.segment(asked(4), packed=packed), w.segment(asked(5), packed=packed))
            assert found[-2:] == [(4, ""), (5, "")], (low, lost)
            assert feed.lane.errors == []
            assert not feed.lane.lost


def test_the_middle_of_a_long_message_is_no_message() -> None:
    """Joined behind the beginning: what follows looks like a message, but its segment is not self-contained."""
    feed = Feeder(REQUEST, midstream=True)
    rest = w.segment(b"x" * 30 + asked(7), False) + w.segment(b"y" * 30, False)
    assert feed(rest, w.segment(asked(8))) == [(8, "")]
    assert not feed.lane.lost


def test_a_long_message_that_ends_too_early() -> None:
    feed = Feeder(REQUEST)
    feed(w.startup(1, 5))
    assert feed(w.segment(asked(2)[:40], False), w.segment(asked(3))) == [(2, "gap"), (3, "")]
    assert feed.lane.errors == ["bad_segment"]


@pytest.mark.parametrize("packed", [False, True])
def test_damage_inside_a_segment_costs_that_segment(packed: bool) -> None:
    feed = Feeder(REQUEST)
    feed(w.startup(1, 5))
    assert feed(w.segment(b"\x05garbage, not a message", packed=packed), w.segment(asked(3), packed=packed)) == [
        (3, "")
    ]
    assert feed.lane.errors == ["bad_segment"]


def test_what_is_begun_at_the_end() -> None:
    feed = Feeder(REQUEST)
    assert feed(asked(2)[:40]) == []
    assert [message.note for message in feed.lane.finish()] == ["truncated"]
    assert feed.lane.finish() == []
