"""Values as people read them."""

import pytest

from pxcap.scripts.types import FLOAT64, INT64, STRING, TIME, Data, Field, Semantic, Type
from pxcap.scripts.values import (
    cell,
    duration_text,
    one_line,
    size_text,
    time_text,
    unit_of,
    units_of_schema,
)


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


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (1_795_429_875_241_000_000, Type(Data.TIME64NS, Semantic.TIME_NS), "2026-11-23 10:31:15.241"),
        (1_800_000, Type(Data.INT64, Semantic.DURATION_NS), "1.8 ms"),
        (12_400, Type(Data.INT64, Semantic.BYTES), "12.4 kB"),
        (0.31818, Type(Data.FLOAT64, Semantic.PERCENT), "31.8 %"),
        (0.0, Type(Data.FLOAT64, Semantic.PERCENT), "0.0 %"),
        (0.00012345, Type(Data.FLOAT64, Semantic.PERCENT), "0.012 %"),
        (1.25e-8, Type(Data.FLOAT64, Semantic.THROUGHPUT_PER_NS), "12.5 /s"),
        (3e-10, Type(Data.FLOAT64, Semantic.THROUGHPUT_PER_NS), "0.3 /s"),
        (1.2e-6, Type(Data.FLOAT64, Semantic.THROUGHPUT_BYTES_PER_NS), "1.2 kB/s"),
        (2.5e-9, Type(Data.FLOAT64, Semantic.THROUGHPUT_BYTES_PER_NS), "2.5 B/s"),
        (1 / 3, FLOAT64, "0.33333"),
        (1234567.8, FLOAT64, "1234568"),
        (float("nan"), FLOAT64, "nan"),
        (7, INT64, "7"),
        (
            '{"p01":1,"p10":2,"p25":3,"p50":1200000,"p75":5,"p90":3400000.4,"p99":9e9}',
            Type(Data.STRING, Semantic.DURATION_QUANTILES),
            "p50 1.2 ms  p90 3.4 ms  p99 9.0 s",
        ),
        ('{"p50":null,"p90":2.5,"p99":3}', Type(Data.STRING, Semantic.QUANTILES), "p90 2.5  p99 3"),
        ("no\nquantiles", Type(Data.STRING, Semantic.QUANTILES), "no\\nquantiles"),
        ('{"label":"shop/cart","script":"px/service","args":{}}', Type(Data.STRING, Semantic.SCRIPT_REFERENCE), "shop/cart"),
        ("[]", Type(Data.STRING, Semantic.SCRIPT_REFERENCE), "[]"),
    ],
)  # fmt: skip
def test_a_type_says_how_its_values_are_shown(value: object, kind: Type, text: str) -> None:
    assert cell(value, unit_of(kind)) == text


def test_units_of_a_schema() -> None:
    schema = (Field("time_", TIME), Field("path", STRING), Field("mean", FLOAT64))
    assert units_of_schema(schema) == {"time_": "ns since epoch", "mean": "number"}
