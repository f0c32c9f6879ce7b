import pytest

from pxcap.plugins.nats import subscriptions
from pxcap.plugins.nats.subscriptions import Subscriptions


@pytest.mark.parametrize(
    ("pattern", "subject", "reached"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("_INBOX.x.*", "_INBOX.x.1", True),
        ("_INBOX.x.*", "_INBOX.x.1.2", False),
        ("_INBOX.x.>", "_INBOX.x.1.2", True),
        ("_INBOX.>", "_INBOX.x", True),
        (">", "a", True),
        (">", "a.b.c", True),
        ("*", "a", True),
        ("*.b", "a.b", False),
        ("*.*", "a.b", True),
        ("a.*.c.*", "a.b.c.d", True),
        ("a.*.c.*", "a.b.d.d", False),
        ("a.b.c.*", "a.b", False),
    ],
)
def test_who_is_reached(pattern: str, subject: str, reached: bool) -> None:
    subs = Subscriptions()
    subs.add("7", pattern)
    for _ in range(2):  # the second time from the cache
        assert subs.sid_for(subject) == ("7" if reached else "")
    subs.remove("7")
    assert subs.sid_for(subject) == ""


def test_an_end_after_so_many() -> None:
    subs = Subscriptions()
    subs.add("1", "a")
    subs.end_after("1", 2)
    assert subs.counting
    subs.delivered("1")
    assert subs.sid_for("a") == "1"
    subs.delivered("1")
    assert (subs.sid_for("a"), subs.counting) == ("", False)


def test_a_sid_used_again() -> None:
    subs = Subscriptions()
    subs.add("1", "a")
    subs.add("1", "b")
    assert (subs.sid_for("a"), subs.sid_for("b"), subs.by_sid) == ("", "1", {"1": "b"})


def test_two_on_one_subject() -> None:
    subs = Subscriptions()
    subs.add("1", "a")
    subs.add("2", "a")
    subs.remove("1")
    assert subs.sid_for("a") == "2"


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_SUBSCRIPTIONS", 3)
    subs = Subscriptions()
    for n in range(9):
        subs.add(str(n), f"s.{n}")
    assert list(subs.by_sid) == ["6", "7", "8"]
    assert subs.sid_for("s.0") == ""
