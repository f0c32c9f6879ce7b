"""A folder as a reader of the documents might have it."""

import gzip
from pathlib import Path

import pytest
from tests.cli.traffic import write_trace
from tests.docs.blocks import ROOT

from pxcap.cli.main import main

WIDTH = "110"  # of the terminal the documents show


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader of the documents might be: beside the repository's files and a capture."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PXCAP_STORE", raising=False)
    monkeypatch.setenv("COLUMNS", WIDTH)
    monkeypatch.setenv("TERM", "xterm")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    write_trace(tmp_path / "trace.pcap")
    (tmp_path / "trace.pcap.gz").write_bytes(gzip.compress((tmp_path / "trace.pcap").read_bytes()))
    return tmp_path


@pytest.fixture
def stored(folder: Path) -> Path:
    """The folder with that capture replayed."""
    assert main(["replay", "trace.pcap", "-o", "json"]) == 0
    return folder
