"""Transactions of two programs, paired and compared."""

import pytest

from pxcap.core.comparison import DIFFER, ONLY_PEER, ONLY_PXCAP, Difference, Message, Tally, Transaction, compare


def t(what: str, **fields: object) -> Transaction:
    return Transaction(what, fields)


CASES: dict[str, tuple[list[Transaction], list[Transaction], list[Difference], Tally]] = {
    "nothing": ([], [], [], Tally()),
    "the same": ([t("a", n=1)], [t("a", n="1")], [], Tally(1, 1, 1)),
    "a field differs": (
        [t("a", n=1, m=2)], [t("a", n=3, m=2)], [Difference(DIFFER, "a", "n", "1", "3")], Tally(1, 1, 0, 1)
    ),
    "what one side does not know": ([t("a", n=None)], [t("a", n=3, m=4)], [], Tally(1, 1, 1)),
    "a secret we hide": ([t("a", n="[redacted]")], [t("a", n="hunter2")], [], Tally(1, 1, 1)),
    "a secret in what it is": ([t("LOGIN [redacted]")], [t("LOGIN hunter2")], [], Tally(1, 1, 1)),
    "one too few": (
        [t("a"), t("b"), t("c")], [t("a"), t("c")], [Difference(ONLY_PXCAP, "b")], Tally(3, 2, 2, 0, 1)
    ),
    "one too many": ([t("c")], [t("a"), t("c")], [Difference(ONLY_PEER, "a")], Tally(1, 2, 1, 0, 0, 1)),
    "another order": ([t("b", n=2), t("a", n=1)], [t("a", n=1), t("b", n=2)], [], Tally(2, 2, 2)),
    "something else": (
        [t("a")], [t("b")], [Difference(ONLY_PXCAP, "a"), Difference(ONLY_PEER, "b")], Tally(1, 1, 0, 0, 1, 1)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "wanted", "counts"), CASES.values(), ids=CASES.keys())
def test_compare(ours: list[Transaction], theirs: list[Transaction], wanted: list[Difference], counts: Tally) -> None:
    tally = Tally()
    assert list(compare(ours, theirs, tally)) == wanted
    assert tally == counts


def test_long_values_are_cut() -> None:
    (difference,) = compare([t("a", n="x" * 1000)], [t("a", n="y" * 1000)], Tally())
    assert (len(difference.pxcap), len(difference.peer)) == (200, 200)


def test_fields_of_a_message() -> None:
    message = Message(1, 0, True, "x", (("a", "one", "6f6e65"), ("b", "two", ""), ("a", "three", "")))
    assert (message.first("a"), message.all("a"), message.first("c")) == ("one", ["one", "three"], None)
