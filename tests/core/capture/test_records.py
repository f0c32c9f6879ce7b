"""Proving chains of records, and gathering rows."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.core.capture.records import PAD, Chain, gather


def test_gather_copies_rows_at_any_offset() -> None:
    buf = bytes(range(50)) + PAD
    rows = gather(buf, np.array([3, 0, 49], np.int64), np.dtype([("a", "u1"), ("b", ">u2")]))
    assert rows.tolist() == [(3, 0x0405), (0, 0x0102), (49, 0)]


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=60),
    noise=st.dictionaries(st.integers(0, 500), st.integers(1, 9), max_size=30),
    missing=st.sets(st.integers(0, 59), max_size=5),
)
def test_only_true_records_are_taken(sizes: list[int], noise: dict[int, int], missing: set[int]) -> None:
    ends = np.cumsum(sizes).tolist()
    true = dict(zip([0, *ends], sizes, strict=False))
    seen = {at: size for n, (at, size) in enumerate(true.items()) if n not in missing}
    guesses = {at: size for at, size in noise.items() if at not in true and at < ends[-1]} | seen
    candidates = np.array(sorted(guesses), np.int64)
    chain = Chain(candidates, candidates + np.array([guesses[at] for at in sorted(guesses)], np.int64))
    at, found = 0, []
    while at < ends[-1]:
        run, after = chain.take(at)
        if after == at:  # a record that was not guessed
            assert at not in seen
            after = at + true[at]
        found += run.tolist()
        at = after
    assert found == sorted(seen)


def test_no_candidates() -> None:
    empty = np.empty(0, np.int64)
    run, after = Chain(empty, empty).take(7)
    assert (len(run), after) == (0, 7)
