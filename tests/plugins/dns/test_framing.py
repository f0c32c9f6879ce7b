from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.dns.messages import framed, query, response

from pxcap.core.stream import RESPONSE, Chunk
from pxcap.plugins.dns.framing import Framer

MESSAGES = [response(query(f"host{number}.test."), f"host{number}.test. 60 A 192.0.2.1") for number in range(6)]
STREAM = framed(*MESSAGES)
SIZES = [len(message) + 2 for message in MESSAGES]


def chunk(data: bytes, offset: int, time: int = 5) -> Chunk:
    return Chunk(data, offset, [offset], [time])


def cut(framer: Framer, data: bytes, offset: int = 0) -> list[bytes]:
    return [msg for msg, _, _ in framer.add(chunk(data, offset))]


def test_times_of_first_and_last_byte() -> None:
    framer = Framer(RESPONSE, False)
    assert framer.add(chunk(STREAM[:1], 0, 10)) == []
    assert framer.add(chunk(STREAM[1 : SIZES[0]], 1, 20)) == [(MESSAGES[0], 10, 20)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=8, unique=True), st.booleans())
def test_cuts_never_matter(places: list[int], midstream: bool) -> None:
    framer = Framer(RESPONSE, midstream)
    edges = [0, *sorted(places), len(STREAM)]
    found = [msg for a, b in pairwise(edges) for msg in cut(framer, STREAM[a:b], a)]
    assert found == MESSAGES


def test_gap_inside_a_message_costs_that_message() -> None:
    framer = Framer(RESPONSE, False)
    a = SIZES[0] + 20
    assert cut(framer, STREAM[:a]) == MESSAGES[:1]
    assert framer.gap(10) == (MESSAGES[1][:18], 5)
    assert cut(framer, STREAM[a + 10 :], a + 10) == MESSAGES[2:]


def test_two_gaps_inside_a_message() -> None:
    framer = Framer(RESPONSE, False)
    cut(framer, STREAM[:10])
    framer.gap(5)
    assert cut(framer, STREAM[15:20], 15) == []
    assert framer.gap(4) is None
    assert cut(framer, STREAM[24:], 24) == MESSAGES[1:]


def test_second_gap_beyond_the_message() -> None:
    framer = Framer(RESPONSE, False)
    cut(framer, STREAM[:10])
    framer.gap(5)
    cut(framer, STREAM[15:20], 15)
    assert framer.gap(SIZES[0]) is None
    assert cut(framer, STREAM[20 + SIZES[0] :], 20 + SIZES[0]) == MESSAGES[2:]


def test_gap_over_whole_messages_between_two() -> None:
    framer = Framer(RESPONSE, False)
    assert cut(framer, STREAM[: SIZES[0]]) == MESSAGES[:1]
    assert framer.gap(SIZES[1]) is None
    at = SIZES[0] + SIZES[1]
    assert cut(framer, STREAM[at:], at) == MESSAGES[2:]


@settings(deadline=None, max_examples=100)
@given(st.integers(0, len(STREAM) - 1), st.integers(1, len(STREAM)))
def test_a_gap_anywhere_costs_only_what_it_covers(start: int, size: int) -> None:
    framer = Framer(RESPONSE, False)
    stop = min(start + size, len(STREAM))
    found = cut(framer, STREAM[:start]) if start else []
    framer.gap(stop - start)
    if stop < len(STREAM):
        found += cut(framer, STREAM[stop:], stop)
    found += [msg for msg, _, _ in framer.finish()[0]]
    ends = [sum(SIZES[: index + 1]) for index in range(len(SIZES))]
    whole = [msg for msg, size, end in zip(MESSAGES, SIZES, ends, strict=True) if end <= start or end - size >= stop]
    assert found == whole


def test_midstream_finds_the_next_message() -> None:
    framer = Framer(RESPONSE, True)
    assert cut(framer, STREAM[7:], 7) == MESSAGES[1:]


def test_impossible_length_is_counted_once_and_the_next_message_found() -> None:
    framer = Framer(RESPONSE, False)
    assert cut(framer, b"\0\3abc" + STREAM) == MESSAGES
    assert framer.errors == 1


def test_at_the_end_a_message_not_all_there() -> None:
    framer = Framer(RESPONSE, False)
    cut(framer, STREAM[:20])
    assert framer.finish() == ([], (MESSAGES[0][:18], 5))
    framer = Framer(RESPONSE, False)
    cut(framer, STREAM[:9])
    assert framer.finish() == ([], None)
    assert Framer(RESPONSE, False).finish() == ([], None)


def test_at_the_end_messages_behind_one_only_thought_to_begin() -> None:
    claim = (60000).to_bytes(2) + MESSAGES[0][:12]
    framer = Framer(RESPONSE, True)
    assert cut(framer, claim + STREAM) == []
    assert [msg for msg, _, _ in framer.finish()[0]] == MESSAGES


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=200), max_size=10), st.booleans())
def test_any_bytes_are_held_within_one_message(parts: list[bytes], midstream: bool) -> None:
    framer = Framer(RESPONSE, midstream)
    at = 0
    for part in filter(None, parts):
        framer.add(chunk(part, at))
        at += len(part)
        assert len(framer._inbox.buf) - framer._inbox.pos <= 65537
    framer.finish()
