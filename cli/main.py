"""The `pxcap` command: its sub-commands, and the one place where errors become lines and exit status."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from pxcap.cli.capture import capture
from pxcap.cli.doctor import doctor
from pxcap.cli.errors import DONE, ready_stdout, report
from pxcap.cli.plugin import plugin_app
from pxcap.cli.replay import replay
from pxcap.cli.run import run
from pxcap.cli.screen.command import live
from pxcap.cli.script import script_app
from pxcap.cli.sql import sql
from pxcap.cli.tables import schema, tables
from pxcap.cli.verify import verify
from pxcap.core.collection import rare_collection

app = typer.Typer(
    name="pxcap",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command in (replay, capture, run, live, tables, schema, sql, verify, doctor):
    app.command(add_help_option=command is not run)(command)  # that of run is also about the script
app.add_typer(script_app, name="script")
app.add_typer(plugin_app, name="plugin")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"pxcap {version('pxcap')}")
        raise typer.Exit


@app.callback()
def pxcap(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """See every request your services make to each other, with no change to their code.

    Start with: pxcap replay trace.pcap, then: pxcap run px/http_data
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: What follows `pxcap` on the command line; None takes it from the process.

    Returns:
        The exit status: 0 done, 1 failed, 2 misused, 130 interrupted. Nothing is raised.
    """
    # numpy's linear algebra is not used: starting its threads takes as long as loading the rest of numpy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    ready_stdout()
    try:
        with rare_collection():
            command = typer.main.get_command(app)
            status = command.main(args=arguments, prog_name="pxcap", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as exit_:  # a reader of our output that has gone
        return exit_.code if isinstance(exit_.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - the one place where an error becomes text
        return report(error)
    return status if isinstance(status, int) else DONE


if __name__ == "__main__":
    sys.exit(main())
