"""NATS has no second opinion: tshark does not know it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pxcap.core.comparison import Comparison, Message, Transaction


def transactions(messages: Sequence[Message]) -> tuple[Transaction, ...]:
    """Nothing: there are no messages to read."""
    return ()


def own(record: Mapping[str, Any]) -> None:
    """Nothing to compare a record with."""


COMPARISON = Comparison("nats", (), transactions, own, absent="tshark has no dissector for NATS")
