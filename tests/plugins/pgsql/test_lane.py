import pytest
from tests.plugins.pgsql.messages import SYNC, done, query, ready, row

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.core.stream import Chunk
from pxcap.plugins.pgsql.lane import Clock, Lane


def test_a_clock_knows_when_each_segment_was_seen() -> None:
    clock = Clock(Chunk(b"0123456789", 100, [100, 103, 107], [1, 2, 3]))
    assert [clock.at(pos) for pos in range(10)] == [1, 1, 1, 2, 2, 2, 2, 3, 3, 3]
    clock = Clock(Chunk(b"0123456789", 100, [100, 103, 107], [1, 2, 3]))
    assert [clock.at(pos) for pos in (0, 9)] == [1, 3]


def test_a_message_in_pieces_is_gathered() -> None:
    lane, message = Lane(False, 1000), query(b"SELECT 1")
    clock = Clock(Chunk(message[:3], 0, [0], [5]))
    assert lane.begin(clock, message[:3], 0) == 3
    assert lane.gather(message[3:], 0, 5) == 2
    assert lane.total() == len(message)
    assert lane.gather(message[3:], 2, lane.total()) == len(message) - 3
    assert (lane.take(len(message)), lane.time, bytes(lane.stash)) == (message, 5, b"")


def test_a_gap_inside_a_message_is_told_from_one_beyond() -> None:
    lane, message = Lane(False, 1000), query(b"SELECT 1")
    lane.stash += message[:6]
    left = len(message) - 6
    assert (lane.gap(left - 1), lane.gap(left), lane.gap(left + 5)) == (0, 0, 5)
    lane.stash.clear()
    lane.skip = 10
    assert (lane.gap(4), lane.skip) == (0, 6)
    assert (lane.gap(9), lane.skip) == (3, 0)
    assert lane.gap(7) == 7


def search(side: int, data: bytes, cut: int, first: bool = False) -> tuple[bytes, int]:
    """What a lost lane finds: the bytes from there on, and the time of the first (each byte has its position's)."""
    lane = Lane(True, 1000)
    lane.first = first
    for at in range(0, len(data), cut):
        piece = data[at : at + cut]
        clock = Clock(Chunk(piece, at, [at + n for n in range(len(piece))], [at + n for n in range(len(piece))]))
        pos = lane.search(side, clock, piece, 0)
        if not lane.lost:
            begun = bytes(lane.stash)
            return begun + piece[pos:] + data[at + len(piece) :], lane.time if begun else clock.at(pos)
    return b"", -1


@pytest.mark.parametrize("cut", [1000, 1, 3, 8, 50])
def test_the_next_message_is_found_however_the_bytes_are_cut(cut: int) -> None:
    rest = b"of a message, " * 20
    message = SYNC + query(b"SELECT 1")
    assert search(REQUEST, rest + message, cut) == (message, len(rest))
    message = done(b"SELECT 7") + ready() + row(b"1")
    assert search(RESPONSE, rest + message, cut) == (message, len(rest))
    message = query(b"SELECT 1")
    assert search(REQUEST, message, cut, first=True) == (message, 0)
    assert search(REQUEST, rest, cut) == (b"", -1)


def test_what_is_no_message_is_left_behind() -> None:
    lane = Lane(False, 1000)
    lane.stash += b"QQQQQ"
    lane.time = 3
    lane.lose(first=False)
    assert (lane.lost, lane.first, bytes(lane.stash)) == (True, False, b"QQQQ")


def test_where_the_talk_turns_a_message_may_begin() -> None:
    lane = Lane(True, 1000)
    lane.first = False
    lane.stash += b"rest"
    lane.turn()
    message = query(b"SELECT 1")
    clock = Clock(Chunk(message, 0, [0], [1]))
    assert lane.search(REQUEST, clock, message, 0) == 0
    assert not lane.lost
