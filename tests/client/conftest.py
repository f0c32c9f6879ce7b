"""A store to ask, with the traffic of the command line's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.traffic import write_trace

import pxcap.client
from pxcap.cli.main import main


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("client")
    trace, store = write_trace(folder / "trace.pcap"), folder / "client.db"
    assert main(["replay", str(trace), "--store", f"sqlite:///{store}", "-o", "json"]) == 0
    return store


@pytest.fixture
def shop(file: Path) -> Iterator[pxcap.client.Client]:
    with pxcap.client.open(file) as opened:
        yield opened
