"""The client's direction."""

from tests.plugins.http.exchange import Talk, play
from tests.plugins.http.h2.frames import BEGIN, Side, data, reset

from pxcap.plugins.http.h2.requests import NEVER
from pxcap.plugins.http.h2.stitch import MANY_STREAMS


def test_reading_pauses_while_much_is_open_and_goes_on() -> None:
    c, s = Side(), Side()
    talk = Talk()
    for step in BEGIN:
        talk.step(*step)
    count = MANY_STREAMS + 500
    talk.step(">", b"".join(c.get(2 * number + 1) for number in range(count)))
    h2 = talk.parser._h2
    assert h2 is not None
    assert h2._requests.paused
    assert len(h2._streams.streams) <= MANY_STREAMS
    assert h2._requests.waiting == talk._time
    talk.step("<", s.ok(2 * count - 1))  # its request is the last that waits
    assert [record["note"] for record in talk.records] == [""]
    assert len(talk.finish()) == count
    assert h2._requests.waiting == NEVER


def test_what_waits_is_read_in_front_of_a_response_that_came_after_it() -> None:
    c, s = Side(), Side()
    count = MANY_STREAMS + 20
    ask = b"".join(c.get(2 * number + 1) for number in range(count)) + reset(2 * count - 1, 8)
    tell = b"".join(s.ok(2 * number + 1) for number in range(count))
    found = play(*BEGIN, (">", ask), ("<", tell))
    assert len(found) == count
    assert [record["resp_message"] for record in found if record["resp_status"] != 200] == [
        "RST_STREAM from client: CANCEL"
    ]


def test_what_comes_after_the_end_or_for_nobody() -> None:
    c, s = Side(), Side()
    talk = Talk()
    late = c.headers(1, ("x-late", "1"), end=True)
    for step in [*BEGIN, (">", c.get(1) + late + data(1, b"x") + data(9, b"x") + reset(9, 8)), ("<", s.ok(1))]:
        talk.step(*step)
    assert [record["req_body_size"] for record in talk.finish()] == [0]
    assert talk.parser.errors == {"after_end": 1}


def test_trailers_of_a_request_that_was_not_seen_are_none() -> None:
    c = Side()
    found = play((">", c.get(1) + c.headers(3, ("x-sum", "1"), end=True) + c.get(5)), midstream=True)
    assert [record["req_path"] for record in found] == ["/a", "/a"]
    c = Side()
    found = play(*BEGIN, (">", c.headers(3, ("x-sum", "1"), end=True) + c.get(5)))
    assert [record["req_path"] for record in found] == ["/a"]


def test_one_pushed_by_a_client_is_counted() -> None:
    c = Side()
    talk = Talk()
    for step in [*BEGIN, (">", c.get(1) + c.promise(1, 2, (":method", "GET")))]:
        talk.step(*step)
    talk.finish()
    assert talk.parser.errors == {"push_by_client": 1}
