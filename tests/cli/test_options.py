"""Options that several commands share mean the same everywhere."""

from typing import Any

import pytest

from pxcap.cli.options import run_options
from pxcap.cli.reference import commands
from pxcap.core.errors import UsageError
from pxcap.core.pipeline import Options
from pxcap.core.protocol import Settings
from pxcap.core.registry import load_registry

COMMANDS = {" ".join(path): command for path, command in commands()}


def option(command: Any, name: str) -> Any:
    return next((one for one in command.params if name in one.opts), None)


RESULTS = {name: command for name, command in COMMANDS.items() if name != "pxcap live"}  # which is a screen


@pytest.mark.parametrize("command", RESULTS.values(), ids=RESULTS.keys())
def test_every_result_can_be_had_in_every_format(command: Any) -> None:
    found = option(command, "--output")
    assert found.opts == ["--output", "-o"]
    assert found.default == "table"


@pytest.mark.parametrize("name", ["replay", "capture", "run", "live", "tables", "schema", "sql", "doctor"])
def test_every_command_that_touches_a_store_takes_one(name: str) -> None:
    found = option(COMMANDS[f"pxcap {name}"], "--store")
    assert (found.envvar, found.default) == ("PXCAP_STORE", "sqlite:///pxcap.db")


def test_what_a_run_is_asked_for() -> None:
    options = run_options(load_registry(), "http, dns,", ["8080=http", "5300=dns"], 100, None, True)
    assert options == Options(Settings(100, redact=False), frozenset({"http", "dns"}), {8080: "http", 5300: "dns"})
    assert run_options(load_registry(), "", None, 65536, None, False) == Options()


@pytest.mark.parametrize("given", ["http", "=http", "0=http", "65536=http", "x=http", "-1=http", "٣=http"])
def test_no_port_to_decode(given: str) -> None:
    with pytest.raises(UsageError, match="expected PORT=PROTOCOL"):
        run_options(load_registry(), "", [given], 100, None, False)


@pytest.mark.parametrize(("only", "decode_as"), [("morse", None), ("", ["80=morse"])])
def test_a_protocol_that_is_not_installed(only: str, decode_as: list[str] | None) -> None:
    with pytest.raises(UsageError, match="unknown protocol 'morse'"):
        run_options(load_registry(), only, decode_as, 100, None, False)
