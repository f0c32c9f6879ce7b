"""The fast path gives what the long way gives, whatever the exchange."""

import random

import pytest
from tests.plugins.pgsql.exchange import Step, play
from tests.plugins.pgsql.messages import (
    BOUND,
    NO_DATA,
    PARSED,
    SUSPENDED,
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
)

from pxcap.core.protocol import ConnectionInfo, Row, Settings
from pxcap.core.stream import Chunk
from pxcap.plugins.pgsql import parser as parser_module
from pxcap.plugins.pgsql.fast import common_requests, common_responses
from pxcap.plugins.pgsql.lane import Clock
from pxcap.plugins.pgsql.parser import PgsqlParser
from pxcap.plugins.pgsql.requests import Requests
from pxcap.plugins.pgsql.responses import Responses
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import CYCLE, Whole

PLAIN = parse(b"", b"SELECT $1", 23) + bind(b"", b"", b"5") + describe() + execute() + SYNC
ANSWER = PARSED + BOUND + described((b"a", 23, 0)) + row(b"5") + done(b"SELECT 1") + ready()


def slow(steps: list[Step], cut: int, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    with monkeypatch.context() as patch:
        patch.setattr(parser_module, "common_requests", lambda buf, pos, *rest: pos)
        patch.setattr(parser_module, "common_responses", lambda buf, pos, *rest: pos)
        return play(*steps, cut=cut)


def exchange(rng: random.Random) -> list[Step]:
    """Cycles of all kinds, in flights of several."""
    steps: list[Step] = []
    for _ in range(rng.randint(1, 4)):
        asked, answered = [], []
        for _ in range(rng.randint(1, 5)):
            one, other = cycle(rng)
            asked.append(one)
            answered.append(other)
        steps += [(">", b"".join(asked)), ("<", b"".join(answered))]
    return steps


def cycle(rng: random.Random) -> tuple[bytes, bytes]:
    name, portal = rng.choice((b"", b"", b"s")), rng.choice((b"", b"", b"", b"c"))
    asked, answered = b"", b""
    if rng.random() < 0.6:
        asked, answered = parse(name, b"SELECT $1, %d" % rng.randrange(9), 23), PARSED
    asked += bind(portal, name, rng.choice((b"7", None, b"x" * 50)))
    if rng.random() < 0.15:
        return asked + execute(portal) + SYNC, answered + error(b"22P02", b"no number") + ready()
    answered += BOUND
    if rng.random() < 0.5:
        asked += describe(b"P" + portal)
        answered += rng.choice((NO_DATA, described((b"a", 23, 0)), described()))
    asked += execute(portal, rng.choice((0, 0, 0, 5)))
    answered += row(b"v" * rng.randrange(30)) * rng.randrange(6)
    if rng.random() < 0.2:
        answered += error(b"00000", b"heard", b"N", b"NOTICE")
    answered += rng.choice(
        (done(b"SELECT 1"), done(b"INSERT 0 3"), done(b"BEGIN"), m(b"I"), SUSPENDED, error(b"22012", b"no"))
    )
    if rng.random() < 0.2:
        asked, answered = query(b"SELECT 1") + asked, row(b"1") + done(b"SELECT 1") + ready() + answered
    return asked + SYNC, answered + ready()


@pytest.mark.parametrize("seed", range(60))
def test_both_ways_give_the_same_rows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    steps = exchange(rng)
    cut = rng.choice((1 << 30, 1 << 30, 500, 64, 9))
    wanted = slow(steps, cut, monkeypatch)
    assert play(*steps, cut=cut) == wanted
    assert play(*steps) == wanted
    assert wanted


def test_plain_cycles_are_taken_whole() -> None:
    stitch = Stitcher(Settings(), True, [].append)
    requests, responses = Requests(Settings(), stitch, [].append, False), Responses(Settings(), stitch, [].append)
    asked, answered = PLAIN * 3, ANSWER * 3
    clock = Clock(Chunk(asked, 0, [0], [10]))
    assert common_requests(asked + m(b"H"), 0, clock, requests, stitch) == len(asked)
    assert [(request.kind, request.left) for request in stitch.pending if isinstance(request, Whole)] == [(CYCLE, 3)]
    clock = Clock(Chunk(answered, 0, [0], [15]))
    assert common_responses(answered + b"N\0\0", 0, clock, stitch, responses.answers) == len(answered)
    assert not stitch.pending
    assert [each[1] for each in stitch.rows] == ["Parse", "Bind", "Describe", "Execute"] * 3
    assert {each[8] for each in stitch.rows} == {5}
    assert stitch.weight == 0


@pytest.mark.parametrize(
    "request_",
    [
        query(b"SELECT 1")[:-1],
        m(b"Q", b"SELECT 1\0behind\0"),
        m(b"Q", b"SELECT 1"),
        query(b"x" * 20_000),
        PLAIN[:-1],
        bind(b"portal", b"", b"5" * 50) + execute(b"portal") + SYNC,
        bind(b"", b"", b"5" * 50) + execute(b"", 5) + SYNC,
        parse(b"a", b"SELECT $1") + bind(b"", b"b", b"5" * 50) + execute() + SYNC,
        m(b"B", b"\0\0\xff\xff" + b"\0" * 60) + execute() + SYNC,
        m(b"P", b"\0SELECT 1") + bind(b"", b"", b"5" * 50) + execute() + SYNC,
    ],
)
def test_anything_else_is_left(request_: bytes) -> None:
    stitch = Stitcher(Settings(), True, [].append)
    requests = Requests(Settings(), stitch, [].append, False)
    assert common_requests(request_, 0, Clock(Chunk(request_, 0, [0], [1])), requests, stitch) == 0
    assert not stitch.pending


def test_queries_are_taken_whole() -> None:
    stitch = Stitcher(Settings(), True, [].append)
    requests, responses = Requests(Settings(), stitch, [].append, False), Responses(Settings(), stitch, [].append)
    asked = query(b"SELECT 1") + query(b"BEGIN")
    assert common_requests(asked, 0, Clock(Chunk(asked, 0, [0], [10])), requests, stitch) == len(asked)
    answered = described((b"a", 23, 0)) + row(b"1") * 40 + done(b"SELECT 40") + ready() + done(b"BEGIN") + ready(b"T")
    clock = Clock(Chunk(answered, 0, [0], [15]))
    assert common_responses(answered, 0, clock, stitch, responses.answers) == len(answered)
    assert [each[2:9] for each in stitch.rows] == [
        ("SELECT 1", "SELECT 40 (a)", None, "SELECT 40", 40, None, 5),
        ("BEGIN", "BEGIN", None, "BEGIN", 0, None, 5),
    ]
    assert stitch.weight == 0


@pytest.mark.parametrize("at", range(1, len(ANSWER)))
def test_an_answer_that_is_not_whole_waits_for_the_rest(at: int) -> None:
    assert play((">", PLAIN), ("<", ANSWER[:at]), ("<", ANSWER[at:]))[-1][3] == "SELECT 1"


def test_a_request_cut_by_a_segment_has_the_time_of_its_first_byte() -> None:
    parser = PgsqlParser(ConnectionInfo(midstream=False))
    for what, value in ((0, b"\0\0\0\x12\0\3\0\0user\0app\0\0"), (1, m(b"R", b"\0\0\0\0") + ready())):
        parser.feed(what, Chunk(value, 0, [0], [1]))
    half = len(PLAIN) // 2
    parser.feed(0, Chunk(PLAIN, 18, [18, 18 + half], [5, 6]))
    rows = parser.feed(1, Chunk(ANSWER, 15, [15, 16 + 5], [8, 9]))
    assert {each[1]: each[0] for each in rows} == {"Parse": 5, "Bind": 5, "Describe": 6, "Execute": 6}
    assert {each[1]: each[0] + each[8] for each in rows} == {"Parse": 8, "Bind": 9, "Describe": 9, "Execute": 9}
