"""Inbox: bytes not consumed yet keep their times."""

from hypothesis import given
from hypothesis import strategies as st

from pxcap.core.stream import Chunk, Inbox


def test_a_consumed_inbox_takes_the_chunk_over_without_a_copy() -> None:
    inbox, data = Inbox(), b"abc"
    inbox.add(Chunk(data, 0, [0], [1]))
    assert inbox.buf is data


def test_times_and_segments() -> None:
    inbox = Inbox()
    inbox.add(Chunk(b"abcdef", 100, [100, 102, 105], [10, 20, 30]))
    assert [inbox.time_at(i) for i in range(6)] == [10, 10, 20, 20, 20, 30]
    assert [inbox.segment_after(i) for i in range(6)] == [2, 2, 5, 5, 5, 6]
    assert list(inbox.moments(0)) == [(10, 2), (20, 5), (30, 6)]
    assert list(inbox.moments(3)) == [(20, 5), (30, 6)]
    assert list(inbox.moments(5)) == [(30, 6)]


def test_segments_are_those_of_what_is_left() -> None:
    inbox = Inbox()
    inbox.add(Chunk(b"abcde", 10, [10, 12], [1, 2]))
    inbox.pos = 3
    inbox.add(Chunk(b"fg", 15, [15], [3]))
    assert (inbox.buf, inbox.base, inbox.segments) == (b"defg", 13, ([12, 15], [2, 3]))


def test_clear_forgets_and_goes_on_behind_a_gap() -> None:
    inbox = Inbox()
    inbox.add(Chunk(b"abc", 0, [0], [1]))
    inbox.clear()
    inbox.add(Chunk(b"xyz", 50, [50], [9]))
    assert (inbox.buf, inbox.base, inbox.time_at(0)) == (b"xyz", 50, 9)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.integers(0, 9)), min_size=1, max_size=20))
def test_any_consumption_keeps_bytes_and_times(pieces: list[tuple[bytes, int]]) -> None:
    inbox, offset, whole, times = Inbox(), 0, b"", []
    taken = 0
    for number, (data, consume) in enumerate(pieces):
        inbox.add(Chunk(data, offset, [offset], [number]))
        offset += len(data)
        whole += data
        times += [number] * len(data)
        assert inbox.buf[inbox.pos :] == whole[taken:]
        assert [inbox.time_at(i) for i in range(inbox.pos, len(inbox.buf))] == times[taken:]
        step = min(consume, len(inbox.buf) - inbox.pos)
        inbox.pos += step
        taken += step
