import random

import pytest
from tests.plugins.pgsql.messages import done, row

from pxcap.plugins.pgsql import walk
from pxcap.plugins.pgsql.walk import even, rows


def simply(buf: bytes, pos: int, end: int) -> tuple[int, int]:
    count = 0
    while end - pos >= 5 and buf[pos : pos + 1] == b"D":
        stop = pos + 1 + int.from_bytes(buf[pos + 1 : pos + 5], "big")
        if stop > end or stop - pos < walk.MIN_ROW + 1:
            break
        count, pos = count + 1, stop
    return count, pos


@pytest.mark.parametrize("seed", range(30))
def test_rows_are_counted_as_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    parts = []
    for _ in range(rng.randint(1, 8)):
        parts += [row(b"x" * rng.choice((0, 1, 60, 250, 251, 70_000)))] * rng.choice(
            (1, 2, 5, 9, 40, 3000 // len(parts or b"x"))
        )
    data = b"".join(parts)
    lead = rng.randbytes(rng.randrange(9))
    buf = lead + data + done(b"SELECT 1")
    assert rows(buf, len(lead), len(buf)) == simply(buf, len(lead), len(buf)) == (len(parts), len(lead) + len(data))
    for _ in range(20):
        end = rng.randrange(len(lead), len(buf))
        assert rows(buf, len(lead), end) == simply(buf, len(lead), end)
    damaged = bytearray(buf)
    for _ in range(3):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    assert rows(bytes(damaged), len(lead), len(buf)) == simply(bytes(damaged), len(lead), len(buf))


@pytest.mark.parametrize("at", range(5))
def test_a_header_that_differs_ends_a_run_wherever_it_differs(at: int) -> None:
    buf = bytearray(row(b"y" * 20) * 200)
    buf[150 * len(row(b"y" * 20)) + at] ^= 0x10
    assert rows(bytes(buf), 0, len(buf)) == simply(bytes(buf), 0, len(buf))


def test_rows_of_one_length_are_looked_at_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    once = walk._HEADER
    monkeypatch.setattr(walk, "_HEADER", lambda *args: looks.append(1) or once(*args))
    buf = row(b"z" * 30) * 10_000
    assert rows(buf, 0, len(buf)) == (10_000, len(buf))
    assert len(looks) < 100


def test_there_may_be_none() -> None:
    assert rows(b"", 0, 0) == (0, 0)
    assert rows(b"D\0\0\0\5x", 0, 6) == (0, 0)
    assert rows(row(b"a")[:-1], 0, len(row(b"a")) - 1) == (0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_as_many_rows_of_one_length_as_before_are_known_at_once(seed: int) -> None:
    rng = random.Random(seed)
    count, each = rng.randint(8, 90), row(b"x" * rng.choice((0, 1, 300, 70_000)))
    guess = even(count, count * len(each))
    assert guess is not None
    assert (guess.count, guess.length) == (count, count * len(each))
    lead = rng.randbytes(rng.randrange(9))
    buf = lead + each * count + done(b"SELECT 1")
    assert guess.lie(buf, len(lead))
    assert not guess.lie(buf, len(lead) + 1)
    assert not guess.lie(buf[: len(lead) + guess.length - 1], len(lead))
    damaged = bytearray(buf)
    damaged[len(lead) + rng.randrange(count) * len(each) + rng.randrange(5)] ^= 1 << rng.randrange(8)
    assert not guess.lie(bytes(damaged), len(lead))


def test_rows_that_cannot_be_of_one_length_are_no_guess() -> None:
    assert even(walk.FEW - 1, 70 * (walk.FEW - 1)) is None
    assert even(10, 701) is None
    assert even(10, 10 * walk.MIN_ROW) is None
