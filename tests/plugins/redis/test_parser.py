"""Whole connections: cases as data, and that cuts, the order of the directions and noise change nothing."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.redis.cases import GET, GOT, LOSS, MIDSTREAM, MODES, REPLIES, REQUESTS, VALUE, Case
from tests.plugins.redis.exchange import Step, Talk, command, play, short

from pxcap.core import ahead
from pxcap.core.stream import Chunk
from pxcap.plugins.redis import parser as module

BEGUN = REPLIES | REQUESTS | MODES | LOSS
ALL = [(case, False) for case in BEGUN.values()] + [(case, True) for case in MIDSTREAM.values()]


@pytest.mark.parametrize(("case", "midstream"), ALL, ids=[*BEGUN, *(f"midstream, {name}" for name in MIDSTREAM)])
def test_case(case: Case, midstream: bool) -> None:
    steps, expected = case
    rows = play(*steps, midstream=midstream)
    assert short(rows) == expected
    assert play(*steps, midstream=midstream, cut=1) == rows
    rng = random.Random(1)
    for _ in range(5):
        assert play(*steps, midstream=midstream, cut=rng) == rows


@pytest.mark.parametrize("name", [*REPLIES, "pipelined", "transaction", "many arguments", "unsubscribe from all"])
def test_requests_may_run_ahead(name: str) -> None:
    steps = BEGUN[name][0]
    wanted = play(*steps)
    talk = Talk()
    for side in "><":
        for number, (what, value) in enumerate(steps):
            if what == side:
                talk.time = number
                talk.step(what, value)
    assert talk.finish() == wanted


def test_latency_is_from_first_byte_to_first_byte() -> None:
    rows = play((">", GET[:5]), (">", GET[5:]), ("<", VALUE[:2]), ("<", VALUE[2:]))
    assert [(row[0], row[5]) for row in rows] == [(1, 2)]


def test_latency_of_a_subscription_is_to_its_last_confirmation() -> None:
    half = b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
    rows = play((">", command("SUBSCRIBE", "a", "a")), ("<", half), ("<", half))
    assert [(row[0], row[5]) for row in rows] == [(1, 2)]


def test_errors_are_counted_by_name() -> None:
    talk = Talk()
    steps: list[Step] = [(">", b"*1\r\n:5\r\n"), ("<", b"-ERR Protocol error\r\n?\r\n"), (">", GET), ("<", VALUE)]
    for what, value in steps:
        talk.step(what, value)
    assert talk.parser.errors == {"bad_request": 1, "bad_reply": 1}


def test_what_is_left_of_a_list_is_debris() -> None:
    talk = Talk()
    steps: list[Step] = [(">", GET), ("<gap", 9), ("<", b"$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"), (">", GET), ("<", VALUE)]
    for what, value in steps:
        talk.step(what, value)
    rows = talk.finish()
    assert len(rows) == 2
    assert short(rows)[1] == GOT
    assert talk.parser.errors == {"debris": 2}


def test_a_replication_link_is_done_and_counted() -> None:
    talk = Talk()
    talk.step(">", command("PSYNC", "?", "-1"))
    assert talk.parser.lockstep
    talk.step("<", b"+FULLRESYNC abc 0\r\n$100\r\n")
    assert talk.parser.done
    assert talk.parser.errors == {"replication_link": 1}


def test_lockstep_while_the_order_is_unknown() -> None:
    talk = Talk()
    talk.step(">", GET + GET)
    assert not talk.parser.lockstep
    talk.step("<gap", 3)
    assert talk.parser.lockstep
    talk.step("<", VALUE)
    talk.step(">", GET)
    assert not talk.parser.lockstep


def test_values_beyond_the_limit_keep_their_beginning_and_size() -> None:
    steps: list[Step] = [
        (">", command("SET", "key", "v" * 50, "EX", "5") + command("GET", "key")),
        ("<", b"+OK\r\n$50\r\n" + b"v" * 50 + b"\r\n"),
    ]
    expected = [
        ("SET", '["key","vvvvvvvvvv...(50 bytes)","EX","5"]', "OK", ""),
        ("GET", '["key"]', "vvvvvvvvvv...(50 bytes)", ""),
    ]
    for cut in (None, 1, 7):
        assert short(play(*steps, body_limit=10, cut=cut)) == expected


def test_a_cut_never_ends_inside_a_character() -> None:
    assert play((">", GET), ("<", "$8\r\n€€12\r\n".encode()), body_limit=4)[0][3] == "€...(8 bytes)"


def test_long_lists_are_cut_and_counted() -> None:
    items = [b"item-%04d" % i for i in range(500)]
    steps: list[Step] = [
        (">", command("RPUSH", *items)),
        ("<", b"*500\r\n" + b"".join(b"$9\r\n%s\r\n" % item for item in items)),
    ]
    (row,) = play(*steps, body_limit=100)
    assert row[2].endswith('"item-0123","...(376 more)"]')
    assert row[3].startswith('["item-0000","item-0001",')
    assert row[3].endswith('"item-0123","...(376 more)"]')
    assert play(*steps, body_limit=100, cut=100) == [row]


def test_long_status_is_cut() -> None:
    steps: list[Step] = [(">", GET), ("<", b"+" + b"x" * 9000 + b"\r\n" + b"-" + b"y" * 70000 + b"\r\n"), (">", GET)]
    for cut in (None, 1448):
        rows = play(*steps, body_limit=5, cut=cut)
        assert rows[0][3] == "xxxxx...(9000 bytes)"


def test_a_megabyte_is_neither_kept_nor_copied_again_and_again() -> None:
    size = 1 << 20
    talk = Talk()
    talk.step(">", command("SET", "k", b"x" * size), range(1448, size, 1448))
    talk.step("<", b"+OK\r\n")
    (row,) = talk.finish()
    assert len(row[2]) == 65536 + len('["k","...(1048576 bytes)"]')


def test_requests_far_ahead_wait_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "PIECE", 50)
    monkeypatch.setattr(module, "ENOUGH", 3)
    steps: list[Step] = [
        (">", b"".join(command("GET", str(i)) for i in range(100))),
        ("<", b"".join(b":%d\r\n" % i for i in range(100))),
    ]
    rows = play(*steps)
    assert short(rows) == [("GET", f'["{i}"]', str(i), "") for i in range(100)]
    assert play(*steps, cut=33) == rows


def test_many_segments_in_one_chunk_have_their_own_times() -> None:
    talk = Talk()
    size, reply = len(GET), len(VALUE)
    starts = [0, size, size + 3, 3 * size - 1]
    talk.parser.feed(0, Chunk(GET * 3, 0, starts, [10, 20, 30, 40]))
    rows = talk.parser.feed(1, Chunk(VALUE * 3, 0, [0, reply, 2 * reply], [50, 70, 90]))
    assert [(row[0], row[5]) for row in rows] == [(10, 40), (20, 50), (30, 60)]


PIECES = st.sampled_from(
    [GET, VALUE, b"*3\r\n$3\r\nSET\r\n", b"$-1\r\n", b"*2\r\n", b"+OK\r\n", b"%1\r\n", b">1\r\n", b"|1\r\n", b"$?\r\n", b"\r\n"]
    + [b";1\r\nx\r\n", b";0\r\n", b".\r\n", b"*?\r\n", b"$99999\r\n", b"*-1\r\n", b"PING\r\n", b'"\r\n', b"$5\r\nhel", b"~0\r\n"]
    + [command(*words.split()) for words in ("SUBSCRIBE a b", "MONITOR", "CLIENT REPLY SKIP", "RESET", "UNSUBSCRIBE")]
)  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(["<", ">"]), st.lists(PIECES | st.binary(max_size=9), max_size=5).map(b"".join))
    | st.tuples(st.sampled_from([">gap", "<gap", ">cut", "<cut"]), st.integers(1, 60)),
    max_size=9,
)


@settings(deadline=None, max_examples=300)
@given(STEPS, st.booleans(), st.sampled_from([3, 65536]), st.randoms(use_true_random=False))
def test_any_bytes_any_cuts(steps: list[Step], midstream: bool, limit: int, rng: random.Random) -> None:
    steps = [step for step in steps if step[1]]
    rows = play(*steps, midstream=midstream, body_limit=limit)
    assert play(*steps, midstream=midstream, body_limit=limit, cut=rng) == rows
    assert play(*steps, midstream=midstream, body_limit=limit, cut=1) == rows
