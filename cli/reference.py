"""Prints docs/reference.md from the commands' own help: `python -m pxcap.cli.reference > docs/reference.md`."""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout

from pxcap.cli.main import main

COMMANDS: tuple[tuple[str, ...], ...] = (
    (),
    ("replay",),
    ("run",),
    ("script",),
    ("script", "list"),
    ("script", "show"),
    ("tables",),
    ("schema",),
    ("sql",),
    ("plugin",),
    ("plugin", "list"),
    ("doctor",),
)


def reference() -> str:
    """The page as Markdown: one heading and one help text a command, 100 columns wide on any terminal."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Made from `--help` by `python -m pxcap.cli.reference > docs/reference.md`; a test fails when it is stale."
    for command in COMMANDS:
        yield ""
        yield f"## {' '.join(('pxcap', *command))}"
        yield ""
        yield "```text"
        yield help_of(command)
        yield "```"


def help_of(command: tuple[str, ...]) -> str:
    """What `pxcap COMMAND --help` prints."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    text = io.StringIO()
    try:
        with redirect_stdout(text):
            main([*command, "--help"])
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return text.getvalue().strip()


if __name__ == "__main__":
    print(reference(), end="")
