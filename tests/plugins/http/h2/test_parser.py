"""Whole connections: what each exchange becomes, however it was cut, and whichever direction came first."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.http.exchange import Step, Talk, play, play_cut
from tests.plugins.http.h2.cases import CASES
from tests.plugins.http.h2.frames import BEGIN, Side, data, frame

EACH = pytest.mark.parametrize(("steps", "wanted"), CASES.values(), ids=CASES.keys())


def check(records: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    found = sorted(records, key=lambda record: (record["time_"], record["req_path"] or ""))
    assert [{key: record[key] for key in want} for record, want in zip(found, wanted, strict=True)] == wanted


@EACH
def test_exchange(steps: list[Step], wanted: list[dict[str, Any]]) -> None:
    check(play(*steps), wanted)


@EACH
def test_cuts_change_nothing(steps: list[Step], wanted: list[dict[str, Any]]) -> None:
    whole = play(*steps)
    rng = random.Random(1)
    for cut in (None, *[rng] * 5):
        assert same(play_cut(cut, *steps)) == same(whole)


@EACH
def test_the_client_may_run_ahead(steps: list[Step], wanted: list[dict[str, Any]]) -> None:
    timed = [(number * 1_000_000, *step) for number, step in enumerate(steps, 1)]
    talk = Talk()
    for time, *step in sorted(timed, key=lambda step: step[1] != ">"):
        talk._time = time - 1_000_000
        talk.step(*step)
    assert same(talk.finish()) == same(play(*steps))


def same(records: list[dict[str, Any]]) -> list[str]:
    return sorted(map(str, records))


def test_joined_in_mid_stream() -> None:
    """What was inserted since is known, what was before is marked."""
    c, s = Side(), Side()
    more = (("x-tenant", "t1"), ("x-secret-name", "v"))
    before = c.get(1, "/1", *more), s.ok(1, b"one", "text/plain", ("server", "s1"))
    assert all(before)
    steps = [
        (">", c.get(3, "/3", *more, ("x-new", "n"))),
        ("<", s.ok(3, b"three", "text/plain", ("server", "s1"))),
        (">", c.get(5, "/3", *more, ("x-new", "n"))),
        ("<", s.ok(5, b"five", "text/html")),
        (">", c.get(7, "/7")),
    ]
    for cut in (False, True):
        found = play_cut(None, *steps, midstream=True) if cut else play(*steps, midstream=True)
        assert [(r["req_path"], r["resp_status"], r["note"]) for r in found] == [
            ("/3", 200, "midstream"), ("/3", 200, "midstream"), ("/7", None, "no_response,midstream")]  # fmt: skip
        assert found[1]["req_headers"].startswith('{":method":"GET",":scheme":"http","?')
        assert '"x-new":"n"' in found[1]["req_headers"]
        assert found[1]["resp_headers"] == '{":status":"200","content-type":"text/html"}'


def test_joined_inside_a_body_and_of_one_side_only() -> None:
    s = Side()
    steps = [("<", b"the end of a body" + data(1, b"", True) + s.ok(3) + s.ok(5, b"five"))]
    found = play(*steps, midstream=True)
    assert [(r["resp_status"], r["resp_body"], r["note"], r["req_path"], r["latency"]) for r in found] == [
        (200, "ok", "no_request", None, None), (200, "five", "no_request", None, None)]  # fmt: skip


@pytest.mark.parametrize("lost", [5, 30])
def test_a_gap_inside_a_body_costs_that_body(lost: int) -> None:
    c, s = Side(), Side()
    head, body = s.headers(1, (":status", "200"), ("content-type", "text/plain")), data(1, b"x" * 30, True)
    steps = [
        *BEGIN, (">", c.get(1) + c.get(3)), ("<", head + body[: 39 - lost]), ("<gap", lost), ("<", s.ok(3)),
    ]  # fmt: skip
    found = play(*steps)
    assert [(r["resp_body"], r["resp_body_size"], r["note"]) for r in found] == [
        ("x" * (30 - lost), 30, "gap"), ("ok", 2, "")]  # fmt: skip


def test_a_gap_between_frames_makes_the_table_unknown_and_nothing_wrong() -> None:
    c, s = Side(), Side()
    extra = ("x-tenant", "t1")
    first, lost = c.get(1, "/1", extra), c.get(3, "/3", ("x-other", "o"))
    steps = [
        *BEGIN, (">", first), (">gap", len(lost)), (">", c.get(5, "/5", extra) + c.get(7, "/5", extra)),
        ("<", s.ok(1) + s.ok(3) + s.ok(5) + s.ok(7)),
    ]  # fmt: skip
    found = play(*steps)
    assert [(r["req_path"], r["note"]) for r in found] == [
        ("/1", ""),
        (None, "no_request"),
        ("/5", "gap"),
        ("/5", "gap"),
    ]
    for record in found[2:]:
        assert "t1" not in record["req_headers"]
        assert '"?6' in record["req_headers"]


def test_a_gap_in_a_header_block() -> None:
    c, s = Side(), Side()
    block = c.headers(1, *request_with_tail(), end=True)
    steps = [*BEGIN, (">", block[:-10]), (">gap", 10), (">", c.get(3)), ("<", s.ok(1) + s.ok(3))]
    found = play(*steps)
    assert [(r["req_path"], r["note"], r["resp_body"]) for r in found] == [("/a", "gap", "ok"), (None, "gap", "ok")]


def request_with_tail() -> list[tuple[str, str]]:
    return [(":method", "GET"), (":scheme", "http"), (":path", "/a"), ("x-tail", "0123456789abcdef")]


def test_errors_are_counted() -> None:
    c, s = Side(), Side()
    talk = Talk()
    steps = [
        *BEGIN, (">", frame(0xFA, 0, 1, b"?") + frame(9, 4, 1) + c.get(1)), ("<", s.ok(1) + frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff")),
        (">", frame(6, 0, 0, b"short")),
    ]  # fmt: skip
    for step in steps:
        talk.step(*step)
    talk.finish()
    assert talk.parser.errors == {"frame_type_0xfa": 1, "continuation": 1, "header_integer": 1, "frame_header": 1}


def test_many_streams_are_bounded_and_none_is_lost() -> None:
    c = Side()
    steps = [(">", b"".join(c.get(2 * number + 1) for number in range(20_000)))]
    found = play(*BEGIN, *steps)
    assert len(found) == 20_000
    assert {record["note"] for record in found} == {"no_response"}


def test_a_window_of_requests_ahead_of_their_responses() -> None:
    c, s = Side(), Side()
    count = 5000
    ask = b"".join(c.get(2 * number + 1, f"/{number}") for number in range(count))
    tell = b"".join(s.ok(2 * number + 1, b"%d" % number) for number in range(count))
    found = play(*BEGIN, (">", ask), ("<", tell))
    assert [(r["req_path"], r["resp_body"], r["note"]) for r in found] == [(f"/{n}", f"{n}", "") for n in range(count)]


PIECES = [
    *(step[1] for step in BEGIN), Side().get(1), Side().get(3), Side().post(5), Side().ok(1), Side().ok(3), data(5, b"x", True),
    frame(9, 4, 1, b"\x88"), frame(8, 0, 0, b"\0\0\0\1"), frame(4, 0, 0, bytes(6)), frame(3, 0, 3, bytes(4)), frame(5, 4, 1, b"\0\0\0\2\x82"),
    frame(7, 0, 0, bytes(8)), Side().call(7, b"\x08\1"), Side().answer(7, b"\x08\1"), b"\0\0", b"GET / HTTP/1.1\r\n\r\n",
]  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("<>"), st.one_of(st.sampled_from(PIECES), st.binary(max_size=30))),
        st.tuples(st.sampled_from(["<gap", ">gap"]), st.integers(1, 60), st.sampled_from(["gap", "truncated"])),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=300)
@given(STEPS, st.integers(0, 3))
def test_any_bytes_any_cuts(steps: list[Step], limit: int) -> None:
    steps = [*BEGIN, *steps]
    whole = same(play(*steps, limit=limit))
    assert same(play_cut(None, *steps, limit=limit)) == whole
    assert same(play_cut(random.Random(0), *steps, limit=limit)) == whole


@pytest.mark.parametrize("midstream", [False, True])
def test_an_upgrade_of_a_connection_that_lost_its_order(midstream: bool) -> None:
    steps, wanted = CASES["upgrade granted"]
    first: list[Step] = [(">", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ("<", b"HTTP/1.1 204 No Content\r\n\r\n")]
    lost: list[Step] = [] if midstream else [(">gap", 10)]
    check(play(*first, *lost, *steps, midstream=midstream), [{"resp_status": 204, "note": ""}, *wanted])
