import sys

import pytest
from bench.measure import Usage, interleaved, run


def test_a_command_is_measured_whole() -> None:
    usage = run([sys.executable, "-c", "data = b'x' * 60_000_000; sum(range(1_000_000))"])
    assert usage.cpu > 0
    assert usage.wall > 0
    assert usage.peak > 60_000_000


def test_what_its_children_took_is_told_apart() -> None:
    busy = "sum(range(10_000_000))"
    child = run([sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{busy}'])"])
    assert child.cpu / 2 < child.children <= child.cpu + 0.01  # they are counted in steps of a hundredth
    alone = run([sys.executable, "-c", busy])
    assert alone.children == 0 < alone.cpu


def test_the_memory_of_whoever_starts_it_does_not_count() -> None:
    held = bytearray(100_000_000)
    assert run([sys.executable, "-S", "-c", ""]).peak < len(held)


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="exit status 3: the reason"):
        run([sys.executable, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"])


def test_rounds_take_turns_and_the_median_counts() -> None:
    order: list[str] = []

    def once(name: str, costs: list[float]) -> Usage:
        order.append(name)
        return Usage(costs.pop(), len(costs))

    left, right = [1.0, 9.0, 2.0], [5.0, 5.0, 5.0]
    found = interleaved({"a": lambda: once("a", left), "b": lambda: once("b", right)}, 3)
    assert order == ["a", "b"] * 3
    assert found == {"a": Usage(2.0, 2), "b": Usage(5.0, 2)}
