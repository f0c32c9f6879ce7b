import json

import pytest
from tests.scripts.functions.conftest import Calculator, fold

from pxcap.scripts.functions.ranking import MOST, rank, ranked
from pxcap.scripts.types import INT64


def test_places(both: list[Calculator]) -> None:
    found = both[0].aggregate("ranking", INT64, [3, 9, None, 9, -1])
    assert json.loads(found) == [9, 3, -1]
    assert [rank(found, value) for value in (9, 3, -1, 4)] == [1, 2, 3, 0]
    assert fold("rank", found, 3) == 2
    assert [ranked(found, place) for place in (-1, 0, 1, 3, 50)] == [0, 0, 9, -1, -1]
    assert both[0].aggregate("ranking", INT64, []) == "[]"
    assert both[1].aggregate("ranking", INT64, [1]) is None


def test_only_the_largest_have_a_place(both: list[Calculator]) -> None:
    found = both[0].aggregate("ranking", INT64, list(range(MOST + 5)))
    assert (rank(found, MOST + 4), rank(found, 5), rank(found, 4)) == (1, MOST, 0)


@pytest.mark.parametrize("text", ["", "{}", "5", "[" * 100_000])
def test_what_is_no_ranking_has_no_places(text: str) -> None:
    assert rank(text, 1) == ranked(text, 1) == 0
