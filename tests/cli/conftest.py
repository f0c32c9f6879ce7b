"""Commands run in this process: starting one costs more than most of them do."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.cli.traffic import write_trace

from pxcap.cli.main import main


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Outcome]


@pytest.fixture
def pxcap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PXCAP_STORE", raising=False)
    monkeypatch.delenv("PXCAP_DEBUG", raising=False)

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        status = main(arguments)
        out, err = capsys.readouterr()
        return Outcome(status, out, err)

    return run


@pytest.fixture(scope="session")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The capture of `tests.cli.traffic`."""
    return write_trace(tmp_path_factory.mktemp("traffic") / "trace.pcap")


@pytest.fixture(scope="session")
def stored(trace: Path) -> str:
    """A store with that capture replayed into it; for reading only."""
    url = f"sqlite:///{trace.with_name('stored.db')}"
    assert main(["replay", str(trace), "--store", url, "-o", "json"]) == 0
    return url
