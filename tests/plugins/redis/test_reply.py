"""One reply at a time: what is consumed, what is malformed, what is cut off; how each type looks is in cases.REPLIES."""

import pytest

from pxcap.plugins.redis.reply import ReplyReader
from pxcap.plugins.redis.wire import MAX_BULK, MAX_LINE, PUSH, SIMPLE


def reader(limit: int = 65536) -> ReplyReader:
    made = ReplyReader(limit)
    made.start(1)
    return made


@pytest.mark.parametrize(
    ("data", "left"),
    [(b"+OK\r\nrest", b"rest"), (b"$3\r\nabc\r\n+", b"+"), (b"*2\r\n:1\r\n:2\r\n:3\r\n", b":3\r\n"), (b"*0\r\n", b"")],
)
def test_consumes_one_reply(data: bytes, left: bytes) -> None:
    made = reader()
    assert data[made.run(data, 0) :] == left
    assert made.complete


@pytest.mark.parametrize(
    ("data", "left"),
    [(b"+OK\r", b"+OK\r"), (b"$30\r\nabc", b""), (b"*2\r\n:1\r\n:2", b":2"), (b"*9", b"*9"), (b"", b"")],
)
def test_leaves_only_a_part_of_a_line(data: bytes, left: bytes) -> None:
    made = reader()
    assert data[made.run(data, 0) :] == left
    assert not made.complete
    assert not made.bad


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"?x\r\n",
        b":x\r\n",
        b":\r\n",
        b",x\r\n",
        b"#x\r\n",
        b"_x\r\n",
        b"(1x\r\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"*-2\r\n",
        b"$%d\r\n" % (MAX_BULK + 1),
        b"*2147483648\r\n",
        b"%-1\r\n",
        b"=-1\r\n",
        b"!?\r\n",
        b".\r\n",
        b";1\r\n",
        b"*1\r\n.\r\n",
        b"*?\r\n.x\r\n",
        b"$?\r\n:1\r\n",
        b"$?\r\n;x\r\n",
        b"*1\r\n" * 129,
        b":" + b"1" * (MAX_LINE + 5),
        b"GET\r\n",
        b":" + b"1" * (MAX_LINE + 5) + b"\r\n",
        b"*1\r\n?" + b"x" * (MAX_LINE + 5),
    ],
)
def test_malformed(data: bytes) -> None:
    made = reader()
    made.run(data, 0)
    assert made.bad
    assert not made.complete


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"+O", "O..."),
        (b"$1", "..."),
        (b"", ""),
        (b"$9\r\nabc", "abc...(9 bytes)"),
        (b"*3\r\n:1\r\n$5\r\nab", '[1,"ab...(5 bytes)","..."]'),
        (b"*2\r\n%2\r\n+a\r\n+b\r\n+c\r\n", '[{"a":"b","...":null},"..."]'),
        (b"$?\r\n;2\r\nab\r\n", "ab"),
        (b"|1\r\n+a\r\n", ""),
        (b"*2\r\n|1\r\n+a\r\n", '["..."]'),
        (b"+" + b"x" * 5000, "x" * 10 + "...(5000 bytes)"),
    ],
)
def test_abandoned(data: bytes, text: str) -> None:
    made = reader(limit=10)
    pos = made.run(data, 0)
    reply = made.abandon(data[pos:], "gap")
    assert (reply.text, reply.note) == (text, "gap")
    assert not made.started


def test_loss_inside_a_value_is_covered() -> None:
    made = reader()
    made.run(b"$10\r\nab", 0)
    assert made.lose(5, "gap") == 0
    assert made.run(b"hij\r\n", 0) == 5
    assert (made.take().text, made.complete) == ("ab...(10 bytes)", True)


def test_loss_beyond_a_value_is_not() -> None:
    made = reader()
    made.run(b"*2\r\n$3\r\nab", 0)
    assert made.nested
    assert made.lose(10, "truncated") == 7
    assert made.abandon(b"", "truncated").text == '["ab...(3 bytes)","..."]'


def test_loss_of_a_line_end_alone_leaves_no_note() -> None:
    made = reader()
    made.run(b"$2\r\nab", 0)
    assert made.lose(2, "gap") == 0
    assert made.take().note == ""


def test_what_a_push_tells() -> None:
    made = reader()
    made.run(b">3\r\n+message\r\n$1\r\na\r\n$1\r\nb\r\n", 0)
    reply = made.take()
    assert (reply.type, reply.kind, reply.count, reply.time, reply.error) == (PUSH, "message", 3, 1, False)


def test_attributes_belong_to_what_follows() -> None:
    made = reader()
    made.run(b"|1\r\n+a\r\n+b\r\n+OK\r\n", 0)
    assert (made.take().type, made.complete) == (SIMPLE, True)
