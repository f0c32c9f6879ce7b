"""`pxcap sql`."""

from itertools import islice
from typing import Annotated

import typer

from pxcap.cli.options import DEFAULT_STORE, Format, OutputOption, StoreOption
from pxcap.cli.output import emit, notice

ROWS_IN_TABLE = 1000  # more than a person reads; a table must be held whole to be aligned


def sql(
    query: Annotated[str, typer.Argument(metavar="SELECT", help="One statement, in quotes; it can only read.")],
    store: StoreOption = DEFAULT_STORE,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=0,
            metavar="ROWS",
            help=f"Print at most so many, 0 for all.  [default: {ROWS_IN_TABLE} in a table, else all]",
        ),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Run a read-only SQL query on the store.

    Times are nanoseconds since the epoch (UTC), durations nanoseconds, sizes bytes; a table shows them in units.

    Example: pxcap sql "SELECT req_path, count(*) FROM http_events GROUP BY 1"
    """
    from pxcap.scripts.units import units_of
    from pxcap.store import open_store

    most = (ROWS_IN_TABLE if output is Format.TABLE else 0) if limit is None else limit
    with open_store(store, create=False) as opened, opened.query(query) as result:
        rows = islice(result.rows, most) if most else result.rows
        emit(result.columns, rows, output, units_of(opened) if output is Format.TABLE else {})
        if most and next(result.rows, None) is not None:
            notice(f"the first {most} rows are shown; --limit 0 shows all")
