import pytest
from tests.scripts.functions.conftest import Calculator

from pxcap.scripts.functions.counters import grown
from pxcap.scripts.types import BOOLEAN, INT64, STRING, TIME

CASES: dict[str, tuple[list[str], int]] = {
    "nothing": ([], 0),
    "the first sample counts from zero": (["5:7:true"], 7),
    "only what it grew by": (["5:7:true", "9:10:true"], 10),
    "by number, not by text": (["10:9:true", "9:7:true"], 9),
    "where it stood before does not count": (["5:7:false", "9:10:true"], 3),
    "it began anew": (["1:100:true", "2:30:true", "3:35:true"], 135),
    "anew where it does not count": (["1:100:false", "2:30:false", "3:35:true"], 5),
}


@pytest.mark.parametrize(("samples", "total"), CASES.values(), ids=CASES.keys())
def test_growth(samples: list[str], total: int) -> None:
    assert grown(samples) == grown(samples[::-1]) == total


def test_samples_are_the_same_in_both_databases_and_growth_is_computed_here(both: list[Calculator]) -> None:
    rows = [(5, 7, False), (1_700_000_000_000_000_000, 10, True), (9, None, True)]
    wanted = ["5:7:false", "1700000000000000000:10:true", None]
    for one in both:
        assert one.call("counter_sample", [TIME, INT64, BOOLEAN], rows) == wanted
    assert both[0].aggregate("counter_growth", STRING, wanted) == 3
    assert both[0].aggregate("counter_growth", STRING, []) == 0
    assert both[1].aggregate("counter_growth", STRING, ["5:7:true"]) is None
