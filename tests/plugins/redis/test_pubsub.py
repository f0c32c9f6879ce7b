import pytest

from pxcap.plugins.redis.pubsub import Subscriptions
from pxcap.plugins.redis.types import Reply
from pxcap.plugins.redis.wire import ARRAY, PUSH


def confirmation(word: str, left: object, kind: int = ARRAY) -> Reply:
    return Reply(1, kind, f'["{word}","x",{left}]', kind=word, count=3)


MESSAGE = Reply(1, ARRAY, '["message","x","y"]', kind="message", count=3)


def test_unsubscribing_from_all_has_a_confirmation_for_each() -> None:
    subs = Subscriptions(known=True)
    assert subs.expected("unsubscribe") == 1
    for word, left in (("subscribe", 1), ("subscribe", 2), ("subscribe", 2), ("psubscribe", 3), ("ssubscribe", 1)):
        assert subs.confirm(confirmation(word, left)) == left
    assert (subs.expected("unsubscribe"), subs.expected("punsubscribe"), subs.expected("sunsubscribe")) == (2, 1, 1)
    subs.confirm(confirmation("unsubscribe", 2))
    assert subs.expected("unsubscribe") == 1


def test_listening_while_something_is_left() -> None:
    subs = Subscriptions(known=True)
    assert not subs.is_message(MESSAGE, None)
    subs.confirm(confirmation("subscribe", 1))
    subs.confirm(confirmation("ssubscribe", 1))
    assert subs.is_message(MESSAGE, "GET")
    assert not subs.is_message(Reply(1, ARRAY, "[]", kind="message", count=4), None)
    subs.confirm(confirmation("unsubscribe", 0))
    assert subs.listening
    subs.confirm(confirmation("sunsubscribe", 0))
    assert not subs.listening


def test_resp3_says_itself_what_is_a_push() -> None:
    subs = Subscriptions(known=True)
    subs.confirm(confirmation("subscribe", 1, PUSH))
    assert not subs.listening
    assert subs.expected("unsubscribe") == 1


def test_what_is_unknown_after_a_loss() -> None:
    subs = Subscriptions(known=False)
    assert subs.expected("unsubscribe") is None
    assert subs.is_message(MESSAGE, None)
    assert subs.is_message(MESSAGE, "PING")
    assert not subs.is_message(MESSAGE, "LRANGE")
    subs.confirm(confirmation("unsubscribe", 0))
    assert subs.expected("unsubscribe") == 1
    subs.forget()
    subs.reset()
    assert not subs.listening
    assert subs.expected("unsubscribe") == 1


@pytest.mark.parametrize("left", ['"x"', "null", "[1]", "x"])
def test_an_illegible_confirmation_tells_nothing(left: str) -> None:
    assert Subscriptions(known=True).confirm(confirmation("subscribe", left)) is None
    assert Subscriptions(known=True).confirm(Reply(1, ARRAY, "[]", kind="subscribe")) is None
