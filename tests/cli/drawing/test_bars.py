"""Bars and bins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pxcap.cli.drawing.bars import MOST_BARS, bars, binned


def test_bars_are_as_long_as_their_numbers() -> None:
    made = bars([("/a", 8.0), ("/long", 4.0), ("/none", 0.0), ("/neg", -1.0)], 26)
    assert made == [
        "/a      8  ███████████████",
        "/long   4  ███████▌",
        "/none   0",
        "/neg   -1",
    ]
    assert max(map(cell_len, made)) == 26


def test_labels_are_one_line_and_cut_and_numbers_have_their_unit() -> None:
    (line,) = bars([("x\n" * 40, 2_000_000.0)], 80, "ns")
    assert "\n" not in line
    assert "…  2.0 ms  █" in line
    assert bars([("漢字" * 30, 1.0)], 60)[0].count("…") == 1


def test_what_is_too_much_is_counted() -> None:
    assert bars([("a", 1.0)] * (MOST_BARS + 2), 40)[MOST_BARS:] == ["and 2 more"]
    assert bars([], 40) == []


def test_bins_have_round_limits_and_count_weights() -> None:
    assert binned([(3, 1), (17, 1), (18, 2), (41, 1)], most=5) == [(0, 10, 1), (10, 20, 3), (20, 30, 0), (30, 40, 0), (40, 50, 1)]  # fmt: skip
    assert binned([(0, 1), (50, 4)], least_step=50) == [(0, 50, 1), (50, 100, 4)]
    assert binned([(7, 3)]) == [(7, 8, 3)]
    assert binned([]) == []
    assert binned([(float("inf"), 1), (float("nan"), 1)]) == []


@given(
    st.lists(st.tuples(st.floats(-1e18, 1e18, allow_nan=False), st.integers(0, 9)), min_size=1, max_size=50),
    st.integers(1, 40),
)
def test_no_value_is_lost_and_bins_are_few(values: list[tuple[float, int]], most: int) -> None:
    found = binned(values, most)
    assert sum(count for *_, count in found) == pytest.approx(sum(weight for _, weight in values))
    assert len(found) <= most + 2
