"""Cycles that repeat give what each alone gives."""

import random

import pytest
from tests.plugins.pgsql.exchange import Step, play
from tests.plugins.pgsql.messages import (
    BOUND,
    HELLO,
    NO_DATA,
    PARSED,
    SYNC,
    bind,
    describe,
    described,
    done,
    error,
    execute,
    m,
    parse,
    query,
    ready,
    row,
    startup,
)

from pxcap.core.protocol import ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.pgsql import cycles as cycles_module
from pxcap.plugins.pgsql import render
from pxcap.plugins.pgsql.cycles import MEMO, Answers, Repeats
from pxcap.plugins.pgsql.fast import common_requests
from pxcap.plugins.pgsql.lane import Clock
from pxcap.plugins.pgsql.parser import PgsqlParser
from pxcap.plugins.pgsql.requests import Requests
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import Cycle, Statement

BEHIND = b"\0\1\0\0" + execute() + SYNC


def asked(*values: bytes | None, name: bytes = b"s") -> bytes:
    return bind(b"", name, *values) + execute() + SYNC


def take(
    data: bytes, pos: int, count: int = 1, most: int = 1000, starts: tuple[int, ...] = (0,)
) -> tuple[list[object], int]:
    """What is bound again and again, as values with times, and how many bytes that took."""
    same = Repeats(b"", b"\0s\0\0\0\0%c" % count, count, 4, BEHIND, 6, most)
    chunk = Chunk(data, 0, list(starts), list(range(10, 10 + len(starts))))
    found, weight, stop = same.take(data, pos, Clock(chunk))
    assert weight == sum(size for _, _, size in found)
    return [(time, values) for time, values, _ in found], stop - pos


def test_what_differs_in_its_values_only_is_taken() -> None:
    first, second = asked(b"1"), asked(b"22") + asked(None) + asked(b"")
    assert take(first + second, len(first)) == ([(10, [b"22"]), (10, [None]), (10, [b""])], len(second))
    second = asked(b"22", None) + asked(b"", b"x" * 300)
    assert take(second, 0, 2) == ([(10, [b"22", None]), (10, [b"", b"x" * 300])], len(second))


def test_a_cycle_in_two_segments_is_left() -> None:
    one = asked(b"1")
    assert take(one * 3, 0, starts=(0, len(one), 2 * len(one) + 5)) == ([(10, [b"1"]), (11, [b"1"])], 2 * len(one))


@pytest.mark.parametrize(
    "other",
    [
        asked(b"1", name=b"t"),
        asked(b"1", b"2"),
        asked(b"1" * 1000),
        asked(b"1")[:-1],
        b"",
        bind(b"p", b"s", b"1") + execute(b"p") + SYNC,
        bind(b"", b"s", b"1") + execute(b"", 5) + SYNC,
        bind(b"", b"s", b"1") + describe() + execute() + SYNC,
        m(b"B", b"\0s\0\0\0\0\1\x7f\xff\xff\xff1\0\1\0\0") + execute() + SYNC,
        m(b"B", b"\0s\0\0\0\0\1\0\0\0\2" + b"1\0\1\0\0") + execute() + SYNC + b"\0" * 20,
        m(b"F", b"\0s\0\0\0\0\1\0\0\0\1" + b"1\0\1\0\0") + execute() + SYNC,
        m(b"B", b"\0s\0\0\0\0\1") + execute() + SYNC + b"\0" * 20,
    ],
)
def test_what_differs_otherwise_is_left(other: bytes) -> None:
    one = asked(b"1")
    assert take(one + other, 0) == ([(10, [b"1"])], len(one))


def test_the_bytes_of_values_are_the_same_for_the_first_and_the_others() -> None:
    stitch = Stitcher(Settings(), True, [].append)
    requests = Requests(Settings(), stitch, [].append, False)
    data = parse(b"s", b"SELECT $1") + asked(b"11") * 3
    assert common_requests(data, 0, Clock(Chunk(data, 0, [0], [10])), requests, stitch) == len(data)
    sizes = {size for entry in stitch.pending if isinstance(entry, Cycle) for _, _, size in entry.binds}
    assert len(sizes) == 1
    assert max(entry.left for entry in stitch.pending if isinstance(entry, Cycle)) == 2


def answer(rng: random.Random, kind: int) -> bytes:
    head = BOUND + (NO_DATA, described((b"a", 23, 0)), described((b"a", 23, 0), (b"b", 25, 0)), described())[kind]
    most = rng.choice((1, 1, 2, 6))
    rows = b"".join(row(b"v" * rng.randrange(most)) for _ in range(rng.choice((0, 1, 1, 1, 2, 30, 30))))
    tag = rng.choice((b"SELECT 1", b"SELECT 1", b"INSERT 0 3", b"BEGIN"))
    if rng.random() < 0.1:
        return head[: len(BOUND)] + error(b"22012", b"no") + ready(b"E")
    return head + rows + done(tag) + ready(rng.choice((b"I", b"I", b"T")))


@pytest.mark.parametrize("seed", range(150))
def test_flights_of_one_statement_give_what_single_ones_give(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    count, parsed, kind = rng.randrange(4), rng.random() < 0.3, rng.randrange(4)
    asked, answered = [], []
    for _ in range(rng.randint(2, 12)):
        kind = rng.randrange(4) if rng.random() < 0.2 else kind
        values = [rng.choice((b"7", b"-7", None, b"", b"x" * rng.randrange(40))) for _ in range(count)]
        begin = parse(b"", b"SELECT 1") if parsed else b""
        asked.append(begin + bind(b"", b"", *values) + describe() + execute() + SYNC)
        answered.append((PARSED if parsed else b"") + answer(rng, kind))
    first = (">", parse(b"", b"SELECT 1") + SYNC), ("<", PARSED + ready())
    whole: list[Step] = [*first, (">", b"".join(asked)), ("<", b"".join(answered))]
    fast = [play(*whole, cut=cut) for cut in (1 << 30, rng.randrange(1, 300), rng.randrange(1, 300))]
    monkeypatch.setattr(cycles_module, "MANY", 0)
    monkeypatch.setattr(Answers, "take", lambda self, buf, pos, *rest: pos)
    slow = play(*whole)
    assert len(slow) == 1 + (3 + parsed) * len(asked)
    assert fast == [slow] * 3


def test_beginnings_of_answers_are_remembered_within_bounds() -> None:
    answers = Answers(render.Columns(), render.Tags())
    for number in range(2 * MEMO):
        stitch = Stitcher(Settings(), True, [].append)
        cycle = Cycle((1, [b"1"], 5), Statement(f"SELECT {number}"), [], False, True)
        stitch.pending.append(cycle)
        data = BOUND + described((b"a", 23, 0)) + done(b"SELECT 0") + ready()
        assert answers.take(data, 0, Clock(Chunk(data, 0, [0], [5])), stitch, cycle) == len(data)
        assert [each[3] for each in stitch.rows] == ["BindComplete", "a int4", "SELECT 0"]
        assert len(answers._memo) <= MEMO


def test_an_answer_before_its_request_is_left() -> None:
    stitch = Stitcher(Settings(), True, [].append)
    cycle = Cycle((9, [b"1"], 5), Statement("SELECT"), [], False, False)
    data = BOUND + done(b"SELECT 0") + ready()
    answers = Answers(render.Columns(), render.Tags())
    assert answers.take(data, 0, Clock(Chunk(data, 0, [0], [5])), stitch, cycle) == 0
    assert (stitch.rows, cycle.left) == ([], 1)


@pytest.mark.parametrize("seed", range(60))
def test_segments_in_one_chunk_give_what_each_alone_gives(seed: int) -> None:
    rng = random.Random(seed)
    count, kind = rng.randrange(3), rng.randrange(4)
    sent, told = startup(b"user", b"app"), HELLO + ready()
    for _ in range(rng.randint(2, 9)):
        if rng.random() < 0.3:
            sent, told = sent + query(b"SELECT 1"), told + row(b"1" * rng.randrange(50)) + done(b"SELECT 1") + ready()
        else:
            values = [rng.choice((b"7", None, b"x" * 30)) for _ in range(count)]
            sent += parse(b"", b"SELECT 1") + bind(b"", b"", *values) + describe() + execute() + SYNC
            told += PARSED + answer(rng, kind)
    found = []
    starts = [[0, *sorted(rng.sample(range(1, len(data)), rng.randrange(6)))] for data in (sent, told)]
    for whole in (True, False):
        parser = PgsqlParser(ConnectionInfo())
        rows: list[Row] = []
        for side, data in enumerate((sent, told)):
            times = [100 * (side + 1) + n for n in range(len(starts[side]))]
            if whole:
                rows += parser.feed(side, Chunk(data, 0, starts[side], times))
                continue
            for start, stop, time in zip(starts[side], [*starts[side][1:], len(data)], times, strict=True):
                rows += parser.feed(side, Chunk(data[start:stop], start, [start], [time]))
        found.append(rows + parser.finish(1000))
    assert found[0] == found[1]
    assert len(found[0]) > 2
