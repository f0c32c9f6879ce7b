import os

import pytest

from pxcap.cli.quantities import LEAST_MEMORY, cores, duration, size
from pxcap.core.errors import UsageError

DURATIONS = {"30s": 30, "5m": 300, "1.5h": 5400, "1h30m": 5400, "250ms": 0.25, "2d": 172_800, "1m0s": 60}
SIZES = {
    "200MB": 200_000_000,
    "200mb": 200_000_000,
    "256MiB": 256 << 20,
    "1.5 GiB": 3 << 29,
    "1GB": 10**9,
    "67108864B": 64 << 20,
}
CORES = {"0.5": 0.5, "50%": 0.5, "1": 1, "7 %": 0.07, "100%": 1}


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_durations(text: str, seconds: float) -> None:
    assert duration(text, "--duration") == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "number"), SIZES.items())
def test_sizes(text: str, number: int) -> None:
    assert size(text, "--memory-limit") == number


@pytest.mark.parametrize(("text", "number"), CORES.items())
def test_cores(text: str, number: float) -> None:
    assert cores(text, "--cpu-limit") == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 minutes", "1h 30m", "1.s", "1..5s", "5y", "inf", "٣s", "m5"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--duration .*: expected a duration$") as caught:
        duration(text, "--duration")
    assert caught.value.hint == "such as 30s, 5m or 1h30m"


@pytest.mark.parametrize("text", ["0s", "0h0m"])
def test_no_time_at_all(text: str) -> None:
    with pytest.raises(UsageError, match=f"^--duration {text}: expected more than nothing$"):
        duration(text, "--duration")


@pytest.mark.parametrize("text", ["", "200000000", "MB", "-1GB", "1TB", "50%", "1e9B", "nan"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--memory-limit .*: expected a size$") as caught:
        size(text, "--memory-limit")
    assert caught.value.hint == "such as 200MB or 1GiB"


@pytest.mark.parametrize(("least", "text"), [(LEAST_MEMORY, "20MB"), (LEAST_MEMORY, "63.9MB"), (1_000_000, "999KB")])
def test_a_size_too_small(least: int, text: str) -> None:
    with pytest.raises(UsageError, match=f"^--memory-limit {text}: expected {least // 1_000_000}MB at least$"):
        size(text, "--memory-limit", least)
    assert size(f"{least}B", "--memory-limit", least) == least


@pytest.mark.parametrize("text", ["", "half", "-1", "50 percent", "1,5", "inf"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--cpu-limit .*: expected a number of cores$") as caught:
        cores(text, "--cpu-limit")
    assert caught.value.hint == "such as 0.5 or 50%, both half of one core"


@pytest.mark.parametrize("text", ["0", "0.5%", str((os.cpu_count() or 1) + 1)])
def test_a_share_that_cannot_be(text: str) -> None:
    with pytest.raises(UsageError, match=f"^--cpu-limit {text}: expected between 0.01 and {os.cpu_count()}, the cores"):
        cores(text, "--cpu-limit")
