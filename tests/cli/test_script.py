"""pxcap script list and show."""

from tests.cli.conftest import Command

from pxcap.core.registry import load_registry
from pxcap.scripts.language import signature_of
from pxcap.scripts.shelf import listed


def test_script_list_names_every_script_by_groups(pxcap: Command) -> None:
    rows = pxcap("script", "list", "-o", "json").rows
    assert sorted(row["script"] for row in rows) == list(listed(load_registry().protocols))
    groups = [row["group"] for row in rows]
    assert groups == sorted(groups, key=["px", "pxbeta", "sotw", "pxcap", "plugins"].index)
    assert all(row["description"] for row in rows)
    out = pxcap("script", "list").out
    assert out.splitlines()[0].split() == ["script", "description", "arguments"]


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
