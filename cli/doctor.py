"""`pxcap doctor`."""

import typer

from pxcap.cli.options import DEFAULT_STORE, Format, OutputOption, StoreOption
from pxcap.cli.output import emit, notice


def doctor(store: StoreOption = DEFAULT_STORE, output: OutputOption = Format.TABLE) -> None:
    """Show what this machine can and cannot do, and the command that mends each.

    The status is 1 when something is missing that replay needs. What only live capture needs is shown, but does not count.

    Example: pxcap doctor
    """
    from pxcap.cli.checks import MISSING, REPLAY, run_checks

    checks = run_checks(store)
    columns = ("check", "status", "needed_for", "found", "fix")
    emit(columns, [(c.name, c.status, c.needed_for, c.found, c.fix) for c in checks], output, first=columns)
    broken = [check.name for check in checks if check.status == MISSING and check.needed_for == REPLAY]
    if broken:
        notice(f"replay cannot work here yet: {', '.join(broken)}")
        raise typer.Exit(1)
