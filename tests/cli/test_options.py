"""Options that several commands share mean the same everywhere."""

from typing import Any

import pytest

from pxcap.cli.reference import commands

COMMANDS = {" ".join(path): command for path, command in commands()}


def option(command: Any, name: str) -> Any:
    return next((one for one in command.params if name in one.opts), None)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_result_can_be_had_in_every_format(command: Any) -> None:
    found = option(command, "--output")
    assert found.opts == ["--output", "-o"]
    assert found.default == "table"


@pytest.mark.parametrize("name", ["replay", "run", "tables", "schema", "sql", "doctor"])
def test_every_command_that_touches_a_store_takes_one(name: str) -> None:
    found = option(COMMANDS[f"pxcap {name}"], "--store")
    assert (found.envvar, found.default) == ("PXCAP_STORE", "sqlite:///pxcap.db")
