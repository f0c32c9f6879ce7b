"""`pxcap verify`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pxcap.cli.errors import FAILED
from pxcap.cli.options import Format, OutputOption
from pxcap.cli.output import emit, notice
from pxcap.core.errors import UsageError

if TYPE_CHECKING:
    from pxcap.cli.second import Finding, Verification

COLUMNS = (
    *("capture", "protocol", "client", "server", "kind", "what", "field", "pxcap", "tshark", "explained"),
)  # fmt: skip


class Peer(StrEnum):
    """Programs whose opinion can be asked."""

    TSHARK = "tshark"


def verify(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="pcap or pcapng; also .gz and .zst.")],
    against: Annotated[
        Peer, typer.Option("--against", metavar="tshark", help="The program to compare with; it must be installed.")
    ],
    explained: Annotated[
        list[Path] | None,
        typer.Option(
            "--explained",
            metavar="LIST",
            help="Differences that are known, each with its reason; repeatable. A tshark-differs.txt beside FILE is always read.",
        ),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Read captures with another program too, and show, transaction by transaction, where it and pxcap differ.

    Prints the differences, and on standard error for each protocol how many transactions both found, how many are the same and
    how many are not. Nothing is stored. Exit status 1 when a difference is not explained.

    Example: pxcap verify trace.pcap --against tshark
    """
    from pxcap.cli.explained import stale
    from pxcap.cli.second import Verifier
    from pxcap.cli.tshark import find_tshark

    find_tshark()
    for file in files:
        if file == "-":
            raise UsageError("standard input cannot be read twice", "save it to a file first")
    verifier = Verifier(explained or ())
    result = verifier.verify(files)
    emit(COLUMNS, map(_row, result.findings), output)
    _print_summary(result)
    for entry in stale(result.explanations, result.used, files):
        notice(f"pxcap: warning: {entry} explains nothing any more")
    if any(not finding.explained for finding in result.findings):
        raise typer.Exit(FAILED)


def _row(finding: "Finding") -> tuple[str, ...]:
    one = finding.difference
    kind = one.kind.replace("peer", Peer.TSHARK)
    return (
        *(finding.capture, finding.protocol, finding.client, finding.server),
        *(kind, one.what, one.field, one.pxcap, one.peer, finding.explained),
    )


def _print_summary(result: "Verification") -> None:
    for protocol, tally in sorted(result.tallies.items()):
        known = sum(bool(one.explained) for one in result.findings if one.protocol == protocol)
        notice(
            f"{protocol}: pxcap {tally.pxcap}, tshark {tally.peer}: {tally.same} same, {tally.differ} differ, "
            f"{tally.only_pxcap} only pxcap, {tally.only_peer} only tshark" + (f"; {known} explained" if known else "")
        )
    for line in result.notes:
        notice(line)
