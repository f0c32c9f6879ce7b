"""`python -m tests.inference [WORD]`: the score card of recognition, over captures whose name holds the word.

Exit status 1 when a connection is taken for what it is not, or is not recognised without a reason on a list.
"""

import sys

from rich.console import Console
from rich.table import Table
from tests.inference import expect
from tests.inference.matrix import MATRICES, Card, Judge


def main(word: str = "") -> int:
    """Print the card; returns the exit status."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    judge, total = Judge(), Card()
    for name, path in expect.all_captures().items():
        if word in name:
            total.add(judge.card(name, path))
    for kind, title in MATRICES.items():
        console.print(f"\nTaken for, {title}", style="bold", soft_wrap=True)
        console.print(_matrix(total, kind))
        if total.turned[kind]:
            console.print(f"client and server mistaken for each other: {total.turned[kind]}")
    stale = [] if word else judge.stale(total)
    lines = [*total.confused, *total.unrecognised, *(f"no longer needed: {line}" for line in stale)]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{len(total.seen)} captures, {total.counts.total()} connections played: {len(total.confused)} confused; "
        f"unrecognised: {total.nothing_left} with no answered request left, {total.excused} for a listed reason, "
        f"{len(total.unrecognised)} without a reason",
        soft_wrap=True,
    )
    return 1 if lines else 0


def _matrix(card: Card, kind: tuple[str, bool]) -> Table:
    counts = {(wanted, said): count for (one, wanted, said), count in card.counts.items() if one == kind}
    rows = sorted({wanted for wanted, _ in counts}, key=lambda name: (not name, name))
    columns = sorted({said for _, said in counts} | set(rows), key=lambda name: (not name, name))
    table = Table("is", *(name or "unrecognised" for name in columns))
    for column in table.columns[1:]:
        column.justify = "right"
    for wanted in rows:
        table.add_row(wanted or "none of ours", *(str(counts.get((wanted, said), "·")) for said in columns))
    return table


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
