import json
import random
from struct import pack

import pytest
from tests.plugins.kafka.encode import batch, beat, beaten, record, request, response, text
from tests.plugins.kafka.talk import LOST, REQUEST, RESPONSE, Talk


def produce(ident: int, data: bytes, acks: int = 1) -> bytes:
    return request(0, 2, ident, pack(">hii", acks, 5, 1) + text("t") + pack(">iii", 1, 0, len(data)) + data)


def produced(ident: int, code: int = 0) -> bytes:
    return response(ident, pack(">i", 1) + text("t") + pack(">iihqqi", 1, 0, code, 9, -1, 0))


def fetch(ident: int) -> bytes:
    return request(1, 2, ident, pack(">iiii", -1, 5, 1, 1) + text("t") + pack(">iiqi", 1, 0, 0, 9))


def fetched(ident: int, data: bytes) -> bytes:
    return response(ident, pack(">ii", 0, 1) + text("t") + pack(">iihqi", 1, 0, 0, 9, len(data)) + data)


SMALL = batch(record(0, b"k", b"v"), 1)
LONG = batch(b"".join(record(at, b"k", b"v" * 1000) for at in range(300)), 300)


def test_requests_and_responses_are_paired() -> None:
    talk = Talk().ask(beat(1) + beat(2)).tell(beaten(2, 27)).tell(beaten(1))
    assert [(row[0], row[5], row[6], row[7], row[8]) for row in talk.end()] == [
        (1_000_000, 1, 27, 1_000_000, ""),
        (1_000_000, 1, 0, 2_000_000, ""),
    ]


@pytest.mark.parametrize("step", [1, 3, 100, 1460, 5000, None])
@pytest.mark.parametrize("limit", [100, 5000, 65536, 1 << 20])
def test_cuts_change_nothing(step: int | None, limit: int) -> None:
    def rows(step: int | None) -> list[tuple[object, ...]]:
        talk = Talk(limit)
        talk.ask(beat(1) + produce(2, SMALL) + produce(3, LONG) + fetch(4) + produce(5, SMALL, 0) + beat(6), step)
        talk.tell(beaten(1) + produced(2) + produced(3, 6) + fetched(4, SMALL + LONG + SMALL[:50]) + beaten(6), step)
        assert not talk.parser.errors
        return sorted((row[1:7] + row[8:] for row in talk.end()), key=str)

    assert rows(step) == rows(None)
    assert len(rows(step)) == 6


def test_a_produce_without_acks_is_a_record_at_once() -> None:
    talk = Talk().ask(produce(1, SMALL, 0))
    assert len(talk.rows) == 1
    assert talk.rows[0][-2:] == (None, "")
    for step in (None, 1000):
        talk = Talk(1000).ask(produce(1, LONG, 0), step)
        assert [row[-1] for row in talk.rows] == [""]


def test_a_loss_inside_a_long_frame_costs_that_frame_only() -> None:
    data = produce(1, LONG)
    talk = Talk().ask(data[:2000]).lose(REQUEST, 5000).ask(data[7000:] + beat(2)).tell(produced(1) + beaten(2))
    first, second = talk.end()
    assert (first[-1], second[-1], second[6]) == ("gap", "", 0)
    assert json.loads(first[3])["topics"][0]["partitions"][0]["message_set"]["record_count"] == 300
    data = fetched(1, LONG)
    talk = Talk().ask(fetch(1) + beat(2)).tell(data[:2000]).lose(RESPONSE, 5000).tell(data[7000:] + beaten(2))
    assert [row[-1] for row in talk.end()] == ["gap", ""]


def test_a_loss_beyond_a_frame_is_got_over() -> None:
    talk = Talk().ask(beat(1)[:20]).lose(REQUEST, len(beat(1)) - 20 + 10)
    assert talk.parser.lockstep
    talk.ask(beat(2)[10:] + beat(3)).tell(beaten(1) + beaten(2) + beaten(3))
    assert [(row[1], row[-1]) for row in talk.end()] == [(12, "gap"), (None, "no_request"), (12, "")]
    talk = Talk().ask(beat(1) + beat(2) + beat(3)).lose(RESPONSE, 20).tell(beaten(2)[6:] + beaten(3))
    assert [row[-1] for row in talk.end()] == ["no_response", "no_response", ""]
    assert not talk.parser.lockstep


def test_a_loss_in_a_header() -> None:
    data = produce(1, LONG)
    talk = Talk().ask(data[:8]).lose(REQUEST, 50).ask(data[58:] + beat(2)).tell(produced(1) + beaten(2))
    assert [(row[1], row[-1]) for row in talk.end()] == [(None, "no_request"), (12, "")]
    talk = Talk().ask(data[:14]).lose(REQUEST, 50).ask(data[64:] + beat(2)).tell(produced(1) + beaten(2))
    assert [(row[1], row[-1]) for row in talk.end()] == [(0, "gap"), (12, "")]


def test_joined_in_the_middle() -> None:
    talk = Talk(midstream=True)
    assert talk.parser.lockstep
    talk.ask(produce(1, SMALL)[20:]).tell(produced(1)[5:])
    for ident in range(2, 5):
        talk.ask(beat(ident)).tell(beaten(ident))
    assert [(row[1], row[-1]) for row in talk.end()] == [(12, "")] * 3
    assert not talk.parser.lockstep


def test_one_side() -> None:
    talk = Talk()
    for ident in range(3):
        talk.tell(beaten(ident))
    assert [row[-1] for row in talk.end()] == ["no_request"] * 3
    assert [row[-1] for row in Talk().ask(beat(1) + beat(2)).end()] == ["no_response"] * 2


def test_what_is_cut_at_the_end_is_told() -> None:
    rows = Talk().ask(beat(1) + beat(2)[:20]).tell(beaten(1)[:12]).end()
    assert [row[-1] for row in rows] == ["truncated", "truncated,no_response"]
    assert rows[0][4] == '{"throttle_time_ms":0}'


def test_raw_tokens() -> None:
    hello = request(17, 0, 1, text("PLAIN"))
    welcome = response(1, pack(">hi", 0, 1) + text("PLAIN"))
    token = b"\0me\0secret"
    for step in (None, 1):
        for redact in (True, False):
            talk = Talk(redact=redact).ask(hello, step).tell(welcome, step)
            talk.ask(pack(">i", len(token)) + token, step).tell(pack(">i", 0), step)
            talk.ask(beat(2), step).tell(beaten(2), step)
            rows = talk.end()
            assert [row[1] for row in rows] == [17, 36, 12]
            assert ("secret" in str(rows)) != redact
            assert not talk.parser.errors
    talk = Talk().ask(hello).tell(welcome).ask(pack(">i", 5) + b"abcde" + pack(">i", 1 << 30) + b"\xff" * 40)
    assert talk.parser.errors == {"bad_request_header": 1}
    talk.tell(pack(">i", 1 << 30) + bytes(20))
    assert talk.parser.errors["bad_response_header"] == 1


def test_damage_is_counted_and_got_over() -> None:
    talk = Talk().ask(beat(1)).tell(beaten(1)).ask(b"\xff" * 30 + beat(2)).tell(b"\xff" * 30 + beaten(2))
    assert [row[-1] for row in talk.end()] == ["", ""]
    assert talk.parser.errors == {"bad_request_header": 1, "bad_response_header": 1}


def test_a_constant_id() -> None:
    talk = (
        Talk().ask(b"".join(beat(0) for _ in range(5))).tell(b"".join(beaten(0, code) for code in (0, 22, 25, 27, 0)))
    )
    assert [row[6] for row in talk.end()] == [0, 22, 25, 27, 0]


def test_many_small_chunks_of_a_long_frame_take_linear_time() -> None:
    talk = Talk().ask(fetch(1)).tell(fetched(1, batch(record(0, None, b"v" * 3_000_000), 1)), 50)
    assert json.loads(talk.end()[0][4])["topics"][0]["partitions"][0]["message_set"]["record_count"] == 1


def test_losses_anywhere_never_raise_and_end() -> None:
    rng = random.Random(7)
    ask = b"".join(beat(at) + produce(100 + at, SMALL) for at in range(6)) + produce(50, LONG) + beat(60)
    tell = b"".join(beaten(at) + produced(100 + at) for at in range(6)) + produced(50) + beaten(60)
    for _ in range(200):
        talk = Talk(rng.choice((100, 65536)), midstream=rng.random() < 0.3)
        for side, data in ((REQUEST, ask), (RESPONSE, tell)):
            begin = rng.randrange(len(data))
            end = min(len(data), begin + rng.choice((1, 10, 1000 if side == REQUEST else 60)))
            talk.feed(side, data[:begin]).lose(side, end - begin, LOST).feed(side, data[end:])
        rows = talk.end()
        assert len(rows) >= 8
        assert sum(row[-1] == "" for row in rows) >= 6
