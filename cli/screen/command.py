"""`pxcap live`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pxcap.cli.options import DEFAULT_STORE, FileOption, NamesOption, ReverseDnsOption, StoreOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pxcap.cli.screen.view import Page


def live(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="As in `pxcap script list`.")] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="-- --ARGUMENT VALUE", help="As in `pxcap run NAME --help`.")
    ] = None,
    file: FileOption = "",
    names: NamesOption = None,
    reverse_dns: ReverseDnsOption = False,
    every: Annotated[str, typer.Option("--every", metavar="TIME", help="How often the script runs again.")] = "2s",
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Run a script again and again, and look at what it shows on the whole screen.

    Keys: arrows or j and k select, Enter opens a record whole, s sorts by the next column, r turns the order round, / shows
    only rows with a text, Tab goes to the next output, q quits.

    Example: pxcap live px/http_data -- --start_time -1m
    """
    from pxcap.cli.arguments import chosen, given
    from pxcap.cli.quantities import duration
    from pxcap.cli.screen.loop import check_terminal, clock, watch
    from pxcap.cli.screen.view import View, page_of
    from pxcap.core.registry import load_registry
    from pxcap.scripts.reverse import ReverseDns
    from pxcap.scripts.run import run_script
    from pxcap.scripts.values import time_text
    from pxcap.store import open_store

    check_terminal()
    registry = load_registry()
    script, words = chosen(name, arguments or (), file, registry)
    values = given(script, words)
    seconds = duration(every, "--every")
    dns = ReverseDns() if reverse_dns else None

    def load() -> "tuple[Sequence[Page], str]":
        with open_store(store, create=False) as opened:
            running = run_script(script, values, opened, registry.tables(), names, dns=dns)
            pages = [page_of(one) for one in running.outputs]
        said = [f"{clock()}", *(f"--{one} {value}" for one, value in running.chosen.items())]
        said += [f"{tables} until {time_text(now)}" for tables, now in running.moved.items()]
        said += [f"not shown: {one.name}: {one.error}" for one in running.refused]
        return pages, "  ".join(said)

    watch(View(script.name), load, seconds)
