"""Every capture under fixtures/ gives the records that stand beside it, and comes out of its script byte for byte."""

import runpy
import shutil
from pathlib import Path

import pytest

from pxcap.core.registry import Registry, load_registry
from pxcap.core.testing import golden

FIXTURES = Path(__file__).parent.parent / "fixtures"
CAPTURES = golden.captures(FIXTURES)
SHARED = "*_messages.py"  # what scripts of one protocol share
SCRIPTS = sorted(set(FIXTURES.glob("*/*.py")) - set(FIXTURES.glob(f"*/{SHARED}")))


def name_of(path: Path) -> str:
    return str(path.relative_to(FIXTURES))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


@pytest.mark.parametrize("capture", CAPTURES, ids=name_of)
def test_fixture(capture: Path, registry: Registry, pytestconfig: pytest.Config) -> None:
    expect = golden.expectation_path(capture)
    found = golden.expectation(capture, registry)
    if pytestconfig.getoption("--update-golden"):
        expect.write_text(found, encoding="utf-8")
    if not expect.exists():
        pytest.fail(f"{name_of(expect)} is missing: run `pytest tests/test_fixtures.py --update-golden`, review it")
    assert found.splitlines() == expect.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_script_writes_its_capture(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script `case.py` run from anywhere writes `case.pcap` beside itself, the same on every machine."""
    capture = script.with_suffix(".pcap")
    assert capture.exists(), f"{name_of(script)} has no {capture.name}: run it"
    copy = tmp_path / script.name
    shutil.copy(script, copy)
    monkeypatch.syspath_prepend(script.parent)  # where a script finds what it shares, as when it is run by hand
    runpy.run_path(str(copy), run_name="__main__")
    assert (tmp_path / capture.name).read_bytes() == capture.read_bytes()


def test_there_are_fixtures_and_no_orphans() -> None:
    assert CAPTURES
    orphans = set(FIXTURES.rglob("*.expect.jsonl")) - {golden.expectation_path(capture) for capture in CAPTURES}
    assert not orphans, f"no capture for {sorted(map(name_of, orphans))}"
