"""The fast loops and the slow way give the same rows, whatever is fed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.nats.exchange import BEGIN, Step, play

from pxcap.plugins.nats import parser as parser_module
from pxcap.plugins.nats.stitch import Stitcher

PAYLOADS = st.sampled_from(
    [b"", b"hi", b"\xff\x00", b"\r\n", b'"quoted"', "ünï".encode(), b"x" * 90, b"PING\r\n", b"\0"]
)
SUBJECTS = st.sampled_from([b"a", b"a.b", b"_INBOX.1.x", b"_INBOX.1.y", b"$JS.API.INFO", b"\xc3\xbc", b"svc"])
REPLIES = st.sampled_from([b"", b"_INBOX.1.x ", b"_INBOX.1.y ", b"elsewhere ", b"$JS.ACK.S.C.1.2.3.4.5 "])


@st.composite
def messages(draw: st.DrawFn) -> Step:
    count = draw(st.integers(1, 4))
    client = draw(st.booleans())
    data = b""
    for _ in range(count):
        payload, subject, reply = draw(PAYLOADS), draw(SUBJECTS), draw(REPLIES)
        sid = b"" if client else b"1 "
        verb = b"PUB" if client else b"MSG"
        data += b"%s %s %s%s%d\r\n%s\r\n" % (verb, subject, sid, reply, len(payload), payload)
        if draw(st.integers(0, 9)) == 0:
            data += b"PING\r\n"
    return (">" if client else "<", data)


@settings(max_examples=150, deadline=None)
@given(st.lists(messages(), max_size=8))
def test_the_same_as_the_slow_way(steps: list[Step]) -> None:
    exchange = [*BEGIN, (">", b"SUB _INBOX.1.* 1\r\nSUB svc 2\r\n"), *steps]
    fast, _ = play(*exchange)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stitcher, "plain", False)
        slow, _ = play(*exchange)
    assert sorted(map(repr, fast)) == sorted(map(repr, slow))


def test_common_messages_never_take_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(parser_module, "read_line", lambda *arguments: calls.append(arguments))
    pub, msg = b"PUB a.b 3\r\nabc\r\n", b"MSG a.b 1 3\r\nabc\r\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stitcher, "verbose", False, raising=False)
        patch.setattr(Stitcher, "plain", True)
        rows, _ = play((">", pub * 100), ("<", msg * 100))
    assert len(rows) == 200
    assert calls == []


@pytest.mark.parametrize(
    "line",
    [
        b" 3",
        b"3",
        b"PUB  3",
        b"PUB a  3",
        b"PUB a\t3",
        b"PUB a\tr 3",
        b"PUB a  r 3",
        b"PUB a b c 3",
        b"MSG a 3",
        b"pub a 3",
    ],
)
def test_odd_lines_are_left_to_the_slow_way(line: bytes) -> None:
    exchange = [
        *BEGIN,
        (">", b"PUB a 3\r\nabc\r\n"),
        (">", line + b"\r\nabc\r\nPUB b 3\r\nabc\r\nPUB b r 3\r\nabc\r\n"),
    ]
    fast, _ = play(*exchange)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stitcher, "plain", False)
        slow, _ = play(*exchange)
    assert fast == slow
