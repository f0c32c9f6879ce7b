import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)  # how long an example takes says nothing there
settings.load_profile("shared machine")

COMPLETE = [Path(__file__).with_name(name) for name in ("bpf", "cli", "live")]
SHARING = [Path(__file__).with_name(name) for name in ("bench", "store", "docs", "scripts")]
SHARING.append(Path(__file__).parent / "core" / "workers")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the *.expect.jsonl files anew from what the fixtures give now; then review the diff",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share the kernel, its interfaces and two processors with all others may be tried again; `R` shows it."""
    for item in items:
        if any(folder in item.path.parents for folder in (*COMPLETE, *SHARING)):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must be there (`.ci/run` says so by PXCAP_NEED_ALL), a test that is skipped has failed."""
    report = yield
    if report.skipped and os.environ.get("PXCAP_NEED_ALL") and any(folder in item.path.parents for folder in COMPLETE):
        report.outcome = "failed"
    return report
