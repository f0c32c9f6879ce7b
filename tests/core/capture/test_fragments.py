"""Putting datagrams together: any order, overlaps, and the bounds."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.core.capture import fragments
from pxcap.core.capture.fragments import MAX_AGE, MAX_DATAGRAMS, Datagram, Fragments

DATA = bytes(random.Random(1).randbytes(200))


def add(
    held: Fragments, begin: int, end: int, *, key: str = "k", time: int = 0, data: bytes = DATA, size: int | None = None
) -> Datagram | None:
    captured = data[begin : end if size is None else begin + size]
    return held.add(key, time, begin, end < len(data), end - begin, captured, 17)


@settings(deadline=None)
@given(
    st.permutations([(0, 64), (64, 72), (72, 160), (160, 200)]),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9))),
)
def test_any_order_and_any_repetition(order: list[tuple[int, int]], extra: list[tuple[int, int]]) -> None:
    held = Fragments()
    done = []
    for begin, end in order[:-1]:
        done.append(add(held, begin, end))
        for first, count in extra:  # any other cut of the same bytes, never the whole
            begin, end = first * 8, min((first + count) * 8, 160)
            if begin < end and not begin <= order[-1][0] < end and not (end > order[-1][0] and begin < order[-1][1]):
                done.append(add(held, begin, end))
    done.append(add(held, *order[-1]))
    assert [datagram for datagram in done if datagram] == [Datagram(DATA, 200, 17)]
    held.finish()
    assert held.lost == 0


def test_first_seen_wins_where_fragments_overlap() -> None:
    other = bytes(200)
    held = Fragments()
    assert add(held, 16, 48) is None
    assert add(held, 96, 120) is None
    assert add(held, 0, 160, data=other) is None
    whole = add(held, 152, 200, data=other)
    assert whole is not None
    assert whole.data == other[:16] + DATA[16:48] + other[48:96] + DATA[96:120] + other[120:]


def test_protocol_is_the_first_fragments() -> None:
    held = Fragments()
    held.add("k", 0, 8, False, 8, bytes(8), 99)
    assert held.add("k", 0, 0, True, 8, bytes(8), 6) == Datagram(bytes(16), 16, 6)


def test_snap_length_ends_the_data_and_not_the_length() -> None:
    held = Fragments()
    add(held, 0, 80, size=50)
    assert add(held, 80, 200) == Datagram(DATA[:50], 200, 17)
    add(held, 0, 80, size=0)
    assert add(held, 80, 200, size=10) == Datagram(b"", 200, 17)


@pytest.mark.parametrize(
    ("offset", "more", "size"),
    [(0, True, 0), (0, True, 12), (65528, False, 9), (0, True, -5)],
    ids=["empty", "not in eights", "past the longest datagram", "negative"],
)
def test_fragments_that_cannot_be(offset: int, more: bool, size: int) -> None:
    held = Fragments()
    assert held.add("k", 0, offset, more, size, bytes(max(size, 0)), 17) is None
    assert held.lost == 1
    assert not held._waiting


def test_nothing_reaches_beyond_the_last() -> None:
    held = Fragments()
    add(held, 160, 200)
    assert held.add("k", 0, 200, True, 8, bytes(8), 17) is None
    assert held.lost == 2
    held.add("k", 0, 200, True, 8, bytes(8), 17)
    assert add(held, 160, 200) is None
    assert held.lost == 4
    assert held._held == 0


def test_datagrams_wait_30_seconds() -> None:
    held = Fragments()
    add(held, 0, 80)
    assert add(held, 80, 200, time=MAX_AGE) is not None
    add(held, 0, 80)
    assert add(held, 80, 200, time=MAX_AGE + 1) is None
    assert held.lost == 1


def test_number_is_bounded_and_the_oldest_goes() -> None:
    held = Fragments()
    for number in range(MAX_DATAGRAMS + 5):
        add(held, 0, 80, key=str(number))
    assert len(held._waiting) == MAX_DATAGRAMS
    assert held.lost == 5
    assert add(held, 80, 200, key="4") is None
    assert add(held, 80, 200, key="900") is not None


def test_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_BYTES", 1000)
    held = Fragments()
    for number in range(50):
        add(held, 0, 80, key=str(number))
        assert held._held <= 1000
    assert held.lost > 40
    held.finish()
    assert held._held == 0
    assert held.lost == 50
