"""`pxcap plugin`."""

import typer

from pxcap.cli.options import Format, OutputOption
from pxcap.cli.output import emit

plugin_app = typer.Typer(rich_markup_mode=None)


@plugin_app.callback()
def plugin() -> None:
    """The protocol plugins."""


@plugin_app.command("list")
def list_plugins(output: OutputOption = Format.TABLE) -> None:
    """List the installed plugins: where each comes from, which protocols it reads, and why a broken one is left out.

    Example: pxcap plugin list
    """
    from pxcap.core.registry import load_registry

    rows = [
        (plugin.name, plugin.distribution, plugin.version, ",".join(plugin.protocols), plugin.error)
        for plugin in load_registry().plugins
    ]
    emit(("plugin", "distribution", "version", "protocols", "error"), rows, output)
