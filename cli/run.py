"""`pxcap run`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pxcap.cli.errors import FAILED
from pxcap.cli.options import DEFAULT_STORE, FileOption, NamesOption, ReverseDnsOption, ScriptFormat, StoreOption
from pxcap.cli.output import notice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pxcap.scripts.language import Refused


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="As in `pxcap script list`.")] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="-- --ARGUMENT VALUE", help="As in `pxcap run NAME --help`.")
    ] = None,
    file: FileOption = "",
    names: NamesOption = None,
    reverse_dns: ReverseDnsOption = False,
    store: StoreOption = DEFAULT_STORE,
    output: Annotated[
        ScriptFormat,
        typer.Option("--output", "-o", help="As everywhere; dot (Graphviz) and mermaid are for flow graphs."),
    ] = ScriptFormat.TABLE,
    help_: Annotated[
        bool, typer.Option("--help", "-h", help="Show this; after NAME or -f FILE what the script takes.")
    ] = False,
) -> None:
    """Run a script over the store. What the script takes stands behind `--`.

    Each frame that the script displays is printed; on a terminal time series, histograms and graphs are drawn. A relative
    start_time such as -5m counts back from the newest record stored, so that a capture of last year shows its last five
    minutes. Times in tables are UTC.

    Example: pxcap run px/http_data -- --num_head 20

    Example: pxcap run px/http_data --help
    """
    from pxcap.cli.arguments import chosen, given, help_text
    from pxcap.core.registry import load_registry

    if help_ and name is None and not file:
        print(context.get_help())
        return
    registry = load_registry()
    script, words = chosen(name, arguments or (), file, registry)
    if help_ or list(words) == ["--help"]:
        print(help_text(script), end="")
        return
    values = given(script, words)
    from pxcap.cli.drawing.outputs import show
    from pxcap.scripts.reverse import ReverseDns
    from pxcap.scripts.run import run_script
    from pxcap.store import open_store

    with open_store(store, create=False) as opened:
        running = run_script(
            script, values, opened, registry.tables(), names, dns=ReverseDns() if reverse_dns else None
        )
        tell_chosen(running.chosen)
        tell_moved(running.moved)
        shown = show(running.outputs, output, script.name)
    sys.stdout.flush()
    for one in running.refused:
        notice(refusal(one))
    if not shown and running.refused:
        raise typer.Exit(FAILED)


def tell_chosen(chosen: "Mapping[str, str]") -> None:
    """Say on standard error what stands for arguments that were not given."""
    for name, value in chosen.items():
        notice(f"pxcap: --{name} was not given: {value}, the busiest")


def tell_moved(moved: "Mapping[str, int]") -> None:
    """Say on standard error what times count from where the newest record of the store is too late for a table."""
    from pxcap.scripts.values import time_text

    for tables, now in moved.items():
        notice(f"pxcap: {tables} had nothing that late: times count from the newest there, {time_text(now)}")


def refusal(one: "Refused") -> str:
    """A line about an output that cannot be given."""
    return f"pxcap: not shown: {one.name}: {one.error}"
