"""`pxcap run`."""

from typing import Annotated

import typer

from pxcap.cli.options import DEFAULT_STORE, Format, OutputOption, StoreOption
from pxcap.cli.output import emit, notice
from pxcap.cli.scripts import find_script, limit_of, parameters, parse_arguments


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in `pxcap script list`.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="-- --ARGUMENT VALUE", help="As in `pxcap script show NAME`.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    output: OutputOption = Format.TABLE,
) -> None:
    """Run a script over the store. What the script takes stands behind `--`.

    Records come oldest first. A relative start_time such as -5m counts back from the newest record stored, so that a
    capture of last year shows its last five minutes. Times in tables are UTC.

    Example: pxcap run px/http_data -- --max_num_records 20
    """
    from pxcap.cli.units import units_of
    from pxcap.store import open_store

    script = find_script(name)
    values = parse_arguments(script, arguments or ())
    with open_store(store, create=False) as opened, opened.query(script.sql, parameters(values)) as result:
        rows = list(result.rows)
        limit = limit_of(values)
        more = 0 < limit < len(rows)
        emit(
            result.columns,
            rows[-limit:] if more else rows,
            output,
            units_of(opened) if output is Format.TABLE else {},
            script.first,
        )
    if more:
        notice(f"the newest {limit} are shown; -- --max_num_records 0 shows all")
    elif not rows:
        notice("nothing to show")
