"""The page of functions."""

from pathlib import Path

from pxcap.cli.functions import page
from pxcap.scripts.functions import aggregates, functions

PAGE = Path(__file__).parents[2] / "docs/functions.md"


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text() == page(), "python -m pxcap.cli.functions > docs/functions.md"


def test_every_function_is_on_it() -> None:
    shown = page()
    for name in (*functions(), *aggregates()):
        assert name.startswith("_") or f"`px.{name}" in shown
