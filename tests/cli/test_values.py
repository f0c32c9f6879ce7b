"""Values as people read them."""

import pytest

from pxcap.cli.values import cell, duration_text, one_line, size_text, time_text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1000, "1.0 µs"),
        (999_949, "999.9 µs"),
        (999_950, "1.0 ms"),
        (1_800_000, "1.8 ms"),
        (12_400_000_000, "12.4 s"),
        (7_200_000_000_000, "7200.0 s"),
        (-1_500_000, "-1.5 ms"),
    ],
)
def test_duration(ns: int, text: str) -> None:
    assert duration_text(ns) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (12_400, "12.4 kB"),
        (999_950, "1.0 MB"),
        (5 * 10**9, "5.0 GB"),
        (10**18, "1000000.0 TB"),
    ],
)
def test_size(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (1_795_429_875_241_999_999, "2026-11-23 10:31:15.241"),
        (0, "1970-01-01 00:00:00.000"),
        (-1, "1969-12-31 23:59:59.999"),
        (2**63 - 1, "2262-04-11 23:47:16.854"),
        (10**21, str(10**21)),
    ],
)
def test_time_is_utc_and_never_fails(ns: int, text: str) -> None:
    assert time_text(ns) == text


def test_control_characters_of_the_wire_never_reach_the_terminal() -> None:
    assert one_line("a\x1b]0;owned\x07\r\nb\x9b2J\u202e") == "a\\x1b]0;owned\\x07\\r\\nb\\x9b2J\\u202e"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "ns", ""),
        (True, "", "yes"),
        (False, "", "no"),
        (5, "", "5"),
        (1500, "ns", "1.5 µs"),
        (1500, "bytes", "1.5 kB"),
        (1500.5, "ns", "1.5 µs"),
        (float("inf"), "ns", "inf"),
        (1.5, "", "1.5"),
        ("1500", "bytes", "1500"),
        (b"\xff\n", "", "\\xff\\n"),
    ],
)
def test_cell(value: object, unit: str, text: str) -> None:
    assert cell(value, unit) == text
