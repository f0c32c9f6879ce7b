import pytest

from pxcap.core.columns import LEADING_COLUMNS
from pxcap.core.protocol import Row
from pxcap.core.rows import join, joiner

BETWEEN = tuple(f"b{at}" for at in range(1, len(LEADING_COLUMNS)))


@pytest.mark.parametrize("width", [1, 2, 7, 40])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_both_put_it_behind_the_time(width: int, count: int) -> None:
    rows: list[Row] = [tuple(range(number, number + width)) for number in range(count)]
    wanted = [(row[0], *BETWEEN, *row[1:]) for row in rows]
    assert join(rows, BETWEEN) == wanted
    assert joiner(width)(rows, BETWEEN) == wanted


def test_another_length_is_an_error_to_the_one_and_nothing_to_the_other() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        joiner(3)([(1, 2, 3), (1, 2)], BETWEEN)
    with pytest.raises(ValueError, match="values to unpack"):
        joiner(3)([(1, 2, 3, 4)], BETWEEN)
    assert join([(1, 2)], BETWEEN) == [(1, *BETWEEN, 2)]


def test_each_width_is_made_once() -> None:
    assert joiner(5) is joiner(5)
