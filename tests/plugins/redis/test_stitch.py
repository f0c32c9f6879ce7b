"""Matching, where it is not visible in whole exchanges (those are in cases)."""

import pytest

from pxcap.core.protocol import REQUEST, RESPONSE, Settings
from pxcap.plugins.redis import stitch
from pxcap.plugins.redis.stitch import Stitcher
from pxcap.plugins.redis.types import Kind, Reply, Request, Special
from pxcap.plugins.redis.wire import ARRAY, BULK, ERROR, SIMPLE


def made(midstream: bool = False) -> Stitcher:
    return Stitcher(Settings(), midstream)


def ask(number: int, special: Special | None = None) -> Request:
    return (number, "GET", f'["{number}"]', special, "")


def answer(time: int, text: str = "v", kind: int = BULK) -> Reply:
    return Reply(time, kind, text, error=kind == ERROR)


def brief(stitcher: Stitcher) -> list[tuple[str | None, str | None, str]]:
    return [(row[2], row[3], row[6]) for row in stitcher.rows]


def test_what_is_plain() -> None:
    stitcher = made()
    assert stitcher.plain_requests
    assert stitcher.plain_replies
    stitcher.request(ask(1, Special(Kind.REPLY, "OFF")))
    assert not stitcher.plain_requests
    stitcher = made(midstream=True)
    assert not stitcher.plain_requests
    assert not stitcher.plain_replies


def test_requests_beyond_the_bound_are_given_up_with_their_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_PENDING", 4)
    stitcher = made()
    for number in range(6):
        stitcher.request(ask(number))
        stitcher.bound(20)
    for number in range(6):
        stitcher.reply(answer(10 + number, str(number)))
    rows = brief(stitcher)
    given_up = [row for row in rows if row[2] == "no_response"]
    assert [row[0] for row in given_up] == ['["0"]', '["1"]']
    assert [row[1] for row in rows if row[2] == "no_request"] == ["0", "1"]
    assert [row for row in rows if not row[2]] == [(f'["{n}"]', str(n), "") for n in range(2, 6)]
    assert stitcher.plain_replies


def test_the_bound_is_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_WEIGHT", 1000)
    stitcher = made()
    for number in range(20):
        stitcher.request((number, "SET", "x" * 200, None, ""))
        stitcher.bound(250)
    assert len(stitcher.matcher.pending) * 200 < 1000
    assert len(stitcher.matcher.pending) + len(stitcher.rows) == 20


def test_switching_replies_off_may_be_refused() -> None:
    stitcher = made()
    stitcher.request(ask(1, Special(Kind.REPLY, "OFF")))
    stitcher.reply(answer(2, "NOAUTH", ERROR))
    stitcher.request(ask(3))
    stitcher.reply(answer(4))
    assert brief(stitcher) == [('["1"]', None, ""), (None, "NOAUTH", "no_request"), ('["3"]', "v", "")]


def test_a_long_list_of_confirmations_is_bounded() -> None:
    stitcher = Stitcher(Settings(body_limit=57), False)
    stitcher.request(ask(1, Special(Kind.CONFIRM, "subscribe", 9)))
    for number in range(1, 10):
        text = f'["subscribe","c",{number}]'
        stitcher.reply(Reply(number, ARRAY, text, kind="subscribe", count=3))
    assert brief(stitcher) == [
        ('["1"]', '[["subscribe","c",1],["subscribe","c",2],["subscribe","c",3],"...(6 more)"]', "")
    ]


def test_secret_replies() -> None:
    stitcher = made()
    stitcher.request((1, "CONFIG", '["GET","*"]', Special(Kind.SECRET), ""))
    stitcher.reply(answer(2, '["requirepass","p"]', ARRAY))
    stitcher.reply(answer(3, '["requirepass","p"]', ARRAY))
    assert brief(stitcher) == [
        ('["GET","*"]', '["requirepass","[redacted]"]', ""),
        (None, '["requirepass","[redacted]"]', "no_request"),
    ]


def test_a_client_that_goes_on_has_its_answer() -> None:
    stitcher = made()
    stitcher.request(ask(1))
    stitcher.gap(RESPONSE)
    stitcher.request(ask(2))
    stitcher.reply(answer(3))
    stitcher.finish()
    assert brief(stitcher) == [('["1"]', None, "no_response"), ('["2"]', "v", "")]


def test_a_loss_of_requests_settles_what_is_held() -> None:
    stitcher = made()
    stitcher.request(ask(1))
    stitcher.request(ask(2))
    stitcher.gap(RESPONSE)
    stitcher.reply(answer(3))
    assert brief(stitcher) == []
    stitcher.gap(REQUEST)
    assert brief(stitcher) == [('["1"]', None, "no_response"), ('["2"]', "v", "guessed")]


def test_monitor_lines_only_from_a_monitor() -> None:
    line = '1.000001 [0 192.0.2.1:4] "GET" "k"'
    stitcher = made()
    stitcher.request(ask(1))
    stitcher.reply(answer(2, line, SIMPLE))
    stitcher.reply(answer(3, line, SIMPLE))
    assert brief(stitcher) == [('["1"]', line, ""), (None, line, "")]
    assert stitcher.rows[1][1] == "MONITOR"
