"""`pxcap verify`: with tshark, over a small trace and over every fixture of the tree."""

import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from pxcap.cli.explained import stale
from pxcap.cli.second import Verifier
from pxcap.core.testing.golden import captures

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDERS = sorted({path.parent.name for path in captures(FIXTURES)})
needed = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@needed
def test_all_the_same(pxcap: Command, trace: Path) -> None:
    done = pxcap("verify", str(trace), "--against", "tshark", "-o", "json")
    assert (done.status, done.out) == (0, "")
    assert "http: pxcap 4, tshark 4: 4 same, 0 differ, 0 only pxcap, 0 only tshark" in done.err.splitlines()


@needed
def test_a_difference_fails_until_it_is_explained(pxcap: Command, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "http" / "midstream.pcap", tmp_path / "late.pcap")
    done = pxcap("verify", "late.pcap", "--against", "tshark", "-o", "json")
    assert done.status == 1
    assert [(row["kind"], row["protocol"], row["explained"]) for row in done.rows] == [("only-pxcap", "http", "")]
    (tmp_path / "known").write_text("late.pcap only-pxcap - it joins late\nlate.pcap differ rows it counts from one\n")
    done = pxcap("verify", "late.pcap", "--against", "tshark", "--explained", "known", "-o", "json")
    assert (done.status, done.rows[0]["explained"]) == (0, "it joins late")
    assert "pxcap: warning: known:2: late.pcap differ rows explains nothing any more" in done.err.splitlines()
    assert "1 explained" in done.err


def test_misuse_is_one_line(pxcap: Command, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = pxcap("verify", str(trace), "--against", "tshark")
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines() == ["pxcap: error: tshark is not installed", "  hint: sudo apt-get install tshark"]
    assert pxcap("verify", str(trace), "--against", "nobody").status == 2
    assert pxcap("verify", str(trace)).status == 2


@needed
def test_standard_input_and_missing_files(pxcap: Command) -> None:
    assert pxcap("verify", "-", "--against", "tshark").status == 2
    done = pxcap("verify", "none.pcap", "--against", "tshark")
    assert (done.status, len(done.err.splitlines()) <= 2) == (1, True)


@needed
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_difference_over_the_fixtures_is_explained(folder: str) -> None:
    files = [str(path) for path in captures(FIXTURES / folder)]
    result = Verifier().verify(files)
    assert [finding for finding in result.findings if not finding.explained] == []
    assert stale(result.explanations, result.used, files) == []
