"""`pxcap script`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pxcap.cli.options import Format, OutputOption
from pxcap.cli.output import emit, notice

if TYPE_CHECKING:
    from pxcap.core.registry import Registry
    from pxcap.scripts.shelf import Script

script_app = typer.Typer(rich_markup_mode=None)

_GROUPS = ("px", "pxbeta", "sotw", "pxcap")


@script_app.callback()
def script() -> None:
    """The scripts that `pxcap run` runs."""


@script_app.command("list")
def list_scripts(output: OutputOption = Format.TABLE) -> None:
    """List the scripts by groups: Pixie's names, ours, and for each plugin those it gives or that are made for its protocols.

    Example: pxcap script list
    """
    from pxcap.core.registry import load_registry
    from pxcap.scripts import functions
    from pxcap.scripts.shelf import given, listed

    registry = load_registry()
    theirs, faults = given(registry)
    made = _made(registry)
    rows = [(one, _group(one, made)) for one in listed(registry.protocols, theirs).values()]
    rows.sort(key=lambda row: (_GROUPS.index(row[1]), "") if row[1] in _GROUPS else (len(_GROUPS), row[1]))
    columns = ("script", "description", "arguments")
    emit(
        columns if output is Format.TABLE else (*columns, "group"),
        [_row(one) if output is Format.TABLE else (*_row(one), group) for one, group in rows],
        output,
        first=columns,
    )
    for fault in (*faults, *functions.faults()):
        notice(f"pxcap: left out: {fault}")


@script_app.command("show")
def show_script(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in `pxcap script list`.")],
    text: Annotated[bool, typer.Option("--text", help="Print the script itself, to begin your own with.")] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show what a script is for and every argument it takes.

    Example: pxcap script show px/http_data

    Example: pxcap script show px/http_data --text
    """
    from pxcap.cli.arguments import kind, meaning
    from pxcap.core.registry import load_registry
    from pxcap.scripts.shelf import find, given

    registry = load_registry()
    chosen = find(name, registry.protocols, given(registry)[0])
    if text:
        print(chosen.text, end="" if chosen.text.endswith("\n") else "\n")
        return
    if output is Format.TABLE:
        notice(f"{chosen.name}: {chosen.summary}")
    rows = [(one.name, kind(one), one.default, meaning(one)) for one in chosen.variables()]
    emit(("argument", "type", "default", "meaning"), rows, output)


def _row(one: "Script") -> tuple[str, str, str]:
    return one.name, one.summary, ",".join(variable.name for variable in one.variables())


def _made(registry: "Registry") -> dict[str, str]:
    """The scripts that are made for protocols of others' plugins: the plugin's name by theirs."""
    theirs = [plugin for plugin in registry.plugins if plugin.distribution != "pxcap"]
    return {f"px/{protocol}_data": plugin.name for plugin in theirs for protocol in plugin.protocols}


def _group(one: "Script", made: dict[str, str]) -> str:
    return one.plugin or made.get(one.name) or one.name.partition("/")[0]
