"""The progress line: on a terminal only, and gone afterwards."""

import io

import pytest

from pxcap.bpf.capture import State
from pxcap.cli.progress import live_line, progress_line
from pxcap.core.replay import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    with progress_line() as show:
        assert show is None
    assert pipe.getvalue() == ""


def test_bytes_packets_and_records_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with progress_line() as show:
        assert show is not None
        show(Progress(500, None, 5, 3))
        show(Progress(1_000_000, 2_000_000, 12_345, 678))
    text = terminal.getvalue()
    assert "1.0/2.0 MB" in text
    assert "12,345 packets  678 records" in text
    assert text.endswith(("\x1b[2K", "\x1b[?25h\r\x1b[1A\x1b[2K"))


def test_a_capture_says_nothing_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    with live_line() as show:
        assert show is None
    assert pipe.getvalue() == ""


def test_a_capture_shows_events_records_and_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with live_line() as show:
        assert show is not None
        show(State(61.0, 12_345, 678, 64))
    text = terminal.getvalue()
    assert "12,345 events  678 records  64 of 256 connections left out" in text
