"""pxcap script list and show."""

from tests.cli.conftest import Command

from pxcap.cli.scripts import all_scripts


def test_script_list_names_every_script(pxcap: Command) -> None:
    assert [row["script"] for row in pxcap("script", "list", "-o", "json").rows] == list(all_scripts())


def test_script_show_names_every_argument(pxcap: Command) -> None:
    done = pxcap("script", "show", "px/redis_data", "-o", "json")
    assert [row["argument"] for row in done.rows] == [
        argument.name for argument in all_scripts()["px/redis_data"].arguments
    ]
    assert all(row["meaning"] for row in done.rows)
    assert pxcap("script", "show", "px/redis_data").err == "px/redis_data: Redis commands and their replies.\n"
