from dataclasses import replace
from pathlib import Path

import pytest
from bench.measure import Usage
from bench.record import Capture
from bench.workers import cells, main, once, possible
from bench.workloads import discover

ONE, TWO = Usage(8.0, 0, 9.0), Usage(9.0, 0, 6.0, 6.0)


def test_it_is_as_fast_as_the_busiest_of_its_processes() -> None:
    assert possible(TWO, 2, 8) == 3.0
    assert possible(TWO, 2, 2) == 4.5
    assert possible(Usage(9.0, 0, 6.0, 8.0), 2, 8) == 4.0


def test_one_is_what_others_are_compared_with() -> None:
    assert cells({1: ONE, 2: TWO}, 1, 2) == ["1", "9.00", "8.00", "8.00", "0.00", "", "", ""]
    assert cells({1: ONE, 2: TWO}, 2, 2) == ["2", "6.00", "9.00", "3.00", "6.00", "1.50", "1.78", "1.6"]
    assert cells({1: ONE, 4: TWO}, 4, 8)[-1] == "-"


def test_a_figure_counts_when_everything_is_there(tmp_path: Path) -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "http" / "keep-alive.pcap"
    capture = Capture(str(fixture), 80, sent=3, counted_by="it", rows=0, packets=0, dropped=0, origin="it")
    load = discover()["http"]
    usage = once(load, capture, 2, tmp_path / "x.db")
    assert 0 < usage.children < usage.cpu
    with pytest.raises(RuntimeError, match=r"1 workers: \+1 records"):
        once(load, replace(capture, sent=2), 1, tmp_path / "x.db")


def test_what_cannot_be_measured_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(*_: object) -> Capture:
        raise RuntimeError("there is no such capture")

    monkeypatch.setattr("bench.workers.load_or_record", none)
    assert main(["--only", "http", "--folder", str(tmp_path)]) == 0
    assert "http: not measured: there is no such capture" in capsys.readouterr().out
