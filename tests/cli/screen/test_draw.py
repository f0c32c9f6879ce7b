"""The screen's lines."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pxcap.cli.screen.draw import draw
from pxcap.cli.screen.view import Page, View, page_of
from pxcap.scripts.run import Shown
from pxcap.scripts.types import INT64, TIME, Field
from pxcap.scripts.vis import Widget

BODY = '{"id":7,"name":"tea\x1b[2J"}'
ROWS = [(f"/products/{at}", 1_000_000 * at, BODY, "x" * 300) for at in range(40)]
PAGE = Page("calls", ("path", "latency", "body", "long"), ROWS, {"latency": "ns"})


def view_of(*keys: str, pages: tuple[Page, ...] = (PAGE,)) -> View:
    view = View("px/x")
    view.update(pages)
    for key in keys:
        view.press(key)
    return view


def lines(view: View, width: int = 70, height: int = 12) -> list[str]:
    made = draw(view, width, height)
    assert len(made) == height
    assert all(cell_len(line.plain) <= width for line in made)
    assert not any("\x1b" in line.plain for line in made)
    return [line.plain.rstrip() for line in made]


def test_a_table_with_heading_and_keys() -> None:
    shown = lines(view_of())
    assert shown[0] == "px/x  40 rows"
    assert shown[1].split() == ["path", "latency", "body", "long"]
    assert shown[2].split()[:2] == ["/products/0", "0"]
    assert shown[-1].startswith("q quit")


def test_the_selected_row_is_on_the_screen_and_marked() -> None:
    view = view_of("end")
    marked = [line.plain for line in draw(view, 70, 12) if line.style == "reverse"]
    assert len(marked) == 1
    assert marked[0].startswith("/products/39")
    assert view.page_size == 9


def test_sorting_filter_and_other_outputs_are_told() -> None:
    assert "latency ▲" in lines(view_of("s", "s"))[1]
    assert "latency ▼" in lines(view_of("s", "s", "r"))[1]
    assert lines(view_of("/", "3"))[-1] == "/3▏"
    filtered = lines(view_of("/", "3", "9", "enter"))
    assert (filtered[0], filtered[-1].startswith("only '39' (esc: all)")) == ("px/x  1 of 40 rows", True)
    assert lines(view_of(pages=(PAGE, Page("other", ("n",), []))))[1].split() == ["calls", "other"]


def test_a_record_is_shown_whole() -> None:
    shown = lines(view_of("down", "enter"), 70, 16)
    assert shown[1].split() == ["path", "/products/1"]
    assert shown[2].split() == ["latency", "1.0", "ms"]
    assert [line.strip() for line in shown[3:7]] == ["body     {", '"id": 7,', '"name": "tea\\u001b[2J"', "}"]
    assert "".join(line[9:] for line in shown[7:13]) == "x" * 300
    scrolled = lines(view_of("enter", "down", "down"), 70, 8)
    assert scrolled[1].startswith("body")
    assert lines(view_of("enter", "end"), 70, 8)[6].endswith("x")


def test_before_anything_is_there() -> None:
    assert lines(view_of(pages=()))[1] == "reading…"
    assert lines(view_of(pages=(Page("none", ("a",), []),)))[0] == "px/x  0 rows"


def test_charts_stand_above_the_table() -> None:
    table = pa.table({"time_": [10**9 * at for at in range(5)], "n": [1, 2, 3, 4, 5]})
    chart = Widget("Calls by time", "out", "TimeseriesChart", {"timeseries": [{"value": "n"}]})
    shown = Shown("out", (Field("time_", TIME), Field("n", INT64)), table, (chart,))
    seen = lines(view_of(pages=(page_of(shown),)), 70, 24)
    assert seen[1] == "Calls by time"
    assert seen.index("                  time_  n") > 5
    assert any(line.endswith("00:00:04.000  5") for line in seen)
    assert any(line.split() == ["time_", "n"] for line in lines(view_of(pages=(page_of(shown),)), 70, 8))


@given(
    st.integers(1, 200), st.integers(1, 60), st.lists(st.sampled_from(["enter", "/", "漢", "down", "tab"]), max_size=5)
)
def test_any_size_of_screen_will_do(width: int, height: int, keys: list[str]) -> None:
    wide = Page("漢字" * 20, ("名前", "b"), [("漢字" * 50, "é" * 40)])
    lines(view_of(*keys, pages=(PAGE, wide)), width, height)
