from pxcap.plugins.nats.pulls import Pulls, pull_row
from pxcap.plugins.nats.types import Pull


def pull(batch: int = 1) -> Pull:
    return Pull((10, "PUB", '{"subject":"n"', "n", "r", None, 0, ""), batch)


def test_the_oldest_gets_what_comes() -> None:
    pulls, one, two = Pulls(), pull(2), pull(1)
    assert not pulls
    assert pulls.add("1", one) == pulls.add("1", two) == []
    assert pulls.count("other", 11) is None
    assert pulls.count("1", 11) is None
    assert pulls.count("1", 12) is one
    pulls.remove(one)
    assert pulls.count("1", 13) is two
    pulls.remove(two)
    assert not pulls


def test_equal_ones_are_not_the_same() -> None:
    pulls, one, two = Pulls(), pull(), pull()
    pulls.add("1", one)
    pulls.add("1", two)
    pulls.remove(two)
    assert pulls.end("1") == [one]
    assert pulls.end("1") == []


def test_who_asks_anew_after_a_loss_has_seen_the_end() -> None:
    pulls, one, two = Pulls(), pull(), pull()
    pulls.add("1", one)
    pulls.doubt()
    (gone,) = pulls.add("1", two)
    assert gone is one
    assert pull_row(one)[9] == "no_response,gap"


def test_rows() -> None:
    seen = pull(3)
    seen.seen, seen.last = 2, 15
    assert pull_row(seen)[3:] == ("messages = 2", "n", "r", None, 0, 5, "")
    assert pull_row(seen, "408 Request Timeout", 20)[3] == "messages = 2, 408 Request Timeout"
    assert pull_row(pull(), "404 No Messages", 12)[3:] == ("404 No Messages", "n", "r", None, 0, 2, "")
    assert pull_row(pull())[3:] == (None, "n", "r", None, 0, None, "no_response")
