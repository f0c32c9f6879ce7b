"""pxcap script list and show."""

from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.cli.traffic import HTTP_RECORDS

from pxcap.core import registry
from pxcap.core.markers import hookimpl
from pxcap.core.registry import load_registry
from pxcap.scripts.language import signature_of
from pxcap.scripts.shelf import listed


def test_script_list_names_every_script_by_groups(pxcap: Command) -> None:
    rows = pxcap("script", "list", "-o", "json").rows
    assert sorted(row["script"] for row in rows) == list(listed(load_registry().protocols))
    groups = [row["group"] for row in rows]
    assert groups == sorted(groups, key=["px", "pxbeta", "sotw", "pxcap"].index)
    assert all(row["description"] for row in rows)
    out = pxcap("script", "list").out
    assert out.splitlines()[0].split() == ["script", "description", "arguments"]


def test_scripts_of_plugins(pxcap: Command, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import px\ndef paths(least: int = 0):\n    return px.DataFrame('http_events')[['req_path']]\n"
    for name in ("pebble/paths", "px/http_data"):
        (tmp_path / "scripts" / name).mkdir(parents=True)
        (tmp_path / "scripts" / name / "it.pxl").write_text(text)

    class Plugin:
        @hookimpl
        def register_scripts(self) -> tuple[Path, ...]:
            return (tmp_path / "scripts",)

    having = load_registry()
    having.register(Plugin(), "pebble", "pxcap-pebble", "0.1.0")
    monkeypatch.setattr(registry, "load_registry", lambda: having)
    done = pxcap("script", "list", "-o", "json")
    assert done.rows[-1] == {"script": "pebble/paths", "description": "", "arguments": "least", "group": "pebble"}
    assert done.err == "pxcap: left out: plugin pebble: script px/http_data: there is already one of pxcap\n"
    assert pxcap("script", "show", "pebble/paths", "--text").out == text
    assert len(pxcap("run", "pebble/paths", "--store", stored, "-o", "json").rows) == HTTP_RECORDS
    assert "--least" in pxcap("run", "pebble/paths", "--help").out


def test_script_show_names_every_argument(pxcap: Command) -> None:
    script = listed(load_registry().protocols)["px/redis_data"]
    done = pxcap("script", "show", "px/redis_data", "-o", "json")
    assert [row["argument"] for row in done.rows] == [one.name for one in script.variables()]
    assert all(row["meaning"] for row in done.rows)
    assert pxcap("script", "show", "px/redis_data").err == f"px/redis_data: {script.summary}\n"


def test_the_text_of_a_script_can_be_had(pxcap: Command) -> None:
    text = pxcap("script", "show", "px/redis_data", "--text").out
    assert text == listed(load_registry().protocols)["px/redis_data"].text
    assert signature_of(text).functions
