"""Streams become records: what is open is bounded, and what came late changes nothing."""

import pytest
from tests.plugins.http.exchange import Step, Talk, play, play_cut
from tests.plugins.http.h2.frames import BEGIN, Side, data, goaway, reset

from pxcap.plugins.http.h2.stitch import MAX_BODIES, MAX_ENDED


def test_bodies_of_open_streams_are_bounded_and_their_sizes_true() -> None:
    c = Side()
    talk = Talk()
    for step in BEGIN:
        talk.step(*step)
    for number in range(100):
        talk.step(">", c.post(2 * number + 1, "/p", ("content-type", "text/plain")))
        for _ in range(4):
            talk.step(">", data(2 * number + 1, b"x" * 16_000))
    found = talk.finish()
    assert len(found) == 100
    assert {record["req_body_size"] for record in found} == {64_000}
    assert sum(len(record["req_body"]) for record in found) <= MAX_BODIES + 64_000
    assert "body_not_kept" in talk.parser.errors


def test_more_streams_than_are_kept() -> None:
    c, s = Side(), Side()
    talk = Talk()
    for step in BEGIN:
        talk.step(*step)
    count = 10_000
    for number in range(count):
        talk.step(">", c.post(2 * number + 1))
    talk.step("<", s.ok(1) + s.ok(2 * count - 1))
    assert [record["resp_status"] for record in talk.records].count(200) <= 1
    found = talk.finish()
    assert len(found) == count  # the answer to one given up is none of its own
    assert talk.parser.errors["too_many_streams"] > 0


def test_many_resets_are_forgotten_in_the_end() -> None:
    c = Side()
    talk = Talk()
    for step in BEGIN:
        talk.step(*step)
    for number in range(3 * MAX_ENDED):
        talk.step(">", c.get(2 * number + 1) + reset(2 * number + 1, 8))
    h2 = talk.parser._h2
    assert h2 is not None
    found = talk.finish()
    assert len(found) == 3 * MAX_ENDED
    assert {record["resp_message"] for record in found} == {"RST_STREAM from client: CANCEL"}
    assert len(h2._streams._ended) <= MAX_ENDED


def test_a_connection_ended_by_an_error() -> None:
    c, s = Side(), Side()
    talk = Talk()
    for step in [*BEGIN, (">", c.get(1)), ("<", s.headers(1, (":status", "200"))), (">", goaway(0, 1, b"bad\0"))]:
        talk.step(*step)
    found = talk.finish()
    assert [(r["resp_status"], r["resp_message"], r["note"]) for r in found] == [
        (200, "GOAWAY from client: PROTOCOL_ERROR (bad\\x00)", "")]  # fmt: skip
    assert talk.parser.errors == {"goaway_PROTOCOL_ERROR": 1}


def test_a_stream_begun_anew_ends_the_one_before() -> None:
    c, s = Side(), Side()
    found = play(
        *BEGIN,
        (">", c.post(1, "/1")),
        ("<", s.promise(1, 2, (":path", "/2")) + s.promise(1, 2, (":path", "/3")) + s.ok(2)),
    )
    assert [(r["req_path"], r["resp_status"]) for r in found] == [("/2", None), ("/3", 200), ("/1", None)]


def test_calls_whose_bodies_were_not_kept() -> None:
    c = Side()
    talk = Talk(limit=1000)
    for step in BEGIN:
        talk.step(*step)
    for number in range(40):
        talk.step(
            ">", c.post(2 * number + 1, "/s.S/M", ("content-type", "text/plain")) + data(2 * number + 1, b"x" * 60_000)
        )
    for number in range(1000, 1600):
        talk.step(">", c.post(2 * number + 1, "/s.S/M", ("content-type", "application/grpc")))
        talk.step(">", data(2 * number + 1, b"\0\0\0\x08\0\x0a\xfd\x0f" + b"x" * 2045))
    found = talk.finish()
    assert len(found) == 640
    assert {record["req_body_size"] for record in found[40:]} == {2053}
    assert found[-1]["req_body"] == ""


@pytest.mark.parametrize("limit", [0, 40, 65536])
def test_calls_in_whole_frames_and_in_pieces_are_shown_alike(limit: int) -> None:
    c, s = Side(), Side()
    short, long = b"\x08\x96\x01", b"\x0a\x7f" + b"x" * 127
    steps: list[Step] = [*BEGIN]
    for number, (asked, told) in enumerate(
        [([short], [short]), ([b""], [long]), ([short, short], [short]), ([long], [])]
    ):
        steps.append((">", c.call(2 * number + 1, *asked)))
        steps.append(
            ("<", s.answer(2 * number + 1, *told, status="5" if number else "0", text="gone" if number else ""))
        )
    whole = play(*steps, limit=limit)
    assert [record["resp_message"] for record in whole] == ["OK", *["NOT_FOUND: gone"] * 3]
    assert [record["resp_body_size"] for record in whole] == [8, 134, 8, 0]
    assert whole[0]["req_body"] == ('{"1":150}' if limit else "")
    assert play_cut(None, *steps, limit=limit) == whole
