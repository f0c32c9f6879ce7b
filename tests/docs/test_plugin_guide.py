"""The plugin guide tells the truth: its code runs, and it lists every hook as it is."""

import inspect
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from tests.docs.blocks import ROOT, Block, blocks

from pxcap.core.protocol import ProtocolSpec
from pxcap.core.registry import Registry

GUIDE = ROOT / "docs/plugin-guide.md"


def python_pages() -> list[tuple[str, list[Block]]]:
    return [(page, list(group)) for page, group in groupby(blocks("python"), key=lambda block: block.page)]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(("page", "parts"), python_pages(), ids=[page for page, _ in python_pages()])
def test_python_of_a_page_runs_from_top_to_bottom(page: str, parts: list[Block]) -> None:
    space: dict[str, Any] = {"__name__": "page"}
    for part in parts:
        exec(compile("\n" * part.line + part.text, str(ROOT / page), "exec"), space)  # noqa: S102 - our own pages


def hooks() -> dict[str, str]:
    """Every hook of the plugin manager with its signature as it is written."""
    manager = Registry().manager
    names = [name for name in vars(manager.hook) if not name.startswith("_")]
    return {name: _signature(getattr(manager.hook, name)) for name in names}


def _signature(caller: Any) -> str:
    function = caller.spec.function
    text = str(inspect.signature(function))
    return function.__name__ + re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text)


def test_every_hook_has_a_heading_with_its_signature() -> None:
    guide = GUIDE.read_text()
    assert hooks()
    for signature in hooks().values():
        assert f"\n### `{signature}`\n" in guide


def test_every_hook_has_a_test() -> None:
    tests = "\n".join(path.read_text() for path in Path(ROOT, "tests").rglob("test_*.py"))
    for name in hooks():
        assert re.search(rf"^def test_hook_{name}\(", tests, re.MULTILINE), name


def test_hook_register_protocols() -> None:
    """The guide's plugin enters as any other, and a second of its name is kept out with the reason."""
    space: dict[str, Any] = {"__name__": "pebble"}
    for block in [block for block in blocks("python") if block.page == "docs/plugin-guide.md"][:2]:
        exec(block.text, space)  # noqa: S102 - our own pages

    class Plugin:
        register_protocols = staticmethod(space["register_protocols"])

    registry = Registry()
    registry.register(Plugin(), "pebble", "pxcap-pebble", "0.1.0")
    registry.register(Plugin(), "copy", "pxcap-copy", "9")
    first, second = registry.plugins
    assert (first.protocols, first.error) == (("pebble",), "")
    assert second.protocols == ()
    assert "pxcap-pebble 0.1.0" in second.error
    assert all(isinstance(spec, ProtocolSpec) for spec in registry.protocols)
