"""Prints docs/reference.md from the commands' own help: `python -m pxcap.cli.reference > docs/reference.md`.

The texts are those that `--help` shows; only their layout is made here, as typer's changes between its versions.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from pxcap.cli.main import app

HEAD = """# Commands

Made by `python -m pxcap.cli.reference > docs/reference.md` from what `--help` shows; a test fails when it is stale.

Results go to standard output, everything else (progress, warnings, counts of what was lost) to standard error. The exit
status is 0 when done, 1 when something failed, 2 when the command was misused, 130 when it was interrupted."""


def reference() -> str:
    """The page as Markdown: for each command its usage, its text, its arguments and options."""
    lines = [HEAD]
    for path, command in commands():
        lines += ["", f"## {' '.join(path)}", "", *_about(path, command)]
    return "\n".join(lines) + "\n"


def commands() -> list[tuple[tuple[str, ...], Any]]:
    """Every command but the groups, with the words that call it."""
    return list(_walk(("pxcap",), typer.main.get_command(app)))


def _walk(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    parts = getattr(command, "commands", None)
    if parts is None:
        yield path, command
        return
    for name, part in parts.items():
        yield from _walk((*path, name), part)


def _about(path: tuple[str, ...], command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    yield "```text"
    yield " ".join([*path, "[OPTIONS]", *map(_usage, arguments)])
    yield "```"
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield ""
        text = " ".join(paragraph.split())
        yield text if not text.startswith("Example: ") else f"Example: `{text.removeprefix('Example: ')}`"
    yield ""
    for argument in arguments:
        yield f"- `{_usage(argument)}`: {argument.help}"
    for option in options:
        metavar = "" if option.is_flag else f" {option.metavar or '|'.join(_choices(option))}"
        yield f"- `{', '.join(reversed(option.opts))}{metavar}`: {' '.join(option.help.split())}{_extra(option)}"


def _usage(argument: Any) -> str:
    text = str(argument.metavar) + ("..." if argument.nargs == -1 else "")
    return text if argument.required else f"[{text}]"


def _choices(option: Any) -> list[str]:
    default = option.default
    return [str(one.value) for one in type(default)] if hasattr(type(default), "__members__") else []


def _extra(option: Any) -> str:
    default = getattr(option.default, "value", option.default)
    shown = [f"default `{default}`"] if default not in (None, "", False, []) else []
    return "".join(f" ({one})" for one in [*shown, *([f"environment `{option.envvar}`"] if option.envvar else [])])


if __name__ == "__main__":
    print(reference(), end="")
