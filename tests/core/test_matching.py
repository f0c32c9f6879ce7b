"""Pairing by order, and finding the order again."""

import pytest

from pxcap.core import matching
from pxcap.core.matching import FifoMatcher
from pxcap.core.stream import REQUEST, RESPONSE


def feed(matcher: FifoMatcher[str, str], script: str) -> list[tuple[str | None, str | None]]:
    """Lower-case letters are requests, upper-case responses, < and > gaps of the request and response side."""
    settled = []
    for letter in script:
        if letter in "<>":
            settled += matcher.gap(REQUEST if letter == "<" else RESPONSE)
        elif letter.islower():
            settled += matcher.request(letter)
        else:
            settled += matcher.response(letter)
    settled += matcher.finish()
    return [(request, response) for request, response, _ in settled]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("aAbB", "aA bB"),
        ("abcABC", "aA bB cC"),
        ("aAb", "aA b-"),
        ("aAB", "aA -B"),
        ("aA<BcCdD", "aA -B cC dD"),
        ("aAb>cCdD", "aA b- cC dD"),
        ("<cABCdD", "-A -B cC dD"),
        ("abc>BCdD", "a- bB cC dD"),
        ("a<A", "aA"),
        ("abc<eABCDEfF", "aA bB cC -D eE fF"),
        ("ab<d<fABCDEF", "aA bB -C -D dE fF"),
        ("ab<d>BD", "a- bB dD"),
        ("a>bB<CdD", "a- bB -C dD"),
    ],
)
def test_scripts(script: str, expected: str) -> None:
    wanted = [tuple(None if side == "-" else side for side in pair) for pair in expected.split()]
    assert feed(FifoMatcher(), script) == wanted


def test_midstream_starts_unsure_and_becomes_sure() -> None:
    matcher: FifoMatcher[str, str] = FifoMatcher(sure=False)
    assert list(matcher.response("A")) == [(None, "A", False)]
    assert list(matcher.request("b")) == []
    assert list(matcher.response("B")) == []
    assert not matcher.sure
    assert list(matcher.request("c")) == [("b", "B", False)]
    assert matcher.sure


def test_where_sides_take_turns_a_request_alone_is_answered_next() -> None:
    matcher: FifoMatcher[str, str] = FifoMatcher(sure=False)
    matcher.request("a")
    matcher.in_turn()
    assert list(matcher.response("A")) == [("a", "A", False)]
    assert list(matcher.response("B")) == [(None, "B", False)]
    matcher.request("c")
    matcher.in_turn()
    matcher.gap(RESPONSE)
    assert list(matcher.response("C")) == []
    assert list(matcher.request("d")) == [("c", "C", False)]
    sure: FifoMatcher[str, str] = FifoMatcher()
    sure.request("a")
    sure.in_turn()
    sure.request("b")
    sure.in_turn()
    sure.gap(RESPONSE)
    assert list(sure.response("B")) == []


def test_several_left_over_are_marked_as_guessed() -> None:
    matcher: FifoMatcher[str, str] = FifoMatcher()
    for letter in "abc":
        matcher.request(letter)
    matcher.gap(RESPONSE)
    for letter in "BC":
        matcher.response(letter)
    assert matcher.finish() == [("a", None, False), ("b", "B", True), ("c", "C", True)]


def test_pending_and_held_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MAX_PENDING", 2)
    monkeypatch.setattr(matching, "MAX_HELD", 2)
    matcher: FifoMatcher[str, str] = FifoMatcher()
    matcher.request("a")
    matcher.request("b")
    assert list(matcher.request("c")) == [("a", None, False)]
    matcher.gap(RESPONSE)
    matcher.response("B")
    matcher.response("C")
    assert list(matcher.response("D")) != []
