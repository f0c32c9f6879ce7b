"""Times and durations as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.times import absolute, duration, moment, shown

NOW = 1_700_000_000_000_000_000
S = 1_000_000_000

DURATIONS = {
    "-5m": -300 * S,
    "30s": 30 * S,
    "1h30m": 5400 * S,
    "0.5s": S // 2,
    "250ms": S // 4,
    "7us": 7000,
    "3ns": 3,
    "2d": 172_800 * S,
    "1w": 604_800 * S,
    "+1s": S,
}


@pytest.mark.parametrize(("text", "ns"), DURATIONS.items(), ids=DURATIONS.keys())
def test_duration(text: str, ns: int) -> None:
    assert duration(text) == ns
    assert moment(text, NOW) == NOW + ns


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "5x", "--5m", "999999999999999999d", "1e3s", "five"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ScriptError, match="duration"):
        duration(text)


MOMENTS = {
    "1700000000000000001": NOW + 1,
    "-1000": NOW - 1000,
    "2023-11-14T22:13:20Z": NOW,
    "2023-11-14 22:13:20": NOW,
    "2023-11-14T23:13:20+01:00": NOW,
    "2023-11-14 23:13:20 +0100": NOW,
    "2023-11-14T22:13:20.000000007Z": NOW + 7,
    "2023-11-14T22:13:20.5": NOW + S // 2,
    "2023-11-14": 1_699_920_000 * S,
}


@pytest.mark.parametrize(("text", "ns"), MOMENTS.items(), ids=MOMENTS.keys())
def test_moment(text: str, ns: int) -> None:
    assert moment(text, NOW) == ns


@pytest.mark.parametrize(
    "text", ["yesterday", "2023-13-01", "9999-01-01", "9999999999999999999", "", "2023-11-14T99:00"]
)
def test_no_moment(text: str) -> None:
    with pytest.raises(ScriptError, match="time"):
        moment(text, NOW)


def test_absolute_counts_back_from_now() -> None:
    assert absolute(-5, NOW) == NOW - 5
    assert absolute(5, NOW) == 5


@pytest.mark.parametrize(
    ("ns", "text"),
    [(-300 * S, "-5m"), (600 * S, "10m"), (90_000 * S, "1d"), (59 * S, "59s"), (1, "0ms"), (7200 * S, "2h")],
)
def test_shown(ns: int, text: str) -> None:
    assert shown(ns) == text


@given(st.text(max_size=30))
def test_any_text(text: str) -> None:
    for read in (duration, lambda one: moment(one, NOW)):
        try:
            assert isinstance(read(text), int)
        except ScriptError:
            continue
