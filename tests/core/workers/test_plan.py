"""What becomes of rows, added up."""

from pxcap.core.workers.plan import Outcome


def test_outcomes_add_up() -> None:
    sum_of = Outcome({"a": 1}, {}, {"why": 1})
    sum_of.add(Outcome({"a": 2, "b": 1}, {"b": 1}, {"why": 2}))
    assert sum_of == Outcome({"a": 3, "b": 1}, {"b": 1}, {"why": 3})
