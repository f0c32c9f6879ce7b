"""Rows, Arrow, DataFrames and how they look."""

import importlib.util
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from pxcap.client.output import FRAMES, Output, Result
from pxcap.core.errors import UsageError
from pxcap.scripts.types import STRING, TIME, Data, Field, Semantic, Type

SECOND = 10**9
SCHEMA = (
    Field("time_", TIME),
    Field("latency", Type(Data.INT64, Semantic.DURATION_NS)),
    Field("class", STRING),
    Field("req_path", Type(Data.STRING, Semantic.NONE)),
)
TABLE = pa.table(
    {
        "time_": [1_700_000_000 * SECOND + at for at in range(30)],
        "latency": [1_800_000, None, *range(28)],
        "class": ["<b>", *["x" * 300] * 29],
        "req_path": [f"/{at}" for at in range(30)],
    }
)
CALLS = Output("calls", SCHEMA, TABLE)


def test_rows_are_named_tuples_of_plain_values() -> None:
    assert (CALLS[0].time_, CALLS[0].latency, CALLS[0].req_path) == (1_700_000_000 * SECOND, 1_800_000, "/0")
    assert CALLS[0]._fields == ("time_", "latency", "_2", "req_path")  # class is a word of Python's
    assert CALLS[1].latency is None
    assert (len(CALLS), len(list(CALLS)), CALLS.columns[2]) == (30, 30, "class")
    assert list(Output("none", SCHEMA, TABLE.slice(0, 0))) == []


def test_arrow_has_timestamps_and_says_what_columns_mean() -> None:
    table = CALLS.arrow()
    assert table.schema.field("time_").type == pa.timestamp("ns", "UTC")
    assert table.schema.field("latency").metadata == {b"semantic": b"DurationNanos"}
    assert table.schema.field("req_path").metadata is None
    assert table.column("latency").to_pylist()[:2] == [1_800_000, None]


@pytest.mark.parametrize("library", FRAMES)
def test_dataframes(library: str) -> None:
    pytest.importorskip(library)
    frame = CALLS.df(library)
    assert list(frame.columns) == ["time_", "latency", "class", "req_path"]
    assert len(frame) == 30
    assert frame["time_"][0].replace(microsecond=0) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr("pxcap.client.output.find_spec", lambda name: None if name in FRAMES else find(name))
    with pytest.raises(UsageError, match="pandas or polars is needed") as caught:
        CALLS.df()
    assert caught.value.hint == "pip install pandas"
    with pytest.raises(UsageError, match="polars is needed"):
        CALLS.df("polars")
    with pytest.raises(UsageError, match="expected pandas or polars"):
        CALLS.df("spark")


def test_one_output_stands_for_the_result() -> None:
    result = Result({"calls": CALLS}, {}, {})
    assert (len(list(result)), result.only, result["calls"]) == (30, CALLS, CALLS)
    assert result.arrow().num_rows == 30
    assert repr(result) == repr(CALLS)
    assert result._repr_html_() == CALLS._repr_html_()


def test_several_outputs_are_taken_by_name() -> None:
    result = Result({"calls": CALLS, "<more>": CALLS}, {"cpu": "not & filled"}, {})
    with pytest.raises(UsageError, match="several outputs: 'calls', '<more>'"):
        iter(result)
    with pytest.raises(KeyError, match="no output 'x'; there are: calls, <more>"):
        result["x"]
    assert repr(result).startswith("calls\n")
    assert repr(result).endswith("\n\nnot shown: cpu: not & filled")
    assert "<h4>&lt;more&gt;</h4>" in result._repr_html_()
    assert "<p>not shown: cpu: not &amp; filled</p>" in result._repr_html_()


@pytest.mark.parametrize(("refused", "message"), [({}, "nothing$"), ({"cpu": "not filled"}, "nothing: not filled")])
def test_nothing(refused: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        list(Result({}, refused, {}))
