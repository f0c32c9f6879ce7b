import random

import pytest
from tests.plugins.kafka.encode import batch, record

from pxcap.plugins.kafka import records
from pxcap.plugins.kafka.lone import lone_text
from pxcap.plugins.kafka.record import RECORD_COST

PLAIN = [
    record(0, b"k", b"v"),
    record(0, None, b"v" * 500),
    record(0, b"", b""),
    record(0, b"k" * 63, "caf\u00e9 \\u0000".encode()),
    *(record(0, b"k", b"v" * size) for size in (54, 55, 56, 57, 58, 61, 62, 63, 64, 7000)),
]
OTHERS = [
    record(1, b"k", b"v"),
    record(0, b"k", None),
    record(0, b"k" * 64, b"v"),
    record(0, b"k", b"v" * RECORD_COST),
    record(0, b"k", b'"' * (RECORD_COST // 2)),
    record(0, None, b"v", (b"h", b"x")),
    record(0, None, b"\xff"),
    record(0, b"\xff", b""),
    record(0, None, b"\0"),
    record(0, b"\0", b"v"),
    b"\2\0\0\0",
    b"",
]


def careful(data: bytes, end: int, budget: list[int], monkeypatch: pytest.MonkeyPatch) -> str:
    """The set without the short way."""
    with monkeypatch.context() as patched:
        patched.setattr(records, "lone_text", lambda *_: None)
        return records.records_text(data, 0, end, budget)


@pytest.mark.parametrize("number", range(len(PLAIN)))
def test_one_plain_record_reads_as_any_other(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = batch(PLAIN[number], 1, base=100)
    text = careful(data, len(data), [65_536, 0], monkeypatch)
    assert lone_text(data, 0, len(data)) == text
    assert lone_text(b"xx" + data + b"\0" * 9, 2, len(data) + 2) == text


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_what_is_not_plain_is_left_to_the_careful_way(number: int) -> None:
    data = batch(OTHERS[number], 1)
    assert lone_text(data, 0, len(data)) is None


def test_so_is_another_batch() -> None:
    good = PLAIN[0]
    for data in (batch(good, 2), batch(good, 1, attributes=1), batch(good, 1, attributes=16), batch(good, 1) * 2):
        assert lone_text(data, 0, len(data)) is None


def test_damage_never_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(3)
    read = 0
    for _ in range(3000):
        data = bytearray(batch(rng.choice(PLAIN), 1))
        data[rng.randrange(len(data))] = rng.choice((0, 1, 2, 3, 127, 128, 129, 255))
        end = len(data) - rng.choice((0, 0, 0, 1, 2, 9))
        text = lone_text(bytes(data), 0, end)
        if text is not None:
            budget = [65_536, 0]
            assert text == careful(bytes(data), end, budget, monkeypatch), data
            assert budget == [65_536 - records.ENTRY_COST - RECORD_COST, end]
            read += 1
    assert read > 300
