"""What waits for the answers before it."""

from tests.plugins.mysql.build import chunk

from pxcap.plugins.mysql.ahead import Ahead


def test_bytes_and_losses_come_out_in_order_and_are_counted() -> None:
    ahead = Ahead()
    first, second = chunk(b"abc", time=10), chunk(b"de", 7, 20)
    ahead.add(first)
    ahead.lose(4, "gap")
    ahead.add(second)
    assert (len(ahead), ahead.size, ahead.gaps) == (3, 5, 1)
    assert ahead.take() is first
    assert ahead.take_bytes() is None
    assert ahead.take(5) == (4, "gap")
    assert (len(ahead), ahead.size, ahead.gaps) == (1, 2, 0)
    assert ahead.take(20) is None
    assert ahead.take(21) is second
    assert ahead.take() is None
    assert ahead.take_bytes() is None
    ahead.add(first)
    assert ahead.take_bytes() is first
    assert (len(ahead), ahead.size) == (0, 0)
