"""Durations and times."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripts.functions.conftest import fold

from pxcap.scripts.functions.time import parse_duration, parse_time

MINUTE = 60 * 10**9


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("-5m", -5 * MINUTE),
        ("5m", 5 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1.5s", 1_500_000_000),
        (".5us", 500),
        ("2d", 48 * 60 * MINUTE),
        (" 10ms ", 10**7),
        ("1µs", 1000),
        ("5", None),
        ("m", None),
        ("", None),
        ("5 m", None),
        ("9" * 30 + "d", None),
        ("1" * 200 + "s", None),
    ],
)
def test_parse_duration(text: str, ns: int | None) -> None:
    assert parse_duration(text) == ns
    assert fold("parse_duration", text) == ns


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (-5 * MINUTE, "-5m"),
        (5 * MINUTE + 5, "5m"),
        (-5 * MINUTE - 5, "-5m"),
        (60 * MINUTE, "1h"),
        (49 * 60 * MINUTE, "2d"),
        (1_999_999_999, "1s"),
        (20_000_000, "20ms"),
        (999, "0ms"),
        (0, "0ms"),
    ],
)
def test_format_duration(ns: int, text: str) -> None:
    assert fold("format_duration", ns) == text


@given(st.text(max_size=30))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    assert isinstance(parse_duration(text), int | None)
    assert isinstance(parse_time(text), int | None)


@pytest.mark.parametrize(
    ("name", "values", "ns"),
    [
        ("parse_time", ("2020-03-12T19:39:59Z",), 1_584_041_999 * 10**9),
        ("parse_time", ("2020-03-12 19:39:59.000001",), 1_584_041_999 * 10**9 + 1000),
        ("parse_time", ("9999-01-01",), None),
        ("parse_time", ("yesterday",), None),
        ("strptime", ("2020-03-12 19:39:59 -0200", "%Y-%m-%d %H:%M:%S %z"), 1_584_049_199 * 10**9),
        ("strptime", ("2020", "%Q"), None),
    ],
)
def test_times(name: str, values: tuple[Any, ...], ns: int | None) -> None:
    assert fold(name, *values) == ns
