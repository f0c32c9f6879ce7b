"""The server's direction."""

import pytest
from tests.plugins.http.exchange import Talk, play
from tests.plugins.http.h2.frames import BEGIN, Side, data


@pytest.mark.parametrize(
    ("media", "body", "shown"),
    [
        ("text/plain", b"a\0\xff", "a\\x00\\xff"),
        ("application/json", b'{"password":"x"}', '{"password":"[redacted]"}'),
        ("image/png", b"\x89PNG", "[image/png, 4 bytes]"),
        ("image/png", b"", ""),
        ("text/plain; charset=latin-1", b"\xe9", "é"),
        ("application/octet-stream", b"\x00\x01", "[application/octet-stream, 2 bytes]"),
    ],
)
def test_bodies_in_one_frame_and_in_many_are_shown_alike(media: str, body: bytes, shown: str) -> None:
    c, s = Side(), Side()
    one = s.ok(1, body, media)
    many = s.headers(3, (":status", "200"), ("content-type", media))
    many += b"".join(data(3, body[at : at + 1]) for at in range(len(body))) + data(3, b"", True)
    found = play(*BEGIN, (">", c.get(1) + c.get(3)), ("<", one + many))
    assert [(r["resp_body"], r["resp_body_size"]) for r in found] == [(shown, len(body))] * 2


def test_a_body_beyond_the_limit_keeps_its_size() -> None:
    c, s = Side(), Side()
    found = play(*BEGIN, (">", c.get(1)), ("<", s.ok(1, b"0123456789")), limit=4)
    assert [(r["resp_body"], r["resp_body_size"]) for r in found] == [("0123", 10)]


def test_after_the_end() -> None:
    c, s = Side(), Side()
    talk = Talk()
    done = s.headers(1, (":status", "200"), end=True)
    for step in [*BEGIN, (">", c.post(1)), ("<", done + s.headers(1, ("x", "1"), end=True) + data(1, b"x"))]:
        talk.step(*step)
    assert [(r["resp_status"], r["resp_body_size"], r["note"]) for r in talk.finish()] == [(200, 0, "")]
    assert talk.parser.errors == {"after_end": 1}


def test_an_answer_to_nobody_is_a_record() -> None:
    s = Side()
    found = play(*BEGIN, ("<", s.ok(7) + s.headers(9, ("grpc-status", "5"), end=True)))
    assert [(r["resp_status"], r["resp_message"], r["note"], r["latency"]) for r in found] == [
        (200, "", "no_request", None), (None, "NOT_FOUND", "no_request", None)]  # fmt: skip
