"""A second opinion: what another program made of the same bytes, beside what pxcap made of them.

A plugin declares a `Comparison`: which of the other program's layers are its protocol, how their messages become
transactions, and how a record of its own table becomes one. Neither side does I/O; the command runs the other program and
this module pairs what came of both, conversation by conversation, in order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pxcap.core.text import REDACTED

SAME, DIFFER, ONLY_PXCAP, ONLY_PEER = "same", "differ", "only-pxcap", "only-peer"
SHOWN = 200  # characters of a value that a difference shows


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the other program printed it.

    Attributes:
        number: Packet in which its last byte lies, from 1.
        time: When that packet was captured, ns since the epoch.
        to_server: The client sent it.
        layer: The program's name of the protocol.
        fields: (name, value as it is shown, bytes as hex digits) in the order of the message.
    """

    number: int
    time: int
    to_server: bool
    layer: str
    fields: tuple[tuple[str, str, str], ...]

    def first(self, name: str) -> str | None:
        """The first value of a field, None when there is none."""
        return next((shown for key, shown, _ in self.fields if key == name), None)

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [shown for key, shown, _ in self.fields if key == name]


@dataclass(frozen=True, slots=True)
class Transaction:
    """A request with its response, as far as two programs can be compared.

    Attributes:
        what: What it is, for people, and for finding it again on the other side: a method and path, a command, a name.
        fields: What else is compared. None: this side does not know, so nothing is compared.
    """

    what: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one protocol is compared with what tshark says.

    Attributes:
        protocol: Name of the protocol, as in its ProtocolSpec.
        layers: tshark's names of it; empty when tshark does not know it.
        transactions: Messages of one conversation, in capture order, to transactions in the order of their requests.
        own: A record of the protocol's table, by column, to a transaction; None for what tshark has no notion of.
        decode_as: Name under which tshark is told to take a server port for it.
        transports: Which of "tcp", "udp" that is done for.
        absent: Why there is nothing to compare with, when `layers` is empty.
    """

    protocol: str
    layers: tuple[str, ...]
    transactions: Callable[[Sequence[Message]], Iterable[Transaction]]
    own: Callable[[Mapping[str, Any]], Transaction | None]
    decode_as: str = ""
    transports: tuple[str, ...] = ("tcp",)
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where both differ: `kind` is differ, only-pxcap or only-peer; `field`, `pxcap` and `peer` are empty but for differ."""

    kind: str
    what: str
    field: str = ""
    pxcap: str = ""
    peer: str = ""


@dataclass(slots=True)
class Tally:
    """Transactions of a protocol: on each side, alike, different, and on one side only."""

    pxcap: int = 0
    peer: int = 0
    same: int = 0
    differ: int = 0
    only_pxcap: int = 0
    only_peer: int = 0


def compare(ours: Sequence[Transaction], theirs: Sequence[Transaction], tally: Tally) -> Iterator[Difference]:
    """Pair the transactions of one conversation and give every difference; `tally` counts.

    They are paired in order as far as both sides have one order, and what is left by what it is.
    """
    from difflib import SequenceMatcher

    tally.pxcap += len(ours)
    tally.peer += len(theirs)
    pairs: list[tuple[Transaction, Transaction]] = []
    lone: list[Transaction] = []
    rest: list[Transaction] = []
    matcher = SequenceMatcher(None, [one.what for one in ours], [one.what for one in theirs], autojunk=False)
    for _, low, high, start, end in matcher.get_opcodes():
        if ours[low:high] and theirs[start:end] and ours[low].what == theirs[start].what:
            pairs += zip(ours[low:high], theirs[start:end], strict=True)
        else:
            lone += ours[low:high]
            rest += theirs[start:end]
    for one in list(lone):  # what came in another order on the other side, or has a secret in it that we hide
        shown, hidden, _ = one.what.partition(REDACTED)
        other = next(
            (other for other in rest if other.what == one.what or (hidden and other.what.startswith(shown))), None
        )
        if other is not None:
            pairs.append((one, other))
            lone.remove(one)
            rest.remove(other)
    for one, other in pairs:
        found = list(_differences(one, other))
        tally.differ += bool(found)
        tally.same += not found
        yield from found
    tally.only_pxcap += len(lone)
    tally.only_peer += len(rest)
    yield from (Difference(ONLY_PXCAP, one.what) for one in lone)
    yield from (Difference(ONLY_PEER, other.what) for other in rest)


def _differences(one: Transaction, other: Transaction) -> Iterator[Difference]:
    for name, value in one.fields.items():
        against = other.fields.get(name)
        if value is None or against is None or str(value) == str(against) or REDACTED in str(value):
            continue
        yield Difference(DIFFER, one.what, name, str(value)[:SHOWN], str(against)[:SHOWN])
