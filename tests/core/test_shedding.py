"""A made-up capture under made-up loads: what it takes depends on the load and on the share it looks at."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest

from pxcap.core.shedding import ALL, MOST, Governor, shed

MB = 1_000_000


def run(governor: Governor, loads: Iterable[float], base: float = 0.0, start: float = 100.0) -> list[int]:
    """Levels after each second; a load is the cores that looking at everything takes, `base` what looking at none does."""
    levels, cpu, now = [], 0.0, start
    governor.update(now, cpu, 0)
    for load in loads:
        for _ in range(4):  # measured four times a second
            now += 0.25
            cpu += 0.25 * (base + load * (ALL - governor.level) / ALL)
            governor.update(now, cpu, 0)
        levels.append(governor.level)
    return levels


def changes(levels: list[int]) -> int:
    return sum(one != other for one, other in pairwise(levels))


def test_without_limits_nothing_is_left_out() -> None:
    governor = Governor(None, None)
    assert run(governor, [50.0] * 10) == [0] * 10
    assert governor.update(1000.0, 1e6, 1 << 60) == 0
    assert governor.describe() == ""


def test_within_the_limit_nothing_is_left_out() -> None:
    assert run(Governor(0.5, None), [0.49] * 60) == [0] * 60


def test_a_step_of_load_is_answered_within_a_second_and_then_left_alone() -> None:
    governor = Governor(0.5, None)
    levels = run(governor, [0.3] * 5 + [1.0] * 60)
    assert levels[:5] == [0] * 5
    assert levels[5] == pytest.approx(ALL * (1 - 0.45), abs=2)  # 0.45 of the load are 0.45 cores
    assert changes(levels[5:]) == 0
    assert governor.describe() == "55 % of connections are left out to stay within 0.5 cores (now 0.45)"


def test_what_cannot_be_left_out_takes_a_few_seconds_more() -> None:
    governor = Governor(0.5, None)
    levels = run(governor, [2.0] * 60, base=0.3)
    assert levels == sorted(levels)
    kept = (ALL - levels[4]) / ALL
    assert 0.3 + 2.0 * kept <= 0.5
    assert kept > 0.05
    assert changes(levels[5:]) == 0


@pytest.mark.parametrize("load", [0.2, 0.6, 1.0, 3.0, 40.0])
@pytest.mark.parametrize("base", [0.0, 0.2, 0.4])
def test_every_steady_load_comes_to_rest(load: float, base: float) -> None:
    levels = run(Governor(0.5, None), [load] * 200, base)
    assert changes(levels[100:]) == 0
    assert levels[-1] == MOST or base + load * (ALL - levels[-1]) / ALL <= 0.5


def test_an_own_cost_beyond_the_limit_never_blinds() -> None:
    assert run(Governor(0.5, None), [1.0] * 30, base=0.6)[-1] == MOST


def test_a_spike_is_answered_and_then_forgotten_slowly() -> None:
    governor = Governor(0.5, None)
    levels = run(governor, [0.3, 5.0, *[0.3] * 80])
    top = levels[1]
    assert top > ALL * 0.85
    assert levels[2:7] == [top] * 5
    down = levels[6:]
    assert down == sorted(down, reverse=True)
    assert all(one - other <= ALL / 16 for one, other in pairwise(down))
    assert levels[-1] == 0
    assert governor.describe() == ""


@pytest.mark.parametrize("period", [1, 2, 5])
def test_a_swinging_load_does_not_make_it_swing(period: int) -> None:
    loads = [1.0 if second // period % 2 else 0.1 for second in range(100)]
    levels = run(Governor(0.5, None), loads)
    settled = levels[2 * period :]
    assert max(settled) - min(settled) <= ALL / 16


def test_measurements_closer_than_the_window_are_waited_for() -> None:
    governor = Governor(0.5, None)
    governor.update(10.0, 0.0, 0)
    assert governor.update(10.5, 5.0, 0) == 0
    assert governor.update(11.0, 5.0, 0) > 0


def test_a_worker_that_ended_takes_its_time_with_it() -> None:
    governor = Governor(0.5, None)
    governor.update(10.0, 100.0, 0)
    assert governor.update(11.0, 30.0, 0) == 0
    assert governor.update(12.0, 31.0, 0) > 0


def with_memory(limit: int, sizes: Iterable[int], governor: Governor | None = None) -> list[int]:
    governor = governor or Governor(None, limit)
    return [governor.update(float(second), 0.0, size) for second, size in enumerate(sizes)]


def test_memory_that_grows_beyond_the_limit_halves_what_is_kept() -> None:
    governor = Governor(None, 200 * MB)
    levels = with_memory(200 * MB, [100 * MB, 210 * MB, 220 * MB, 220 * MB, 195 * MB, 195 * MB], governor)
    assert levels == [0, 128, 192, 208, 208, 208]
    assert governor.describe() == "81 % of connections are left out to stay within 200 MB of memory (now 195 MB)"


def test_memory_that_grows_near_the_limit_is_a_reason_and_memory_that_stays_is_none() -> None:
    sizes = [100 * MB, 185 * MB, 185 * MB, 186 * MB, 186 * MB]
    assert with_memory(200 * MB, sizes) == [0, 64, 64, 112, 112]


@pytest.mark.parametrize("left", [140, 175])
def test_connections_come_back_with_memory_even_if_not_all_is_given_back(left: int) -> None:
    levels = with_memory(200 * MB, [100 * MB, 300 * MB, 190 * MB, *[left * MB] * 60])
    assert levels[1] == 128
    assert levels[-1] == 0


def test_room_must_be_there_in_both() -> None:
    governor = Governor(0.5, 200 * MB)
    governor.update(0.0, 0.0, 250 * MB)
    for second, size in enumerate([300, *[185] * 60], 1):
        governor.update(float(second), 0.01 * second, size * MB)
    assert governor.level == 128  # memory is near its limit, although CPU is not


IDS: dict[str, Callable[[int], int]] = {
    "in a row": lambda number: number,
    "pid and descriptor": lambda number: (1000 + number // 50) << 32 | 3 + number % 50,
    "addresses": lambda number: 0xFFFF_8880_0000_0000 + number * 0x940,
    "high bits": lambda number: number << 50,
}


@pytest.mark.parametrize("make", IDS.values(), ids=IDS.keys())
@pytest.mark.parametrize("level", [1, 64, 128, 250])
def test_the_share_left_out_is_the_level(make: Callable[[int], int], level: int) -> None:
    count = 10_000
    left_out = sum(shed(make(number), level) for number in range(count))
    expected = count * level / ALL
    assert left_out == pytest.approx(expected, abs=5 * (expected * (1 - level / ALL)) ** 0.5 + 1)


def test_a_connection_left_out_stays_so_at_higher_levels() -> None:
    for number in range(500):
        fates = [shed(number, level) for level in range(ALL + 1)]
        assert fates == sorted(fates)
        assert (fates[0], fates[ALL]) == (False, True)


def test_connections_are_left_out_before_the_buffer_overflows_and_come_back_slowly() -> None:
    governor, now, levels = Governor(None, None), 100.0, []
    for _ in range(100):  # ten rounds a second, each as full as what is looked at makes it
        now += 0.1
        filled = 1.5 * (ALL - governor.level) / ALL
        levels.append(governor.update(now, 0.0, 0, filled))
    assert levels[0] == ALL // 2
    assert max(levels[:5]) == levels[4]
    assert 1.5 * (ALL - levels[4]) / ALL < 0.6
    assert governor.describe().endswith("% of connections are left out because more comes than can be read")
    for _ in range(1000):
        now += 0.1
        levels.append(governor.update(now, 0.0, 0, 0.01))
    assert levels[-1] == 0


def test_a_buffer_that_fills_is_answered_once_for_each_look() -> None:
    governor = Governor(None, None)
    assert [governor.update(100.0 + n * 0.01, 0.0, 0, 0.9) for n in range(5)] == [ALL // 2] * 5
