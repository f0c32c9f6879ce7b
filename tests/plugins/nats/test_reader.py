import random

from pxcap.core.protocol import LOST, TRUNCATED
from pxcap.plugins.nats.reader import PayloadReader
from pxcap.plugins.nats.types import Message


def read(data: bytes, head: int, size: int, limit: int, cut: int) -> tuple[Message, bool, int]:
    reader = PayloadReader(limit)
    reader.start(Message(1, "HMSG", size=size, head_size=head))
    at = 0
    while at < len(data) and reader.left:
        at += reader.run(data[at : at + cut], 0)
    return (*reader.take(), at)


def test_any_cut_gives_the_same() -> None:
    rng = random.Random(3)
    for _ in range(200):
        head, size, limit = rng.randrange(20), rng.randrange(30), rng.randrange(1, 25)
        data = rng.randbytes(head + size)
        for cut in (1, 2, 7, 100):
            message, whole, at = read(data + b"\r\nnext", head, size, limit, cut)
            assert (message.head, message.payload) == (data[:head][:limit], data[head:][:limit])
            assert whole
            assert at == len(data) + 2


def test_an_end_that_is_none() -> None:
    assert not read(b"abcde", 0, 3, 10, 100)[1]
    assert not read(b"abc\rx", 0, 3, 10, 2)[1]


def test_a_loss_inside_costs_itself() -> None:
    reader = PayloadReader(100)
    reader.start(Message(1, "PUB", size=10))
    reader.run(b"abc", 0)
    assert reader.lose(4, LOST) == 0
    assert reader.run(b"hij\r\nPUB", 0) == 5
    message, whole = reader.take()
    assert (message.payload, message.note, whole) == (b"abc", "gap", True)


def test_a_loss_beyond_tells_how_much() -> None:
    reader = PayloadReader(100)
    reader.start(Message(1, "PUB", size=3))
    reader.run(b"ab", 0)
    assert reader.lose(10, TRUNCATED) == 7
    assert reader.take()[0].note == "truncated"


def test_a_loss_of_the_line_end_only() -> None:
    reader = PayloadReader(100)
    reader.start(Message(1, "PUB", size=3))
    reader.run(b"abc", 0)
    assert reader.lose(1, LOST) == 0
    reader.run(b"\n", 0)
    message, whole = reader.take()
    assert (message.payload, message.note, whole) == (b"abc", "", True)
