"""`pxcap tables` and `pxcap schema`."""

from typing import Annotated

import typer

from pxcap.cli.options import DEFAULT_STORE, Format, OutputOption, StoreOption
from pxcap.cli.output import emit

_UNITS = {"first_time": "ns since epoch", "last_time": "ns since epoch"}


def tables(store: StoreOption = DEFAULT_STORE, output: OutputOption = Format.TABLE) -> None:
    """List the tables of the store with how many records each holds, and of when.

    Example: pxcap tables
    """
    from pxcap.store import open_store

    with open_store(store, create=False) as opened:
        rows = [(one.name, one.rows, one.first_time, one.last_time, one.meaning) for one in opened.tables()]
    emit(("table", "records", "first_time", "last_time", "meaning"), rows, output, _UNITS, ("table", "records"))


def schema(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="As in `pxcap tables`.")],
    store: StoreOption = DEFAULT_STORE,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show every column of a table with its type, unit and meaning.

    Example: pxcap schema http_events
    """
    from pxcap.store import open_store

    with open_store(store, create=False) as opened:
        rows = [(column.name, column.type, column.unit, column.meaning) for column in opened.schema(table)]
    emit(("column", "type", "unit", "meaning"), rows, output)
