"""What keys do to the view."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcap.cli.screen import view as view_module
from pxcap.cli.screen.view import Page, View, page_of
from pxcap.scripts.run import Shown
from pxcap.scripts.types import INT64, TIME, Field
from pxcap.scripts.vis import Widget

ROWS = [("/a", 3, "x"), ("/b", None, "y"), ("/c", 1_800_000, "x")]
PAGE = Page("calls", ("path", "latency", "kind"), ROWS, {"latency": "ns"})
KEYS = [
    "up",
    "down",
    "j",
    "k",
    "pageup",
    "pagedown",
    "home",
    "end",
    "tab",
    "left",
    "s",
    "r",
    "/",
    "x",
    "enter",
    "escape",
]


def made(*keys: str, pages: tuple[Page, ...] = (PAGE,)) -> View:
    view = View("px/x")
    view.update(pages)
    for key in keys:
        assert view.press(key)
    return view


def paths(view: View) -> list[object]:
    return [row[0] for row in view.rows()]


def test_q_quits_but_not_while_reading_or_typing() -> None:
    assert made().press("q") is False
    assert made("enter", "q").opened is None
    assert made("/", "q").wanted == "q"


def test_rows_are_selected_and_never_beyond_the_ends() -> None:
    assert made("down").selected == 1
    assert made("j", "j", "j", "j").selected == 2
    assert made("end", "k").selected == 1
    assert made("end", "home").selected == 0
    assert made("pagedown").selected == 2
    assert made("up").selected == 0
    assert made("down", pages=(Page("none", ("a",), []),)).selected == 0


def test_s_sorts_by_the_next_column_and_r_turns_round() -> None:
    assert paths(made("s", "r")) == ["/c", "/b", "/a"]
    assert paths(made("s", "s")) == ["/a", "/c", "/b"]
    assert paths(made("s", "s", "r")) == ["/c", "/a", "/b"]
    assert paths(made("s", "s", "s", "s")) == ["/a", "/b", "/c"]
    assert paths(made("r")) == ["/c", "/b", "/a"]


def test_filter_is_about_what_is_shown() -> None:
    assert paths(made("/", *"1.8 MS", "enter")) == ["/c"]
    assert paths(made("/", "x")) == ["/a", "/c"]
    assert paths(made("/", "x", "y", "backspace", "enter")) == ["/a", "/c"]
    assert paths(made("/", "x", "escape")) == ["/a", "/b", "/c"]
    assert paths(made("/", "x", "enter", "escape")) == ["/a", "/b", "/c"]


def test_enter_opens_the_selected_row() -> None:
    view = made("down", "enter")
    assert view.opened == ROWS[1]
    view.press("down")
    assert (view.scroll, view.selected) == (1, 1)
    view.press("escape")
    assert view.opened is None
    assert made("enter", pages=(Page("none", ("a",), []),)).opened is None


def test_tab_goes_round_the_outputs() -> None:
    other = Page("other", ("n",), [(1,)])
    view = made("s", "tab", pages=(PAGE, other))
    assert (view.at, view.sorted_by) == (1, None)
    view.press("right")
    assert view.at == 0
    view.press("backtab")
    assert view.page is other


def test_the_selected_row_stays_selected_when_others_come() -> None:
    view = made("down")
    view.update([Page("calls", PAGE.columns, [("/new", 1, ""), *ROWS], PAGE.units)])
    assert view.rows()[view.selected] == ROWS[1]
    view.update([Page("calls", PAGE.columns, ROWS[:1], PAGE.units)])
    assert view.selected == 0
    view.update([])
    assert (view.page, view.rows(), view.selected) == (None, [], 0)


def test_at_the_end_what_is_new_is_followed() -> None:
    view = made("end")
    view.update([Page("calls", PAGE.columns, [*ROWS, ("/new", 1, "")], PAGE.units)])
    assert view.rows()[view.selected][0] == "/new"
    timed = Page("calls", ("time_",), [(1,), (2,)])
    assert made(pages=(timed,)).selected == 1


def test_fewer_columns_end_the_sorting() -> None:
    view = made("s", "s", "s")
    view.update([Page("calls", ("path",), [("/a",)])])
    assert view.sorted_by is None


@given(st.lists(st.sampled_from(KEYS), max_size=30))
def test_any_keys_leave_a_row_that_is_there(keys: list[str]) -> None:
    view = made(*keys, pages=(PAGE, Page("none", ("a",), [])))
    assert view.selected == 0 or view.selected < len(view.rows())


def test_a_page_has_the_newest_rows_of_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_module, "MOST_ROWS", 2)
    table = pa.table({"time_": [1, 2, 3], "n": [7, 8, 9]})
    shown = Shown("out", (Field("time_", TIME), Field("n", INT64)), table, (Widget("Calls", "out"),))
    page = page_of(shown)
    assert (page.name, page.rows, page.total) == ("Calls", [(2, 8), (3, 9)], 3)
    assert page.text(page.rows[0], 0) == "1970-01-01 00:00:00.000"
