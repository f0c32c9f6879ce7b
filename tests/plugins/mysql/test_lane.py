"""The client's packets."""

from tests.plugins.mysql.build import chunk, packet

from pxcap.plugins.mysql.lane import RequestLane


def test_packets_come_out_however_they_are_cut() -> None:
    data = packet(0, b"\3SELECT 1") + packet(2, b"")
    lane, found = RequestLane(100, False), []
    for at in range(len(data)):
        lane.add(chunk(data[at : at + 1], at))
        found += [made] if (made := lane.next()) else []
    assert [(made.sequence, made.body) for made in found] == [(0, b"\3SELECT 1"), (2, b"")]


def test_a_packet_of_the_greatest_size_goes_on_in_the_next() -> None:
    lane = RequestLane(8, False)
    lane.add(chunk(packet(0, b"x" * 0xFFFFFF) + packet(1, b"yz")))
    made = lane.next()
    assert made is not None
    assert (made.size, made.last, made.body) == (0xFFFFFF + 2, 1, b"x" * 8)


def test_a_loss_inside_a_packet_costs_its_text_and_no_more() -> None:
    lane = RequestLane(100, False)
    lane.add(chunk(packet(0, b"\3SELECT 1")[:8]))
    assert lane.next() is None
    assert lane.gap(2, "gap") is None
    lane.add(chunk(b"T 1" + packet(0, b"\1"), 10))
    first, second = lane.next(), lane.next()
    assert first is not None
    assert second is not None
    assert (first.body, first.note, second.body, lane.lost) == (b"\3SEL", "gap", b"\1", False)


def test_a_loss_beyond_it_loses_the_place() -> None:
    lane = RequestLane(100, False)
    lane.add(chunk(packet(0, b"\3SELECT 1")[:8]))
    assert lane.next() is None
    assert not lane.ready
    cut = lane.gap(50, "gap")
    assert cut is not None
    assert cut.note == "gap"
    assert lane.lost
    assert lane.abandon("gap") is None
    assert lane.peek() == -1
