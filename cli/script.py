"""`pxcap script`."""

from typing import Annotated

import typer

from pxcap.cli.options import Format, OutputOption
from pxcap.cli.output import emit, notice
from pxcap.cli.scripts import all_scripts, find_script

script_app = typer.Typer(rich_markup_mode=None)


@script_app.callback()
def script() -> None:
    """The scripts that `pxcap run` runs."""


@script_app.command("list")
def list_scripts(output: OutputOption = Format.TABLE) -> None:
    """List the scripts.

    Example: pxcap script list
    """
    rows = [
        (one.name, one.summary, ",".join(argument.name for argument in one.arguments)) for one in all_scripts().values()
    ]
    emit(("script", "description", "arguments"), rows, output, first=("script", "description"))


@script_app.command("show")
def show_script(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in `pxcap script list`.")],
    output: OutputOption = Format.TABLE,
) -> None:
    """Show what a script is for and every argument it takes.

    Example: pxcap script show px/http_data
    """
    chosen = find_script(name)
    if output is Format.TABLE:
        notice(f"{chosen.name}: {chosen.summary}")
    rows = [(argument.name, argument.type, argument.default, argument.meaning) for argument in chosen.arguments]
    emit(("argument", "type", "default", "meaning"), rows, output)
