"""Frames of one direction: bounds, damage, and where reading goes on."""

import time
from typing import Any

from tests.plugins.http.exchange import Talk, play
from tests.plugins.http.h2.frames import BEGIN, Side, data, frame


def errors(*pieces: bytes) -> tuple[dict[str, int], list[dict[str, Any]]]:
    talk = Talk()
    for step in [*BEGIN, *((">", piece) for piece in pieces)]:
        talk.step(*step)
    found = talk.finish()
    return talk.parser.errors, found


def test_frames_that_are_too_long() -> None:
    c = Side()
    counted, found = errors(
        frame(0xFB, 0, 0, bytes(100_000)) + c.get(1, "/1"), frame(4, 0, 0, bytes(70_002)) + c.get(3, "/3")
    )
    assert counted == {"frame_type_0xfb": 1, "frame_too_large": 1}
    assert [record["req_path"] for record in found] == ["/1", "/3"]
    big = frame(4, 0, 0, bytes(70_002))
    assert errors(big[:50], big[50:] + Side().get(5, "/5"))[0] == {"frame_too_long": 1, "frame_too_large": 1}


def test_bad_padding_and_headers_in_the_wrong_place() -> None:
    c = Side()
    counted, found = errors(
        c.post(1) + frame(0, 8, 1, b"\xffabc"), frame(1, 0, 3, c.block((":method", "GET"))) + data(1, b"x")
    )
    assert counted == {"padding": 1, "continuation_expected": 1}
    assert len(found) == 2


def test_what_cannot_be_a_frame_is_passed_over() -> None:
    c = Side()
    counted, found = errors(frame(0, 0, 0, b"data of no stream") + b"noise" * 20 + c.get(1))
    assert counted == {"frame_header": 1}
    assert [record["req_path"] for record in found] == ["/a"]


def test_a_frame_in_small_pieces_costs_linear_time() -> None:
    c = Side()
    whole = c.headers(1, (":method", "GET"), (":path", "/"), ("x-long", "v" * 60_000), end=True)
    started = time.process_time()
    errors(*[whole[at : at + 20] for at in range(0, len(whole), 20)])
    assert time.process_time() - started < 2


def test_a_header_list_of_a_megabyte_is_bounded() -> None:
    c = Side()
    block = c.block((":method", "GET"), (":path", "/"), *[(f"x-{number}", "v" * 1000) for number in range(600)])
    pieces = [block[at : at + 16384] for at in range(0, len(block), 16384)]
    counted, found = errors(
        frame(1, 0, 1, pieces[0]) + b"".join(frame(9, 0, 1, piece) for piece in pieces[1:]) + frame(9, 4, 1)
    )
    assert "header_block_too_long" in counted
    assert len(found) == 1
    assert len(found[0]["req_headers"]) < 200_000
    assert "truncated" in found[0]["note"]


def test_what_the_snap_length_cut() -> None:
    c, s = Side(), Side()
    body = data(1, b"x" * 50)
    found = play(
        *BEGIN,
        (">", c.post(1)),
        (">", body[:20]),
        (">gap", 39, "truncated"),
        (">", data(1, b"y", True)),
        ("<", s.ok(1)),
    )
    assert [(r["req_body_size"], r["note"], r["resp_body"]) for r in found] == [(51, "truncated", "ok")]
