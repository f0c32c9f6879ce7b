"""Properties of whole connections: cuts and the order of the directions change nothing, and nothing raises."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.http.cases import (
    EXPECT,
    GET,
    HEAD,
    LOSS,
    MIDSTREAM,
    NO_CONTENT,
    OK,
    POST,
    REQUESTS,
    RESPONSES,
    UPGRADE,
    chunked,
)
from tests.plugins.http.exchange import Step, Talk, play, play_cut

CASES = REQUESTS | RESPONSES | LOSS


@pytest.mark.parametrize("midstream", [False, True], ids=["from the start", "midstream"])
@pytest.mark.parametrize("steps", [steps for steps, _ in (CASES | MIDSTREAM).values()], ids=[*CASES, *MIDSTREAM])
def test_cuts_change_nothing(steps: list[Step], midstream: bool) -> None:
    whole = play(*steps, midstream=midstream)
    assert play_cut(None, *steps, midstream=midstream) == whole
    rng = random.Random(1)
    for _ in range(5):
        assert play_cut(rng, *steps, midstream=midstream) == whole


CLEAN = [
    name for name, (steps, _) in CASES.items() if not any("gap" in step[0] for step in steps) and "unseen" not in name
]


@pytest.mark.parametrize("name", CLEAN)
def test_order_of_the_directions_changes_nothing(name: str) -> None:
    """Requests may run ahead of responses by any amount, cut or not."""
    steps = CASES[name][0]
    if name == "upgrade granted":
        steps = steps[:3]  # what follows is not HTTP any more
    timed = [(number * 1_000_000, *step) for number, step in enumerate(steps, 1)]
    wanted = play(*steps)
    ahead = sorted(timed, key=lambda step: step[1][0] != ">")
    talk = Talk()
    for time, *step in ahead:
        talk._time = time - 1_000_000
        talk.step(*step)
    assert talk.finish() == wanted


def test_errors_are_counted() -> None:
    talk = Talk()
    talk.step(">", b"\0\r\n" + GET + b"GET / HTTP/1.1\r\nContent-Length: x\r\nnonsense\r\n\r\n")
    talk.step("<", b"nonsense" + OK + b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
    talk.finish()
    assert talk.parser.errors == {
        "request_line": 1,
        "content_length": 1,
        "header_line": 1,
        "status_line": 1,
        "chunk": 1,
    }


PIECES = [
    GET, HEAD, OK, OK[:-2], NO_CONTENT, UPGRADE, EXPECT, POST, b"hello", b"\r\n", b"0\r\n\r\n", b"HTTP/1.1 ", b"\n\n", chunked(b"a"),
    b"HTTP/1.1 101 S\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"Content-Length: 1, 2\r\n", b"GET / HTTP/1.1\n", b" \t:",
    b"HTTP/1.1 200 \rx\n", b"GET \x0b HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip, br, zstd, deflate\r\n\r\n\x1f\x8b\x08",
]  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("<>"), st.one_of(st.sampled_from(PIECES), st.binary(max_size=30))),
        st.tuples(st.sampled_from(["<gap", ">gap"]), st.integers(1, 60), st.sampled_from(["gap", "truncated"])),
        st.tuples(st.sampled_from(["<close", ">close"])),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=300)
@given(STEPS, st.booleans(), st.integers(0, 3))
def test_any_bytes_any_cuts(steps: list[Step], midstream: bool, limit: int) -> None:
    closed: set[str] = set()
    legal = []
    for step in steps:
        if step[0][0] not in closed:
            legal.append(step)
        if step[0].endswith("close"):
            closed.add(step[0][0])
    whole = play(*legal, midstream=midstream, limit=limit)
    assert play_cut(None, *legal, midstream=midstream, limit=limit) == whole
    assert play_cut(random.Random(0), *legal, midstream=midstream, limit=limit) == whole
