from pxcap.plugins.kafka.definitions import fields
from pxcap.plugins.kafka.lane import Frame, Lane
from pxcap.plugins.kafka.walker import Walk


def test_takes_what_is_its_own() -> None:
    frame = Frame(10, 5, 10)
    assert frame.take(b"0123") == 4
    assert frame.take(b"456789next") == 6
    assert (frame.left, frame.held(), frame.pieces) == (0, b"0123456789", None)


def test_is_ripe_when_it_is_long_and_its_header_there() -> None:
    short, long = Frame(10, 5, 10), Frame(1000, 5, 8)
    short.take(b"0123456789")
    long.take(b"0123456")
    assert not short.ripe
    assert not long.ripe
    long.take(b"7")
    assert long.ripe
    long.held()
    assert not long.ripe


def test_loses_no_more_than_its_own() -> None:
    frame = Frame(10, 5, 10)
    frame.take(b"0123")
    assert frame.lose(4) == 0
    assert frame.lose(9) == 7
    assert frame.damaged


def test_tells_its_reader() -> None:
    frame = Frame(14, 5, 8)
    frame.pieces = None
    frame.walk = Walk(fields(12, 1, True), False, 6, 100, True)
    frame.take(b"\0\0\0\1")
    frame.lose(2)
    assert frame.walk.lost
    assert frame.walk.text() == '{"throttle_time_ms":1}'


def test_a_lane_begins_empty() -> None:
    assert Lane(True).lost
    assert Lane(False).frame is None
