"""Tables, JSON lines and CSV; pipes and terminals."""

import csv
import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.cli.options import Format
from pxcap.cli.output import GAP, choose_columns, emit, notice, share_width

COLUMNS = ("time_", "path", "size", "body")
ROWS = [(1_795_429_875_241_000_000, "/a", 12_400, "x" * 300), (1_795_429_876_000_000_000, "/é\n", None, "")]
UNITS = {"time_": "ns since epoch", "size": "bytes"}


def test_json_is_one_object_a_line_and_keeps_integers(capsys: pytest.CaptureFixture[str]) -> None:
    emit(COLUMNS, ROWS, Format.JSON, UNITS)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    assert '"time_": 1795429875241000000' in lines[0]
    assert "é" in lines[1]


def test_json_has_no_word_for_infinity(capsys: pytest.CaptureFixture[str]) -> None:
    emit(("a", "b", "c", "d"), [(float("inf"), float("-inf"), float("nan"), 1.5)], Format.JSON)
    assert capsys.readouterr().out == '{"a": null, "b": null, "c": null, "d": 1.5}\n'


def test_json_keeps_columns_of_one_name_apart(capsys: pytest.CaptureFixture[str]) -> None:
    emit(("time_", "a", "time_", "time_"), [(1, 2, 3, 4)], Format.JSON)
    assert capsys.readouterr().out == '{"time_": 1, "a": 2, "time__2": 3, "time__3": 4}\n'


def test_json_can_be_read_whatever_the_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    latin = io.TextIOWrapper(written, "latin-1", errors="backslashreplace", write_through=True)
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", latin)
        emit(("a",), [("\U0001f600",)], Format.JSON)
    assert json.loads(written.getvalue()) == {"a": "\U0001f600"}


def test_csv_has_a_header_and_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    emit((*COLUMNS, "ok"), [(*row, True) for row in ROWS], Format.CSV, UNITS)
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert rows[0] == [*COLUMNS, "ok"]
    assert rows[1] == ["1795429875241000000", "/a", "12400", "x" * 300, "true"]
    assert rows[2] == ["1795429876000000000", "/é\n", "", "", "true"]


def test_table_in_a_pipe_is_aligned_plain_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    emit(COLUMNS, ROWS, Format.TABLE, UNITS)
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "                  time_  path     size  body",
        "2026-11-23 10:31:15.241  /a    12.4 kB  " + "x" * 300,
        "2026-11-23 10:31:16.000  /é\\n",
    ]
    assert "\x1b" not in out


def test_long_cells_do_not_pad_the_other_rows(capsys: pytest.CaptureFixture[str]) -> None:
    emit(("body", "n"), [("x" * 10_000, 1), ("y", 2)], Format.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "x" * 10_000 + "  1"
    assert len(lines[2]) < 100


def test_no_rows_is_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    emit(("a", "b"), [], Format.TABLE)
    assert capsys.readouterr().out == "a  b\n"


class Terminal(io.StringIO):
    """A screen of 60 columns; to be put in place inside the test, as pytest changes standard output before it."""

    @classmethod
    def attach(cls, monkeypatch: pytest.MonkeyPatch) -> "Terminal":
        screen = cls()
        monkeypatch.setattr("sys.stdout", screen)
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setenv("TERM", "xterm")
        return screen

    def lines(self) -> list[str]:
        """What a person would see, without colour."""
        return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in self.getvalue().splitlines()]

    def isatty(self) -> bool:
        return True


def test_terminal_cuts_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal.attach(monkeypatch)
    emit(COLUMNS, ROWS, Format.TABLE, UNITS)
    lines = terminal.lines()
    assert max(map(len, lines)) <= 60
    assert lines[1].endswith("xx…")
    assert "2026-11-23 10:31:15.241" in lines[1]


def test_links_are_read_before_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal.attach(monkeypatch)
    link = json.dumps({"label": "all of them", "args": {"query": "x" * 600}})
    emit(("link",), [(link,)], Format.TABLE, {"link": "label"})
    assert terminal.lines()[1].strip() == "all of them"


def test_terminal_leaves_out_what_matters_least_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal.attach(monkeypatch)
    row = tuple(name * 10 for name in "abcdef")
    emit(tuple("abcdef"), [row], Format.TABLE, first=("f", "a"))
    shown = terminal.lines()[0].split()
    assert shown == ["a", "b", "c", "d", "f"]
    assert capsys.readouterr().err == "not shown, too wide for this terminal: e (-o json has everything)\n"


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 40)), min_size=1, max_size=20),
    st.integers(20, 300),
)
def test_columns_always_fit_or_one_is_left(sizes: list[tuple[int, int]], width: int) -> None:
    natural = [max(pair) for pair in sizes]
    least = [min(pair) for pair in sizes]
    names = [f"c{at}" for at in range(len(sizes))]
    shown = choose_columns(names, natural, least, width, ("c0",))
    widths = share_width([natural[at] for at in shown], [least[at] for at in shown], width)
    assert shown == sorted(shown)
    assert all(least[at] <= size <= natural[at] for at, size in zip(shown, widths, strict=True))
    assert len(shown) == 1 or sum(widths) + GAP * (len(widths) - 1) <= width


def test_notice_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    notice("two\nlines")
    assert capsys.readouterr() == ("", "two\\nlines\n")
