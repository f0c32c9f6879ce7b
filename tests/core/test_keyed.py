"""Pairing by id."""

from pxcap.core.keyed import KeyedMatcher


def test_each_response_takes_the_request_with_its_id() -> None:
    matcher: KeyedMatcher[int, str] = KeyedMatcher()
    assert matcher.request(1, "a") == []
    assert matcher.request(2, "b") == []
    assert matcher.response(2) == "b"
    assert matcher.response(2) is None
    assert matcher.response(1) == "a"
    assert matcher.finish() == []


def test_an_id_in_use_gives_up_the_request_before() -> None:
    matcher: KeyedMatcher[int, str] = KeyedMatcher()
    matcher.request(1, "a")
    assert matcher.request(1, "b") == ["a"]
    assert matcher.response(1) == "b"


def test_the_oldest_is_given_up_beyond_the_limit() -> None:
    matcher: KeyedMatcher[int, str] = KeyedMatcher(limit=2)
    given_up = [matcher.request(key, str(key)) for key in range(4)]
    assert given_up == [[], [], ["0"], ["1"]]
    assert matcher.finish() == ["2", "3"]
    assert matcher.pending == {}
