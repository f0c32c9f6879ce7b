"""There is nobody to compare NATS with, and that is said."""

from pxcap.plugins.nats.peer import COMPARISON, own, transactions


def test_nothing_is_compared_and_the_reason_is_told() -> None:
    assert COMPARISON.layers == ()
    assert COMPARISON.absent == "tshark has no dissector for NATS"
    assert transactions([]) == ()
    own({})
