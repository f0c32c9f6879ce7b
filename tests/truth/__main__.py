"""`python -m tests.truth [WORD]`: the table of every capture with ground truth (whose name holds the word).

Exit status 1 when anything is not as the truth has it.
"""

import sys

from rich.console import Console
from tests.truth import captures, table
from tests.truth.found import FOLDERS


def main(word: str = "") -> int:
    """Print the table; returns the exit status."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    paths = [path for path in captures.find(FOLDERS) if word in str(path)]
    if not paths:
        console.print(captures.WHY_SKIPPED, markup=False)
        return 0
    results = [table.check(captures.load(path)) for path in paths]
    table.show(results, console, problems=1000 if word else 5)
    return 1 if any(result.problems for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
