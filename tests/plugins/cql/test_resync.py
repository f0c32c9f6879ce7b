"""Where messages and segments begin, and where they only seem to."""

import random

import pytest
from tests.plugins.cql import wires as w

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.plugins.cql.resync import FRAMED, RAW, find, fits, plausible_start, starts_message

EVENT = w.string("SCHEMA_CHANGE") + w.string("CREATED") + w.string("KEYSPACE") + w.string("ks")
GOOD = {
    "query": (w.query("SELECT 1", 3), REQUEST),
    "prepare": (w.prepare("SELECT ?", 3), REQUEST),
    "execute": (w.execute(b"i" * 16, [b"x"]), REQUEST),
    "batch": (w.batch(0, [b"\0" + w.long_string("DELETE FROM t") + w.values()]), REQUEST),
    "options": (w.message(5), REQUEST),
    "startup": (w.startup(), REQUEST),
    "register": (w.message(11, b"\0\1" + w.string("STATUS_CHANGE")), REQUEST),
    "auth": (w.message(15, w.value(b"token")), REQUEST),
    "void": (w.void(3), RESPONSE),
    "rows": (w.rows([("x", w.INT)], [[w.number(1)]]), RESPONSE),
    "ready": (w.ready(), RESPONSE),
    "error": (w.answer(0, w.number(0x2000) + w.string("line 1")), RESPONSE),
    "event": (w.answer(12, EVENT, -1), RESPONSE),
    "traced": (w.answer(8, bytes(range(16)) + w.number(1), flags=2), RESPONSE),
    "warned": (w.answer(8, b"\0\1" + w.string("careful") + w.number(1), flags=8), RESPONSE),
    "packed": (w.answer(8, w.number(30) + b"\xf0\x0f" + bytes(30), flags=1), RESPONSE),
}


@pytest.mark.parametrize(("data", "direction"), GOOD.values(), ids=GOOD.keys())
def test_messages(data: bytes, direction: int) -> None:
    assert fits(data, 0, direction) is True
    assert fits(data, 0, 1 - direction) is False
    assert starts_message(data, 0, direction)
    assert {fits(data[:end], 0, direction) for end in range(min(len(data), 64))} == {None}
    assert find(b"some other bytes" + data, 0, direction, RAW) == (16, RAW)
    assert find(b"some other bytes" + data, 0, direction, "") == (16, RAW)


BAD = [
    w.message(5, b"x"),
    w.message(5, b"", -1),
    w.query(""),
    w.query("\x01\x02"),
    w.message(7, w.number(100) + b"SELECT"),
    w.answer(8, w.number(9)),
    w.answer(8, w.number(1) + b"x"),
    w.answer(12, w.string("FANCY"), -1),
    w.answer(0, w.number(0x7777) + w.string("x")),
    w.answer(2, b"body"),
    w.message(9, w.long_string("SELECT"), 0, 9),
]


@pytest.mark.parametrize("data", BAD, ids=range(len(BAD)))
def test_near_misses(data: bytes) -> None:
    assert fits(data, 0, data[0] >> 7) is False


@pytest.mark.parametrize("packed", [False, True])
def test_segments_are_found(packed: bool) -> None:
    data = w.segment(w.query("SELECT 1", version=5), packed=packed)
    for framing in ("", FRAMED):
        assert find(b"\0" * 30 + data, 0, REQUEST, framing) == (30, FRAMED)


def test_cuts_do_not_matter() -> None:
    rng = random.Random(1)
    noise = bytes(rng.choice((0, 1, 3, 4, 7, 0x84, 65)) for _ in range(300))
    for data, kind in ((w.query("SELECT 1", 1), RAW), (w.segment(w.query("SELECT 1", 1, 5)), FRAMED)):
        whole = noise + data
        for framing in ("", kind):
            wanted = find(whole, 0, REQUEST, framing)
            assert wanted[1]
            for step in (1, 7, 50):
                pos, end, found = 0, 0, ""
                while not found and end < len(whole):
                    end = min(end + step, len(whole))
                    pos, found = find(whole[:end], pos, REQUEST, framing)
                assert (pos, found) == wanted


def test_plausible_start() -> None:
    assert plausible_start(b"\x04\x10", 0, REQUEST)
    assert not plausible_start(b"\x04\x20", 0, REQUEST)
    assert not plausible_start(b"\x84", 0, REQUEST)
    assert not plausible_start(b"\x02", 0, REQUEST)
    assert plausible_start(b"", 0, REQUEST)


def test_a_header_that_is_not_all_there_may_begin_before_what_looks_like_one() -> None:
    segment = bytes.fromhex("43008200042bdd47f032")
    assert [find(segment[:end], 0, REQUEST, "") for end in range(8)] == [(0, "")] * 8
    assert find(segment, 0, REQUEST, "") == (0, FRAMED)
